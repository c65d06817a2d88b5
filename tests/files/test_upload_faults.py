"""/upload - when disk or database fail: the bytes that no row speaks of are gone."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, text
from tests import postgresql
from tests.browser import Browser
from tests.files.conftest import a_file, send

from frontdesk.db import ALONE, LOCK, PRAGMAS
from frontdesk.files import arrivals
from frontdesk.storage import Staged

Used = Callable[[str], int]


def test_a_storage_that_keeps_nothing_is_a_full_disk(
    alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep(_: Staged) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Staged, "keep", keep)
    page = send(alice, a_file("a.txt"))
    assert page.status == 507
    assert page.problems == ["The file could not be written to the disk. Ask the administrator."]


@contextmanager
def another_writer(instance: Path) -> Iterator[Callable[[], object]]:
    """Somebody else; told to begin, they write until the end."""
    if postgresql.is_used():
        url = make_url(postgresql.url_of(instance)).set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
            yield lambda: connection.execute(str(LOCK).encode())
    else:
        path = instance / "frontdesk.db"
        with closing(sqlite3.connect(path, check_same_thread=False)) as other:
            yield lambda: other.execute("BEGIN IMMEDIATE")


class TestLockedDatabase:
    """Somebody else writes, and does not end."""

    @pytest.fixture
    def settings(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        patience = [one.replace("=10000", "=100") for one in PRAGMAS]
        monkeypatch.setattr("frontdesk.db.PRAGMAS", patience)
        monkeypatch.setattr("frontdesk.db.ALONE", text(str(ALONE).replace("10s", "100ms")))
        return {}

    def test_a_locked_database_leaves_no_bytes(self, alice: Browser, instance: Path) -> None:
        alice.visit("/upload")
        with another_writer(instance) as begin:
            begin()
            page = alice.submit("upload", the_file=a_file("a.txt"))
        assert (page.status, page.title) == (503, "The site is busy")
        assert send(alice, a_file("a.txt")).status == 303

    def test_what_was_saved_before_stays_and_is_named(
        self, alice: Browser, instance: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with another_writer(instance) as begin:

            def lock_then_take_in(member_id: Any, path: Any, name: str, *more: Any) -> Any:
                if name != "a.txt":
                    begin()
                return take_in(member_id, path, name, *more)

            take_in = arrivals.take_in
            monkeypatch.setattr(arrivals, "take_in", lock_then_take_in)
            page = send(alice, *[a_file(f"{letter}.txt") for letter in "abc"])
        said = "“%s” could not be saved. Try again in a minute."
        assert (page.status, page.problems) == (503, [said % "b.txt", said % "c.txt"])
        assert alice.visit(page.link("a.txt")).status == 200


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    order = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(order, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk to fill")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


class TestSmallDisk:
    """Storage on a disk of its own, which gets full before the quota does."""

    @pytest.fixture
    def settings(self, small_disk: Path) -> dict[str, Any]:
        return {"STORAGE_URL": f"file:{small_disk}/files"}

    def test_a_full_disk_is_said_and_nothing_stays(self, alice: Browser, used: Used) -> None:
        page = send(alice, a_file("a.bin", bytes(9_000_000)), a_file("b.txt"))
        said = "The disk is full, so “a.bin” was not saved. Ask the administrator."
        assert (page.status, page.problems) == (507, [said])
        assert used("alice") == 7

    def test_what_was_there_can_still_be_read(self, alice: Browser) -> None:
        send(alice, a_file("a.bin", bytes(7_000_000)))
        assert send(alice, a_file("b.bin", bytes(2_000_000))).status == 507
        assert len(alice.visit("/path/a.bin?download=1").response.data) == 7_000_000


class TestSpaceKeptFree:
    """The last part of the disk is never given away, and that part is at most a quarter."""

    @pytest.fixture
    def settings(self, small_disk: Path) -> dict[str, Any]:
        return {"STORAGE_URL": f"file:{small_disk}/files", "MIN_FREE_SPACE": 1_000_000_000}

    def test_a_quarter_stays_free(self, alice: Browser) -> None:
        assert send(alice, a_file("a.bin", bytes(5_000_000))).status == 303
        assert send(alice, a_file("b.bin", bytes(2_000_000))).status == 507
