"""Each combination of servers, started for real. How to use it:

- ``front`` is a running Front, one of each kind after the other: a test that asks for it runs once
  a kind. The whole folder shares it, so leave it as you found it: no stopping, no reloading, names
  of files of your own. ``@behind`` leaves out gunicorn alone, ``@kinds("nginx-uwsgi")`` all others.
- ``alice`` is a member who came through the front door and is logged in there; ``front.guest()`` is
  somebody new. Both are Visitors as in tests/serve: ``ask(method, url, body, **headers)``.
- ``front.dial()`` is a line (TLS where it has TLS) for requests written by hand.
- ``front.requests("/path")`` are the site's own log lines, ``front.site`` its Server as in
  tests/serve (``workers``, ``peak()``), ``front.door`` the front server's process.
- ``make_front("nginx-gunicorn", **settings)`` starts one for this module alone, to be mistreated.

When a test fails, the ends of all logs are shown with it. Each kind stays in one process of xdist.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from tests.fronts.front import KINDS, Front
from tests.fronts.furnished import furnish
from tests.fronts.guest import Guest
from tests.fronts.starting import make_certificate, start_front

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder starts servers; the tests of one kind share one."""
    for item in items:
        if HERE in item.path.parents:
            kind = item.callspec.params.get("front") if hasattr(item, "callspec") else None
            item.add_marker(pytest.mark.server)
            item.add_marker(pytest.mark.xdist_group(f"fronts-{kind}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    for value in item.funcargs.values() if report.failed else []:
        if isinstance(value, Front):
            report.sections.append((f"logs of {value.kind}", value.said))
    return report


@pytest.fixture(scope="session")
def furnished(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder to copy: the cast, a big file of Alice's, a theme."""
    return furnish(prepared, tmp_path_factory.mktemp("furnished") / "instance")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Self-signed, and trusted by every Guest."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def open_front(furnished: Path, certificate: Path) -> Iterator[Callable[..., Front]]:
    """Starts a combination on a folder of its own."""
    running: list[Front] = []
    folders: list[Path] = []

    def open_front(kind: str, **settings: object) -> Front:
        folder = Path(tempfile.mkdtemp(prefix=f"{kind}-"))  # pytest's own lets in nobody else
        folders.append(folder)
        shutil.copytree(furnished, folder / "instance", copy_function=_copy)
        running.append(start_front(kind, folder, certificate, **settings))
        return running[-1]

    yield open_front
    for front in running:
        front.stop()
    for folder in folders:
        shutil.rmtree(folder)


@pytest.fixture(scope="session", params=KINDS)
def front(request: pytest.FixtureRequest, open_front: Callable[..., Front]) -> Front:
    """The one that all tests of its kind share."""
    return open_front(request.param)


@pytest.fixture
def alice(front: Front) -> Guest:
    """She came in by the front door."""
    return front.member("alice")


@pytest.fixture(scope="module")
def make_front(open_front: Callable[..., Front]) -> Iterator[Callable[..., Front]]:
    """Starts one for this module alone."""
    own: list[Front] = []

    def make_front(kind: str, **settings: object) -> Front:
        own.append(open_front(kind, **settings))
        return own[-1]

    yield make_front
    for front in own:
        front.stop()


def _copy(source: str, target: str) -> str:
    """What is never written again is linked: a copy of the big file takes a second."""
    if Path(source).stat().st_size > 100_000_000:
        Path(target).hardlink_to(source)
        return target
    return shutil.copy2(source, target)
