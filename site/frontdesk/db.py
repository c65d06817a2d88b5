"""The database: how models are written, and how one verb becomes one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, Executable, MetaData, Result, TypeDecorator, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, registry

from frontdesk import ballast, database_file, turns

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
REPEATABLE_READ = 3  # psycopg's IsolationLevel, which needs not be installed
UNKNOWN = "Nobody knows whether it was written."
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
# One verb at a time, on any number of machines, as on SQLite; see docs/decisions.md. It waits so
# long for the others; and one whose machine went silent in the middle of it is ended, or all would
# wait for it. The numbers are this house's own.
LOCK = text("SELECT pg_advisory_xact_lock(4603)")
ALONE = text(
    "SELECT set_config('lock_timeout', '10s', true), "
    "set_config('idle_in_transaction_session_timeout', '60s', true), pg_advisory_xact_lock(4603)"
)
# FULL: with NORMAL a power cut loses hundreds of acknowledged commits (SECURITY.md).
PRAGMAS = ("busy_timeout=10000", "journal_mode=wal", "synchronous=full", "foreign_keys=on")


class Moment(TypeDecorator[datetime]):
    """A time in UTC: aware in Python, the same on SQLite and PostgreSQL."""

    impl = DateTime(timezone=True)
    cache_ok = True
    python_type = datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    # On the registry, not as attributes: Flask-SQLAlchemy subclasses this base once more.
    registry = registry(
        metadata=MetaData(naming_convention=CONVENTION), type_annotation_map={datetime: Moment}
    )


db = SQLAlchemy(model_class=Base, disable_autonaming=True)


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def rows(statement: Executable, **facts: Any) -> Result[Any]:
    """Plain rows, by a statement that was built once: a third of what they cost through the ORM."""
    return db.session.connection().execute(statement, facts)


def insert(model: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ``ON CONFLICT``, which both databases have."""
    is_sqlite = db.engine.dialect.name == "sqlite"
    return sqlite.insert(model) if is_sqlite else postgresql.insert(model)


@contextmanager
def transaction() -> Iterator[Session]:
    """Do one verb: all of it is written at the end, or nothing is.

    What was read before is read again, so that the verb decides on the newest state.
    The write lock is taken at the beginning; without it updates are lost silently. Inside another
    verb it is a part of that one.
    """
    session = db.session()
    if session.info.get("writing"):
        yield session
        return
    session.commit()
    session.info |= {"writing": True, "afterwards": []}
    try:
        if session.get_bind().dialect.name != "sqlite":  # there the transaction begins with it
            session.execute(ALONE)
        yield session
        _commit(session)
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["writing"] = False
    for do in session.info["afterwards"]:
        do()


def _commit(session: Session) -> None:
    """A server that is lost just then may have written it, or write it later: that is noted."""
    try:
        session.commit()
    except DBAPIError as error:
        if error.connection_invalidated and error.statement is None:
            error.add_note(UNKNOWN)
        raise


def after_commit(do: Callable[[], object]) -> None:
    """Call ``do`` once the verb that is being done is written; never if it isn't."""
    db.session().info["afterwards"].append(do)


@contextmanager
def reading() -> Iterator[Session]:
    """Read beside writers where no request is, as a request does; write by ``transaction()``."""
    session = db.session()
    session.commit()
    before = session.info.get("reading", False)
    session.info["reading"] = True
    try:
        yield session
    finally:
        session.rollback()
        session.info["reading"] = before


def in_models(thing: Any, name: str | None, kind: str, *_: Any) -> bool:
    """Whether a model means it: what a database searches in is its own, and has none."""
    return not (
        str(name).startswith("search_") or (kind == "index" and str(name).endswith("_search"))
    )


def init_app(app: Flask) -> None:
    """Bind the database to ``app``; DATABASE_URL says where it is."""
    Path(app.instance_path).mkdir(mode=0o700, parents=True, exist_ok=True)
    if app.config["DATABASE_URL"].startswith("postgresql"):
        from frontdesk import patience  # whose driver only those have who use it

        pool = patience.pool(max(app.config["DATABASE_CONNECTIONS"], 1))
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = app.config["SQLALCHEMY_ENGINE_OPTIONS"] | pool
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            _make_private(db.engine.url.database or "")
            if not app.testing:
                ballast.keep(db.engine)  # ahead of what opens the database
            database_file.watch(db.engine)
            event.listen(db.engine, "connect", _on_connect)
            event.listen(db.engine, "begin", _begin)
            turns.keep(db.engine)
        else:
            patience.watch(db.engine)
            event.listen(db.engine, "begin", _begin_in_postgresql)
            event.listen(db.engine, "before_cursor_execute", _without_nul, retval=True)


def _make_private(database: str) -> None:
    """Nobody else on the machine reads it; SQLite gives its other files the same rights."""
    if database not in {"", ":memory:"}:
        with suppress(OSError):  # connecting will say what is wrong
            Path(database).touch(mode=0o600)


def _on_connect(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy says when a transaction begins
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _reading() -> bool:
    """Whether this is a request outside any verb, or like one: it may read beside a writer."""
    info = db.session().info
    return not info.get("writing") and (has_request_context() or info.get("reading", False))


def _begin(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN" if _reading() else turns.BEGIN)


def _begin_in_postgresql(connection: Any) -> None:
    """Readers see one moment, as on SQLite. psycopg puts both into its BEGIN."""
    driver, reading = connection.connection.dbapi_connection, _reading()
    driver.isolation_level = REPEATABLE_READ if reading else None
    driver.read_only = reading or None


def _without_nul(_: Any, __: Any, statement: str, given: Any, *___: Any) -> tuple[str, Any]:
    """PostgreSQL's text holds no NUL, and psycopg raises: nothing that is there is called so."""
    sets = given if isinstance(given, list) else [given]
    if not any("\0" in value for one in sets for value in one.values() if type(value) is str):
        return statement, given
    clean = [{name: _visible(value) for name, value in one.items()} for one in sets]
    return statement, clean if isinstance(given, list) else clean[0]


def _visible(value: Any) -> Any:
    return value.replace("\0", "\ufffd") if type(value) is str else value


@event.listens_for(db.session, "before_flush")
def _refuse_stray_flush(session: Session, *_: Any) -> None:
    if _reading() and (session.new or session.dirty or session.deleted):
        raise RuntimeError(f"{_who()} writes outside transaction()")


@event.listens_for(db.session, "do_orm_execute")
def _refuse_stray_write(state: ORMExecuteState) -> None:
    if _reading() and (state.is_insert or state.is_update or state.is_delete):
        raise RuntimeError(f"{_who()} writes outside transaction()")


def _who() -> str:
    return str(request.endpoint) if has_request_context() else "a reader"
