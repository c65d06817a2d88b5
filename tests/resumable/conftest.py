"""An app with the extension, a client for it, and a real server when a test needs one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from tests.resumable.tools import Server

from flask_resumable import Resumable, Upload


class Site:
    """An app, its extension, and what its hooks were told."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self.app = Flask("site_of_the_test", instance_path=str(folder))
        self.app.config.update({"TESTING": True, **config})
        self.resumable = Resumable(self.app)
        self.finished: list[Upload] = []
        self.removed: list[Upload] = []
        self.resumable.finished(self.finished.append)
        self.resumable.removed(self.removed.append)
        self.client: FlaskClient = self.app.test_client()


@pytest.fixture
def make_site(tmp_path: Path) -> Callable[..., Site]:
    """`make_site(RESUMABLE_X=…)`; two of them share a folder."""
    return lambda **config: Site(tmp_path, **config)


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """`make_server(RESUMABLE_X=…)` is started and stopped for you."""
    servers: list[Server] = []

    def make(**config: Any) -> Server:
        servers.append(Server(tmp_path, **config))
        return servers[-1].start()

    yield make
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One with the defaults, for all tests of a module."""
    found = Server(tmp_path_factory.mktemp("server")).start()
    yield found
    found.stop()
