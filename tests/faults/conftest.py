"""The real server, and what can go wrong beneath it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.people import Member
from tests.serve.conftest import GUNICORN, Server, add_member, start

ONE_WORKER = [*GUNICORN, "--workers", "1"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker, whose jobs wait: so that nothing else happens while something fails."""
    folder = tmp_path_factory.mktemp("faulty")
    add_member(folder)
    running = start(folder, *ONE_WORKER, JOBS="worker")
    yield running
    running.crash()


@pytest.fixture
def alice(server: Server) -> Member:
    """A member, logged in, with a token for programs."""
    return Member.at(server)


@pytest.fixture
def instance(server: Server) -> Path:
    return server.folder / "instance"
