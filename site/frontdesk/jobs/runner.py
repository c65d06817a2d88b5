"""The process that runs jobs: a server's own thread by default, or `flask worker`.

huey carries the ids, in a SQLite file of its own. Nothing is opened before a fork.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import threading
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from socket import gethostname
from typing import TYPE_CHECKING

from flask import Flask
from structlog.contextvars import bound_contextvars

from frontdesk import jobs, locks, logs
from frontdesk.db import now, reading
from frontdesk.jobs import run

if TYPE_CHECKING:
    from huey import Huey
    from huey.consumer import Consumer

THREADS = 2
FIRST_REQUESTS = 1  # seconds that they are left alone after the start
PATIENCE = 1.5  # seconds that a stop waits for jobs; those that take longer are found again
PATIENCE_ALONE = 30  # the same of `flask worker`
HEALTH = 10
EVERY_SECONDS = 0.5  # how often a thread without work looks for some

_lines = logging.getLogger(__name__)


class Runner:
    """Takes ids of jobs, and sees to it that somebody does them."""

    def __init__(self, app: Flask) -> None:
        self.app, self.folder = app, Path(app.instance_path, "jobs")
        self._keeper: threading.Thread | None = None
        self._stop, self._works = threading.Event(), threading.Event()
        self._once = threading.Lock()

    # For who asks

    def tell(self, id: int) -> None:
        """Say that a job waits. If nobody hears it, it is found within a minute."""
        if self.app.testing:
            with self.app.app_context():
                run.run(id, "here:at-once")
            return
        try:
            self._enqueue(id, logs.asked_by())
        except (OSError, sqlite3.Error) as error:
            _lines.warning("A job waits for the next look", exc_info=error)

    # For who runs them

    def embed(self) -> None:
        """Run jobs in this process, if no other of this server does; go on when that one ends."""
        if self._keeper is None:
            with self._once:
                if self._keeper is None:
                    self._keeper = threading.Thread(target=self._keep, name="jobs", daemon=True)
                    self._keeper.start()

    def stop(self) -> None:
        """Begin no more jobs, and give those that run a moment."""
        self._stop.set()
        if self._keeper and self._works.is_set():
            self._keeper.join(PATIENCE + 0.5)

    def work(self, threads: int = THREADS) -> None:
        """Run jobs in this process until it is told to stop: what `flask worker` does."""
        self._consumer(threads, PATIENCE_ALONE).run()

    def look(self) -> None:
        """Find what is lost or due, and what each day brings; a minute passes until the next."""
        with self.app.app_context(), reading():
            self._ask_for_today()
            lost = run.find_lost(self._is_dead)
            waiting = run.due()
        # Those that were lost are in no queue; of the others some may be in it still.
        is_empty = self.app.testing or not self._queue.pending_count()
        for id in waiting if is_empty else lost:
            self.tell(id)

    def _ask_for_today(self) -> None:
        today = now().date().isoformat()
        for kind in [name for name, kind in run.KINDS.items() if kind.daily]:
            if jobs.state(kind, today) is None:
                jobs.ask(kind, today)

    def _keep(self) -> None:
        if self._stop.wait(FIRST_REQUESTS):
            return
        self.folder.mkdir(mode=0o700, exist_ok=True)
        # Another worker of this server may run them: then this waits until that one ends.
        with locks.alone(self.folder / "embedded"):
            if self._stop.is_set():
                return
            consumer = self._consumer(THREADS, PATIENCE)
            consumer._set_signal_handlers = lambda: None  # they are the server's
            consumer.start()
            self._works.set()
            while not self._stop.wait(HEALTH):
                consumer.check_worker_health()
            consumer.stop(graceful=True)

    def _consumer(self, threads: int, patience: float) -> Consumer:
        from huey.consumer import Consumer

        queue, _ = self._queue, self._name  # made here, not by two threads at once
        return Consumer(
            queue,
            workers=threads,
            max_delay=EVERY_SECONDS,
            scheduler_interval=5,
            shutdown_timeout=patience,
            graceful_signal="TERM",
        )

    # The queue

    @cached_property
    def _queue(self) -> Huey:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        path = self.folder / "queue.db"
        path.touch(mode=0o600)
        try:
            return self._opened(path)
        except sqlite3.DatabaseError:  # whatever stood in it stands in our database too
            for part in self.folder.glob("queue.db*"):
                part.unlink(missing_ok=True)
            return self._opened(path)

    def _opened(self, path: Path) -> Huey:
        from huey import SqliteHuey  # takes a twentieth of a second that no start should wait for

        queue = SqliteHuey("frontdesk", filename=str(path), results=False)
        self._run = queue.task(name="run")(self._do)
        queue.periodic_task(lambda at: True, name="look")(self.look)
        return queue

    def _enqueue(self, id: int, asked_by: str) -> None:
        if self._queue is not None:
            self._run(id, asked_by)

    def _do(self, id: int, asked_by: str = "") -> None:
        """Its lines carry the id of the request that asked for it, if that is known."""
        with self.app.app_context(), bound_contextvars(request_id=asked_by):
            with reading():
                for prepare in self.app.extensions.get("before each job", ()):
                    prepare()
            run.run(id, self._name)

    # Who is alive

    @cached_property
    def _name(self) -> str:
        """This process, for others to see whether it lives: a file of that name is locked."""
        name, draft = token_hex(8), self.folder / f".{token_hex(8)}"
        self._alive = os.open(draft, locks.OPEN, 0o600)
        fcntl.flock(self._alive, fcntl.LOCK_EX)
        draft.rename(self.folder / f"runner-{name}")
        for other in self.folder.glob("runner-*"):
            self._is_dead(f"{gethostname()}:{other.name.removeprefix('runner-')}")
        return f"{gethostname()}:{name}"

    def _is_dead(self, runner: str) -> bool:
        """Whether a process of this machine has gone; of others nobody knows."""
        host, _, name = runner.rpartition(":")
        if host != gethostname():
            return False
        path = self.folder / f"runner-{name}"
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
            return True
        except BlockingIOError:
            return False
        finally:
            os.close(file)
