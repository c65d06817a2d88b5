"""startup.py - on a disk that is full to the last byte: what is wrong, and no guess at damage."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask

from frontdesk.db import db
from frontdesk.settings import BadSetting

ELSEWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/none"  # SQLite would want room there first


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    mounted = subprocess.run(words, capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here (root can): {mounted.stderr.decode()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> None:
    with suppress(OSError), (disk / "filled").open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def test_the_database_is_not_taken_for_damaged(start: Callable[..., Flask], disk: Path) -> None:
    """Somebody would put an old backup in the place of what is whole."""
    settings = {"INSTANCE_PATH": str(disk / "site"), "DATABASE_URL": "sqlite:///frontdesk.db"}
    with start(**settings).app_context():
        db.engine.dispose()
    fill(disk)
    with pytest.raises(BadSetting, match=r"disk .* is full.* Make room there") as refused:
        start(**settings)
    assert "backup" not in str(refused.value)
    (disk / "filled").unlink()
    start(**settings)


def test_a_key_that_can_not_be_kept_is_said_and_leaves_nothing(
    start: Callable[..., Flask], disk: Path
) -> None:
    (disk / "site").mkdir()
    fill(disk)
    with pytest.raises(BadSetting, match=r"secret-key can't be written \(No space left on device"):
        start(INSTANCE_PATH=str(disk / "site"), DATABASE_URL=ELSEWHERE)
    assert not list((disk / "site").glob(".secret-key*"))
