"""How each combination is started: with what `flask deploy` writes, and nothing of our own."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.fronts.front import Front
from tests.fronts.guest import HOST
from tests.serve.conftest import PATIENCE, ROOT, Server, environment, start

from frontdesk import create_app
from frontdesk.db import db

TOKEN = "a-token-for-the-monitor"
SETTINGS: dict[str, object] = {
    "TRUSTED_HOSTS": json.dumps([HOST, "127.0.0.1"]),  # the second is where `start` looks
    "EXTENSIONS": json.dumps(["tests.fronts.mirror:mirror"]),
    "METRICS_TOKEN": TOKEN,
}
BEHIND: dict[str, object] = SETTINGS | {"TRUSTED_PROXIES": 1}
PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
SENDERS = {"nginx": "x-accel-redirect", "apache": "x-sendfile"}
DEBIANS = "/usr/bin/python3"
HANDED = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""
WAYS = {"gunicorn": "http", "uwsgi": "uwsgi"}


def start_front(kind: str, folder: Path, certificate: Path, **settings: object) -> Front:
    """Start servers on ``folder``/instance; they answer when this returns."""
    door, _, wsgi = kind.rpartition("-")
    if not door:
        site = start(folder, **SETTINGS | settings)
        return Front(kind, site, site.port)
    http, https = free_ports(2)
    write_configuration(folder, door, wsgi, certificate, http, https)
    front = Front(kind, serve(kind, folder, **settings), https, http, certificate)
    front.logs += [folder / door / "error.log", folder / door / "access.log"]
    front.door = run(folder, "door", COMMANDS[door](folder))
    if not front.answers():
        front.stop()
        raise AssertionError(f"no answer: {front.said}")
    wait_for(folder / "instance/assets/standby/large.html")  # made beside the first requests
    return front


def serve(kind: str, folder: Path, held: socket.socket | None = None, **settings: object) -> Server:
    """Start what stands behind a front server; at ``held``, if that is held for it."""
    door, _, wsgi = kind.rpartition("-")
    own = environment(folder, **BEHIND | {"SEND_FILE_BY": SENDERS[door]} | settings)
    if held:
        return Server(run(folder, "std", COMMANDS[wsgi](folder), own, held), 0, folder)
    (folder / "site.sock").unlink(missing_ok=True)  # uWSGI leaves it after a reload
    site = Server(run(folder, "std", COMMANDS[wsgi](folder), own), 0, folder)
    wait_for(folder / "site.sock")
    open_to_the_front(folder)
    return site


def open_to_the_front(folder: Path) -> None:
    """What systemd does with the socket: SocketGroup= and SocketMode=."""
    if not os.geteuid():
        shutil.chown(folder / "site.sock", group="www-data")
        (folder / "site.sock").chmod(0o660)


def hold(folder: Path) -> socket.socket:
    """The site's socket, as systemd holds it while the site restarts."""
    held = socket.socket(socket.AF_UNIX)
    held.bind(str(folder / "site.sock"))
    held.listen(2048)
    open_to_the_front(folder)
    return held


def start_again(front: Front) -> None:
    """Start what has ended of it, on the same folder."""
    if front.door is None:
        front.site = start(front.folder, **SETTINGS)
        front.port = front.site.port
        return
    if front.site.process.poll() is not None:
        front.site = serve(front.kind, front.folder)
    if front.door.poll() is not None:
        front.door = run(front.folder, "door", COMMANDS[front.kind.split("-")[0]](front.folder))
    assert front.answers(), front.said


def wait_for(path: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.02)


def write_configuration(
    folder: Path, door: str, wsgi: str, certificate: Path, http: int, https: int
) -> None:
    """Ask the site itself for its servers' files: into ``folder``, and ``folder``/nginx."""
    instance = folder / "instance"
    app = create_app({"TESTING": True, "INSTANCE_PATH": str(instance), "MIN_FREE_SPACE": 0})
    shared = ["--upstream", f"unix:{folder / 'site.sock'}"]
    names = ["--host", HOST, "--listen", "127.0.0.1", "--way", WAYS[wsgi]]
    ports = ["--listen-http", str(http), "--listen-https", str(https)]
    tls = ["--certificate", str(certificate), "--key", str(certificate.with_suffix(".key"))]
    for words in (
        ["deploy", wsgi, *shared, "--output", str(folder)],
        ["deploy", door, *shared, *names, *ports, *tls, "--alone", str(folder / door)],
    ):
        done = app.test_cli_runner().invoke(args=words)
        assert not done.exit_code, done.output
    with app.app_context():
        db.engine.dispose()
    share(folder)


def share(folder: Path) -> None:
    """Where root starts them, the front servers' workers are www-data: as docs/deploying.md says.

    What is stored has that group and no right for it: the site gives it, of what it hands over.
    """
    if os.geteuid():
        return
    files = folder / "instance/files"
    for path in (folder, folder / "instance", files, *files.rglob("*")):
        shutil.chown(path, group="www-data")
    for path in files.rglob("*"):
        path.chmod(0o2700 if path.is_dir() else 0o600)
    folder.chmod(0o710)
    (folder / "instance").chmod(0o710)
    files.chmod(0o2750)


def _gunicorn(folder: Path) -> list[str]:
    return [sys.executable, "-m", "gunicorn", "-c", str(folder / "gunicorn.conf.py")]


def _uwsgi(folder: Path) -> list[str]:
    if not Path("/usr/lib/uwsgi/plugins/python3_plugin.so").exists():
        pytest.skip("uwsgi-plugin-python3 is missing: run tests/install.sh")
    use_debians_python(folder / "uwsgi.ini")
    return [program("uwsgi"), "--plugin", "python3", "--ini", str(folder / "uwsgi.ini")]


def use_debians_python(ini: Path) -> None:
    """The plugin has Debian's Python in it, and can't load what was built for another (ssl)."""
    own = ini.parent / "venv"
    if Path(sys.base_prefix) == Path("/usr") or own.exists():
        return
    words = ["-c", "import sys; print(*sys.version_info[:2], sep='.')"]
    version = subprocess.run([DEBIANS, *words], check=True, capture_output=True, text=True).stdout
    if version.strip() != sysconfig.get_python_version():
        pytest.skip(f"uWSGI has Python {version.strip()} in it: test with {DEBIANS}")
    subprocess.run([DEBIANS, "-m", "venv", "--without-pip", own], check=True)
    installed = own / "lib" / f"python{version.strip()}" / "site-packages/installed.pth"
    installed.write_text(sysconfig.get_path("purelib"))
    text, count = re.subn(r"(?m)^virtualenv = .*$", f"virtualenv = {own}", ini.read_text())
    assert count == 1
    ini.write_text(text)


def _nginx(folder: Path) -> list[str]:
    at = folder / "nginx"
    return [program("nginx"), "-p", str(at), "-c", str(at / "nginx.conf"), "-g", "daemon off;"]


def _apache(folder: Path) -> list[str]:
    at, started = folder / "apache", program("apache2")
    if not Path("/usr/lib/apache2/modules/mod_xsendfile.so").exists():
        pytest.skip("libapache2-mod-xsendfile is missing: run tests/install.sh")
    return [started, "-d", str(at), "-f", str(at / "apache.conf"), "-DFOREGROUND"]


COMMANDS = {"gunicorn": _gunicorn, "uwsgi": _uwsgi, "nginx": _nginx, "apache": _apache}


def run(
    folder: Path,
    name: str,
    words: list[str],
    env: dict[str, str] | None = None,
    held: socket.socket | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program; what it says goes to ``folder``/NAMEout and NAMEerr.

    A socket that is ``held`` for it is given to it as systemd does: sd_listen_fds(3).
    """
    fds = (held.fileno(),) if held else ()
    for fd in fds:
        words = [sys.executable, "-c", HANDED, str(fd), *words]
    with (folder / f"{name}out").open("wb") as out, (folder / f"{name}err").open("wb") as err:
        return subprocess.Popen(
            words, cwd=ROOT, env=env, stdout=out, stderr=err, start_new_session=True, pass_fds=fds
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
