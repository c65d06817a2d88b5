"""backup/migrating.py - before a migration there is a copy of the database, or no migration."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask_migrate import downgrade
from sqlalchemy import make_url
from tests import contents, postgresql
from tests.serve.conftest import ROOT

from frontdesk import startup
from frontdesk.backup import migrating
from frontdesk.db import db
from frontdesk.settings import BadSetting

Start = Callable[..., Flask]


@pytest.fixture
def older(app: Flask) -> Callable[[], dict[str, list[dict[str, object]]]]:
    """Make this site's database an earlier version's; what is in it then."""

    def older() -> dict[str, list[dict[str, object]]]:
        with app.app_context():
            downgrade(revision="0014")
            rows = contents.rows()
            db.engine.dispose()
        return rows

    return older


def copies(instance: Path) -> list[Path]:
    return sorted((instance / "backups").glob("*"))


def test_a_copy_of_what_it_was_is_kept(
    start: Start, instance: Path, older: Callable[[], dict[str, list[dict[str, object]]]]
) -> None:
    rows = older()
    app = start()
    with app.app_context():
        assert startup.revisions()[0] == startup.newest_revision()
    (copy,) = copies(instance)
    ending = ".dump" if postgresql.is_used() else ".db"
    assert copy.name.startswith(f"before-{startup.newest_revision()}-") and copy.suffix == ending
    assert copy.stat().st_mode & 0o777 == 0o600
    if not postgresql.is_used():
        with closing(sqlite3.connect(copy)) as found:
            assert found.execute("SELECT version_num FROM alembic_version").fetchall() == [
                ("0014",)
            ]
            members = found.execute("SELECT username FROM members").fetchall()
        assert sorted(name for (name,) in members) == sorted(
            str(row["username"]) for row in rows["members"]
        )


def test_that_copy_put_back_is_what_it_was(start: Start, instance: Path, app: Flask) -> None:
    """As `docs/upkeep.md` says it: then the version of then starts, and this one migrates again."""
    with app.app_context():
        downgrade(revision="0012")  # what came later has tables that the copy doesn't know
        rows = contents.rows()
        db.engine.dispose()
    with start().app_context():
        db.engine.dispose()
    (copy,) = copies(instance)
    if postgresql.is_used():
        put_back(copy, postgresql.url_of(instance))
    else:
        copy.replace(instance / "frontdesk.db")
    with app.app_context():
        assert startup.revisions()[0] == "0012" and contents.rows() == rows
        db.engine.dispose()
    again = start()
    with again.app_context():
        assert startup.revisions()[0] == startup.newest_revision()
        assert {row["username"] for row in contents.rows()["members"]} == {"alice", "bob", "root"}


def put_back(copy: Path, url: str) -> None:
    """The lines of `docs/upkeep.md`."""
    upkeep = (ROOT / "docs/upkeep.md").read_text(encoding="utf-8")
    lines = [line for line in upkeep.splitlines() if line.startswith(("psql ", "pg_restore "))]
    assert len(lines) == 2
    programs = str(sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1])
    place = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    own = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "URL": place, "COPY": str(copy)}
    for line in lines:
        subprocess.run(["bash", "-ec", line], env=own, check=True)


def test_the_last_three_are_kept(start: Start, instance: Path, older: Callable[[], object]) -> None:
    seen = []
    for _ in range(4):
        older()
        start()
        seen.append(copies(instance)[-1])
    assert copies(instance) == seen[1:]


def test_a_fresh_database_has_none(start: Start, tmp_path: Path) -> None:
    start(INSTANCE_PATH=str(tmp_path / "new"))
    assert not (tmp_path / "new" / "backups").exists()


def test_without_room_for_it_nothing_is_migrated(
    start: Start, older: Callable[[], object], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    older()
    full = SimpleNamespace(f_bavail=10, f_frsize=4096)
    with monkeypatch.context() as patch:
        patch.setattr(migrating.os, "statvfs", lambda _: full)
        with pytest.raises(BadSetting, match=r"no copy of it can be kept.* 40,960 are free"):
            start()
    with app.app_context():
        assert startup.revisions()[0] == "0014"
        db.engine.dispose()
    start()


def test_a_folder_that_cannot_be_written_is_said(
    start: Start, instance: Path, older: Callable[[], object]
) -> None:
    older()
    (instance / "backups").write_text("a file")
    with pytest.raises(BadSetting, match="Mend that, or make a backup and run flask db upgrade"):
        start()
