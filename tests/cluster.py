"""A PostgreSQL of our own: programs, a folder with its data, and a process that may be ended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

PROGRAMS = "lib/postgresql/*/bin"
USER = "frontdesk"  # makes databases, and is no superuser: as in docs/deploying.md
PATIENCE = 30
# A letter's place in English, not its byte: what relies on bytes must say so, or fails here.
SORTED = ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
# Nothing has to outlive a power cut; the rest keeps two slow cores to the tests.
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_connections": "300",
    "max_wal_size": "4GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "log_min_messages": "fatal",
}


class Cluster:
    """It listens at a socket in ``folder`` only; what it says stands there, too."""

    def __init__(self, folder: Path, **options: str) -> None:
        self.folder, self.programs, self.options = folder, programs(), OPTIONS | options
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://{USER}@/postgres?host={self.folder}"

    def make(self) -> None:
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        initdb = [self.programs / "initdb", "--pgdata", self.folder / "data", "--auth=trust"]
        initdb += ["--no-sync", "--no-instructions", "--username=postgres"]
        subprocess.run(
            [*_as_user(), *initdb, *SORTED],
            check=True, stdout=subprocess.DEVNULL, cwd=self.folder,
        )  # fmt: skip

    def start(self) -> None:
        """It takes connections when this returns."""
        given = [word for pair in self.options.items() for word in ("-c", "=".join(pair))]
        postgres = [self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder]
        with (self.folder / "said").open("ab") as said:
            self.process = subprocess.Popen(
                [*_as_user(), *postgres, *given], cwd=self.folder, stdout=said, stderr=said
            )
        until = time.monotonic() + PATIENCE
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"PostgreSQL: {(self.folder / 'said').read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Wait for visitors a moment, and then no longer."""
        assert self.process
        self.process.terminate()  # setpriv has become the server
        try:
            self.process.wait(0.5)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(PATIENCE)

    def crash(self) -> None:
        """As if it were killed, with all who serve somebody; what is shared is cleared away."""
        assert self.process
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(PATIENCE)

    def hang(self) -> None:
        """Stand still, with all who serve somebody: connections stay, and nobody answers."""
        self._tell(signal.SIGSTOP)

    def go_on(self) -> None:
        self._tell(signal.SIGCONT)

    def _tell(self, what: signal.Signals) -> None:
        assert self.process
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in [pid, *map(int, children)]:
            os.kill(one, what)

    def _answers(self) -> bool:
        given = {"host": str(self.folder), "user": "postgres", "autocommit": True}
        try:
            with psycopg.connect(**given) as connection:
                role = "SELECT 1 FROM pg_roles WHERE rolname = %s"
                if not connection.execute(role, [USER]).fetchone():
                    connection.execute(f"CREATE ROLE {USER} LOGIN CREATEDB")
        except psycopg.OperationalError:
            return False
        return True


def programs() -> Path:
    """Where the newest version's are."""
    found = sorted(Path("/usr").glob(PROGRAMS), key=lambda path: int(path.parent.name))
    if not found:
        why = "PostgreSQL is missing: sudo apt-get install postgresql. Its tests are skipped."
        pytest.exit(f"tests: {why}", returncode=0)
    return found[-1]


def _as_user() -> list[str]:
    """Ends with this process, and never runs as root, which PostgreSQL refuses."""
    words = ["setpriv", "--pdeathsig=INT"]
    if os.getuid() == 0:
        words += ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
    return words
