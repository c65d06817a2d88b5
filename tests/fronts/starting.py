"""How each combination is started: with what `flask deploy` writes, and nothing of our own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.fronts.front import Front
from tests.fronts.guest import HOST
from tests.serve.conftest import GUNICORN, ROOT, Server, environment, start

from frontdesk import create_app
from frontdesk.db import db

SETTINGS: dict[str, object] = {
    "TRUSTED_HOSTS": json.dumps([HOST, "127.0.0.1"]),  # the second is where `start` looks
    "EXTENSIONS": json.dumps(["tests.fronts.mirror:mirror"]),
}
BEHIND: dict[str, object] = SETTINGS | {"TRUSTED_PROXIES": 1}
PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
PACKAGES = {"nginx": "nginx", "openssl": "openssl"}


def start_front(kind: str, folder: Path, certificate: Path, **settings: object) -> Front:
    """Start servers on ``folder``/instance; they answer when this returns."""
    door, _, _wsgi = kind.rpartition("-")
    if not door:
        site = start(folder, **SETTINGS | settings)
        return Front(kind, site, site.port)
    upstream, http, https = free_ports(3)
    where = ("--upstream", f"127.0.0.1:{upstream}", "--listen-http", http, "--listen-https", https)
    write_configuration(folder, door, certificate, *map(str, where))
    own = environment(folder, **BEHIND | settings) | {"HOST": "127.0.0.1", "PORT": str(upstream)}
    site = Server(run(folder, "std", [sys.executable, *GUNICORN], own), upstream, folder)
    front = Front(kind, site, https, http, certificate, run(folder, "door", DOORS[door](folder)))
    front.logs += [folder / door / "error.log", folder / door / "access.log"]
    if not front.answers():
        front.stop()
        raise AssertionError(f"no answer: {front.said}")
    return front


def nginx(folder: Path) -> list[str]:
    at = folder / "nginx"
    return [program("nginx"), "-p", str(at), "-c", str(at / "nginx.conf"), "-g", "daemon off;"]


DOORS = {"nginx": nginx}


def write_configuration(folder: Path, door: str, certificate: Path, *where: str) -> None:
    """Ask the site itself for the front server's files, into ``folder``/nginx."""
    words = ["deploy", door, "--host", HOST, "--listen", "127.0.0.1", *where]
    words += ["--certificate", str(certificate), "--key", str(certificate.with_suffix(".key"))]
    app = create_app({"TESTING": True, "INSTANCE_PATH": str(folder / "instance")})
    done = app.test_cli_runner().invoke(args=[*words, "--alone", str(folder / door)])
    with app.app_context():
        db.engine.dispose()
    assert not done.exit_code, done.output


def run(
    folder: Path, name: str, words: list[str], env: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a program; what it says goes to ``folder``/NAMEout and NAMEerr."""
    with (folder / f"{name}out").open("wb") as out, (folder / f"{name}err").open("wb") as err:
        return subprocess.Popen(
            words, cwd=ROOT, env=env, stdout=out, stderr=err, start_new_session=True
        )


def program(name: str) -> str:
    """Where it lies; skips, in words, where it is missing."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:{PATH}")
    return found or pytest.skip(f"{name} is missing: run tests/install.sh")


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        free = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in free]


def make_certificate(folder: Path) -> Path:
    """A self-signed one for HOST; its key lies beside it as .key."""
    certificate = folder / "files.pem"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-days", "30", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    words += ["-keyout", str(certificate.with_suffix(".key")), "-out", str(certificate)]
    subprocess.run([program("openssl"), *words], check=True, capture_output=True)
    return certificate
