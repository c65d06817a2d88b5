"""Thousands of tests, each with a site and a folder of its own: quick, and few at a time."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterator
from gettext import GNUTranslations
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from frontdesk.accounts import passwords

MEMORY, ROOM = Path("/dev/shm"), 6_000_000_000
KEPT = 20  # folders: a thread of a test's server may still look for its own


def pytest_sessionstart() -> None:
    """Keep the tests' folders in memory, where there is room, and collect garbage seldom.

    Thousands of apps make much of it, all of it in cycles: looking for it was a sixth of the time.
    """
    gc.set_threshold(200_000, 50, 50)
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        tempfile.tempdir = str(MEMORY)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was skipped, in words: each reason once."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count} skipped: {reason}")


@pytest.fixture(autouse=True)
def few_folders(request: pytest.FixtureRequest, recent: deque[Path]) -> Iterator[None]:
    """Remove what passed tests left: a whole run's folders were nine gigabytes, in memory."""
    failed = request.session.testsfailed
    path = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    if path and request.session.testsfailed == failed:
        recent.append(path)
    while len(recent) > KEPT:
        shutil.rmtree(recent.popleft(), ignore_errors=True)


@pytest.fixture(scope="session")
def recent() -> deque[Path]:
    """Folders that will be removed, the oldest first."""
    return deque()


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hash with a thousandth of the work; ``accounts/test_passwords.py`` looks at the real one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_addresses() -> Iterator[None]:
    """Compile each address once, not in each of thousands of apps: that was most of their start."""
    compiled: dict[Any, Callable[..., tuple[str, str]]] = {}
    compile_builder = Rule._compile_builder

    def once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        defaults = repr(sorted((rule.defaults or {}).items()))
        key = rule.rule, tuple(rule._trace), defaults, append_unknown
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", once)
        yield


@pytest.fixture(scope="session")
def compiled() -> Iterator[LRUCache[Any, Any]]:
    """Statements, compiled once for all of thousands of engines, which are alike."""
    with pytest.MonkeyPatch.context() as patch:
        for dialect in (PGDialect_psycopg, SQLiteDialect_pysqlite):
            patch.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))
            patch.setattr(dialect, "__hash__", lambda one: hash(type(one)))
        yield LRUCache(5000)


@pytest.fixture(scope="session", autouse=True)
def quick_words() -> Iterator[None]:
    """Read a catalogue of words once, not for each of thousands of apps that hold a copy of it."""
    parse = GNUTranslations._parse
    read: dict[tuple[int, int], dict[str, Any]] = {}

    def once(words: GNUTranslations, file: Any) -> None:
        stat = os.fstat(file.fileno())
        key = stat.st_mtime_ns, stat.st_size
        if key not in read:
            parse(words, file)
            read[key] = vars(words).copy()
        vars(words).update(read[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GNUTranslations, "_parse", once)
        yield
