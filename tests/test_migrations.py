"""migrations/ - the database that they make is the one that the models mean, up and down."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Inspector, inspect, select, text
from tests.contents import schema

from frontdesk.accounts.models import Member
from frontdesk.db import Base, db, in_models
from frontdesk.files import folders
from frontdesk.startup import MIGRATIONS


@pytest.fixture
def empty(start: Callable[..., Flask], tmp_path: Path) -> Iterator[Flask]:
    """A site whose database the migrations have just made."""
    app = start(INSTANCE_PATH=str(tmp_path / "new"))
    with app.app_context():
        yield app


def differences() -> list[object]:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": in_models})
        return list(compare_metadata(context, Base.metadata))


def test_the_migrations_make_what_the_models_mean(empty: Flask) -> None:
    assert differences() == []


def test_the_comparison_sees_a_difference(empty: Flask) -> None:
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE members ADD COLUMN shoe_size INTEGER")
    assert "shoe_size" in str(differences())


def test_down_and_up_again_gives_the_same(empty: Flask) -> None:
    before = schema()
    downgrade(revision="base")
    assert all("alembic_version" in name for name, _ in schema())
    upgrade()
    assert schema() == before


def test_migrations_form_one_line() -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    assert len(script.get_heads()) == 1
    for revision in script.walk_revisions():
        path = Path(revision.path).stem
        assert path.split("_")[0] == revision.revision, "the newest is found by its file's name"


def names(table: str, found: Inspector) -> Iterator[str | None]:
    yield found.get_pk_constraint(table)["name"]
    for thing in found.get_foreign_keys(table) + found.get_unique_constraints(table):
        yield thing["name"]
    for thing in found.get_indexes(table) + found.get_check_constraints(table):
        yield thing["name"]


def tables() -> set[str]:
    """All but Alembic's own and the search's."""
    found = {name for name in inspect(db.engine).get_table_names() if in_models(0, name, "table")}
    return found - {"alembic_version"}


def test_everything_has_a_name_by_the_convention(empty: Flask) -> None:
    """Without a name SQLite can't drop it, and PostgreSQL makes one up."""
    found = inspect(db.engine)
    for table in tables():
        for name in names(table, found):
            assert name and re.match(rf"(pk|fk|uq|ix|ck)_{table}", name), (table, name)


def test_every_table_of_the_models_is_there_and_no_other(empty: Flask) -> None:
    assert tables() == set(Base.metadata.tables)


def test_folders_that_are_there_get_their_path(app: Flask) -> None:
    with app.app_context():
        with db.session.begin():
            inner = folders.make(db.session.scalars(select(Member.id)).first(), ["Müll", "B", "c"])
            assert inner.path == "Müll/B/c"
        downgrade(revision="0003")
        upgrade()
        found = db.session.execute(text("SELECT path, path_key FROM folders ORDER BY path"))
        assert [tuple(row) for row in found] == [
            ("", ""), ("Müll", "müll"), ("Müll/B", "müll/b"), ("Müll/B/c", "müll/b/c"),
        ]  # fmt: skip
