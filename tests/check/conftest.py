"""Sites behind fronts, and who looks at them: started once for a module."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest
from flask import Flask
from tests.check.fronts import HOST, make_certificates
from tests.serve.conftest import GUNICORN, Server, start

from frontdesk import assets, create_app
from frontdesk.check import service
from frontdesk.check.finding import OK, Finding
from frontdesk.check.outside import Way
from frontdesk.db import db

HERE = Path(__file__).parent
# They are of the machine that the tests run on, not of the set-up.
OF_THE_MACHINE = {"server.user", "server.files"}
CARELESS = ["--forwarded-allow-ips", "127.0.0.1", "--forwarder-headers", "SCRIPT_NAME,PATH_INFO"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the sites stays in one process: each would start its own ten servers."""
    for item in items:
        if "sites" in getattr(item, "fixturenames", ()) and HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("check"))


@dataclass
class Sites:
    """One site, served by several processes: by how many proxies each believes."""

    folder: Path
    app: Flask
    running: dict[str, Server]

    def port(self, name: str) -> int:
        """Of the process of that name, started if it is the first time."""
        if name not in self.running:
            self.running[name] = self._start(name)
        return self.running[name].port

    def _start(self, name: str) -> Server:
        folder = self.folder / name
        folder.mkdir()
        (folder / "instance").symlink_to(self.folder / "instance")
        words = [*GUNICORN, *CARELESS] if name == "careless" else GUNICORN
        trusted = int(name) if name.isdecimal() else 1
        storage = "file:elsewhere" if name == "elsewhere" else "file:files"
        by = "x-accel-redirect" if name == "sending" else ""
        jobs = "embedded" if name == "embedded" else "worker"
        hosts = json.dumps([HOST, "127.0.0.1"])
        instance = self.folder / "instance"
        return start(
            folder, *words, "--workers", "1",
            TRUSTED_PROXIES=trusted, TRUSTED_HOSTS=hosts, INSTANCE_PATH=instance,
            JOBS=jobs, STORAGE_URL=storage, SEND_FILE_BY=by,
        )  # fmt: skip

    def look_at_all(self, urls: dict[str, str]) -> dict[str, list[Finding]]:
        """Several at a time: most of a look is waiting."""
        with ThreadPoolExecutor(3) as pool:
            return dict(zip(urls, pool.map(self.look, urls.values()), strict=True))

    def look(self, url: str, **way: object) -> list[Finding]:
        """What a stranger finds there, on this machine."""
        with self.app.app_context():
            wanted = {"connect": "127.0.0.1", "plain_port": 0} | way
            found = service.from_outside(Way(url, **wanted))  # type: ignore[arg-type]
        return [finding for finding in found if finding.id not in OF_THE_MACHINE]


def unwell(findings: list[Finding]) -> dict[str, Finding]:
    """Those that are not well, by id."""
    return {finding.id: finding for finding in findings if finding.level != OK}


@pytest.fixture(scope="package")
def sites() -> Iterator[Sites]:
    folder = Path(mkdtemp())  # pytest's own are closed to Apache, which is another user
    make_certificates(folder)
    settings = {"TESTING": True, "INSTANCE_PATH": str(folder / "instance"), "MIN_FREE_SPACE": 0}
    app = create_app(settings)
    assets.prepare(app)
    for each in (folder, folder / "instance"):
        each.chmod(0o711)
    found = Sites(folder, app, {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
        yield found
    for server in found.running.values():
        server.crash()
    with app.app_context():
        db.engine.dispose()
    rmtree(folder)


@pytest.fixture(scope="package")
def until_end() -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    """Ends what was started, with the module."""
    started: list[subprocess.Popen[bytes]] = []
    yield started.append
    for process in started:
        process.terminate()
        process.wait(10)
