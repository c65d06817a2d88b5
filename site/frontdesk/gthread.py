"""How gunicorn's threads meet slow visitors: none of them waits for a head, or for a goodbye.

gunicorn's own gthread reads a head in one of its threads, as long as it takes: 128 visitors who
never finish theirs take the whole site. And after an answer it waits up to two seconds, in the one
loop that accepts everybody, for the visitor to hang up. Here that loop does both by polling.
"""

from __future__ import annotations

import re
import select
import selectors
import socket
import time
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn import http
from gunicorn.workers.gthread import TConn, ThreadWorker

HEAD_WITHIN = 15.0  # seconds, as nginx and Apache are told
GOODBYE_WITHIN = 2.0
REST_WITHIN = 0.1  # of a body that nobody has read
MOST_DROPPED = 65_536  # bytes of a visitor who goes on talking
LARGEST_HEAD = 128 * 1024  # more is given to gunicorn, which knows its limits
BLOCK = 8_192
EMPTY = re.compile(rb"\n\r?\n")


class Worker(ThreadWorker):
    """gthread, but that a thread is taken when a head is whole."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.heads: dict[TConn, float] = {}
        self.goodbyes: dict[TConn, tuple[float, int]] = {}

    def enqueue_req(self, conn: TConn) -> None:
        """Whoever is new, or has something to say again."""
        if self.cfg.is_ssl:  # not how we serve: TLS is the front server's
            super().enqueue_req(conn)
            return
        if conn.parser is None:
            conn.parser = http.get_parser(self.cfg, conn.sock, conn.client)
        conn.initialized = conn.data_ready = True
        conn.sock.setblocking(False)
        self.heads[conn] = time.monotonic() + HEAD_WITHIN
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_head, conn))
        self._on_head(conn)

    def _on_head(self, conn: TConn, _line: socket.socket | None = None) -> None:
        """Take what is there; with the whole head, a thread goes on."""
        is_there = True
        with suppress(BlockingIOError):
            while is_there and not _is_whole(conn):
                is_there = self._take(conn)
        if is_there and not _is_whole(conn):
            return
        del self.heads[conn]
        self.poller.unregister(conn.sock)
        if not _is_whole(conn):  # whoever has gone in the middle of it
            self._let_go(conn)
            return
        conn.sock.setblocking(True)
        super().enqueue_req(conn)

    def _take(self, conn: TConn) -> bool:
        try:
            block = conn.sock.recv(BLOCK)
        except BlockingIOError:
            raise
        except OSError:
            return False
        conn.parser.unreader.buf.seek(0, 2)
        conn.parser.unreader.buf.write(block)
        return bool(block)

    def set_accept_enabled(self, enabled: bool) -> None:
        """At the end of a worker: who came already is served, and who comes later is refused.

        gunicorn's own leaves the door open meanwhile: who comes waits for seconds, and is cut off.
        """
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                self._take_the_waiting(listener)
                listener.close()

    def _take_the_waiting(self, listener: socket.socket) -> None:
        waiting = select.poll()
        waiting.register(listener, select.POLLIN)
        while self.nr_conns < self.worker_connections and waiting.poll(0):
            self.accept(listener)

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        """No thread waits for a body that nobody has read: if it isn't there, its line ends."""
        until = time.monotonic() + REST_WITHIN
        return bool(keepalive and conn.parser.finish_body(deadline=until))

    def finish_request(self, conn: TConn, done: Future[Any]) -> None:
        """Let go of a line that is not kept, without waiting for its other end."""
        if done.cancelled() or done.exception() or done.result():
            super().finish_request(conn, done)
            return
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.goodbyes[conn] = (time.monotonic() + GOODBYE_WITHIN, MOST_DROPPED)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_rest, conn))
        except (OSError, ValueError):
            self.goodbyes.pop(conn, None)
            self._let_go(conn)

    def _on_rest(self, conn: TConn, line: socket.socket) -> None:
        """Drop what comes after the answer: closed with it unread, the answer might be lost."""
        until, left = self.goodbyes[conn]
        try:
            got = len(line.recv(BLOCK))
        except BlockingIOError:
            return
        except OSError:
            got = 0
        self.goodbyes[conn] = (until, left - got)
        if not got or got >= left:
            del self.goodbyes[conn]
            self.poller.unregister(line)
            self._let_go(conn)

    def murder_pending(self) -> None:
        """Close what took too long; the loop calls this about once a second."""
        super().murder_pending()
        now = time.monotonic()
        late = [conn for conn, until in self.heads.items() if until < now]
        late += [conn for conn, (until, _) in self.goodbyes.items() if until < now]
        for conn in late:
            self.heads.pop(conn, None)
            self.goodbyes.pop(conn, None)
            self.poller.unregister(conn.sock)
            self._let_go(conn)

    def _let_go(self, conn: TConn) -> None:
        self.nr_conns -= 1
        conn.close()


def _is_whole(conn: TConn) -> bool:
    """Whether a thread has something to read: an empty line is there, or too much for a head."""
    said = conn.parser.unreader.buf.getvalue()
    if len(said) < LARGEST_HEAD or EMPTY.search(said):
        return bool(EMPTY.search(said))
    with suppress(OSError):
        conn.sock.shutdown(socket.SHUT_RD)  # it says no to this, and waits for nothing more
    return True
