"""cli/move.py - what is mistyped, and a site that still runs: each is told in a sentence."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from tests.test_move import move

from frontdesk import locks

ODD = {
    "sqlite:///{0}/nowhere/new.db": "new.db can't be made: No such file or directory.",
    "sqlite:///{0}/text.db": "can't be used (file is not a database)",
    "sqlite:///{0}": "unable to open database file",
    "postgresql+psycopg://u:secret@127.0.0.1:port/x": "--database must be",
    "postgresql+psycopg://u:s3@cr3t@127.0.0.1:1/x": "Write @ in the password as %40",
    "postgresql+psycopg://u:secret@127.0.0.1:1/x?odd=1": "can't be used (invalid connection option",
    "postgresql+psycopg://u:secret@127.0.0.1:1/x": "A database doesn't answer",
}


@pytest.fixture
def site(start: Callable[..., Flask], tmp_path: Path) -> Flask:
    return start(INSTANCE_PATH=str(tmp_path / "old"), DATABASE_URL="sqlite:///frontdesk.db")


@pytest.mark.parametrize(("url", "said"), ODD.items())
def test_a_target_that_can_not_be_used_is_told_in_words(
    site: Flask, tmp_path: Path, url: str, said: str
) -> None:
    (tmp_path / "text.db").write_text("no database, but a file of some length\n" * 99)
    done = move(site, url.format(tmp_path))
    assert done.exit_code == 1 and said in done.output, done.output or done.exception
    assert "secret" not in done.output and "cr3t" not in done.output
    assert (tmp_path / "text.db").read_text().startswith("no database")


def test_a_site_that_runs_is_not_moved(site: Flask, tmp_path: Path) -> None:
    """What its people do afterwards would be in the old database only."""
    (tmp_path / "old/jobs").mkdir(exist_ok=True)
    with locks.alone(tmp_path / "old/jobs/embedded"):
        done = move(site, f"sqlite:///{tmp_path}/new.db")
    assert done.exit_code == 1 and "The site runs. Stop it first." in done.output
    assert not (tmp_path / "new.db").exists()
    assert move(site, f"sqlite:///{tmp_path}/new.db").exit_code == 0


def test_a_password_need_not_stand_in_the_list_of_processes(site: Flask, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    words = ["move", "--database", "-"]
    done = site.test_cli_runner().invoke(args=words, input=f"{url}\n")
    assert done.exit_code == 0 and f"DATABASE_URL = '{url}'" in done.output, done.output
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        assert connection.execute("SELECT count(*) FROM members").fetchone() == (0,)
