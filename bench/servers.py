"""The servers that are compared, each on its own folder: nginx, stock Flask, copyparty, ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from measure import Way

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "site")]

from tests.serve import conftest as served  # noqa: E402 - found by the line above

Start = Callable[[Way], list[str]]
COPYPARTY = ROOT / ".venv/bench/copyparty"

NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1; user root;
events {{ worker_connections 64; }}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {folder}/tmp; sendfile on;
  proxy_temp_path {folder}/tmp; fastcgi_temp_path {folder}/tmp;
  uwsgi_temp_path {folder}/tmp; scgi_temp_path {folder}/tmp;
  server {{ listen 127.0.0.1:{port}; location / {{ root {folder}/put; dav_methods PUT; }} }}
}}
"""

STOCK = """
from flask import Flask, request, send_file
app = Flask(__name__)
@app.post("/")
def upload():
    request.files["the_file"].save({folder!r} + "/file.bin")
    return "", 204
@app.get("/file.bin")
def download():
    return send_file({folder!r} + "/file.bin", conditional=True)
"""

RESUMABLE = """
from flask import Flask
from flask_resumable import Resumable
app = Flask(__name__, instance_path={folder!r})
app.config["RESUMABLE_SHA256"] = {sha256}
resumable = Resumable(app)
@resumable.finished
def finished(upload):
    upload.path.unlink()
{more}
"""


def nginx(way: Way) -> list[str]:
    (way.folder / "put").mkdir()
    config = way.folder / "nginx.conf"
    config.write_text(NGINX.format(folder=way.folder, port=way.port))
    return ["nginx", "-c", str(config), "-e", str(way.folder / "error.log")]


def has_nginx() -> bool:
    if shutil.which("nginx"):
        return True
    print("nginx is not installed (try: sudo apt-get install nginx-light): no ratio to it")
    return False


def gunicorn(source: str) -> Start:
    """An app of a few lines, in one worker of eight threads."""

    def start(way: Way) -> list[str]:
        text = source.replace("{folder!r}", repr(str(way.folder)))
        (way.folder / "served.py").write_text(text)
        options = ["-k", "gthread", "-w", "1", "--threads", "8", "--no-control-socket"]
        where = ["--chdir", str(way.folder), "--pythonpath", str(ROOT / "site")]
        bind = ["-b", f"127.0.0.1:{way.port}", "--log-level", "warning"]
        return [sys.executable, "-m", "gunicorn", *options, *where, *bind, "served:app"]

    return start


def resumable(sha256: bool, more: str = "") -> Start:
    return gunicorn(RESUMABLE.replace("{sha256}", str(sha256)).replace("{more}", more))


def frontdesk(way: Way) -> list[str]:
    """The whole site as `make run` starts it, in one worker, with a member."""
    served.add_member(way.folder)
    place = {"HOST": "127.0.0.1", "PORT": str(way.port), "WEB_CONCURRENCY": "1"}
    way.environ = served.environment(way.folder) | place | {"PYTHONPATH": str(ROOT / "site")}
    return [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "deploy/gunicorn.conf.py")]


def log_in(way: Way) -> None:
    """As the member; ``way.facts`` has who talks to the site, and a token for programs."""
    visitor = served.Visitor(way.port)
    visitor.log_in()
    way.facts |= {"visitor": visitor, "csrf": visitor.token(), "token": visitor.make_token()}


def forget_files(way: Way) -> None:
    """Make room on the disk; nobody asks for these files again."""
    for path in (way.folder / "instance/files").glob("[0-9a-f][0-9a-f]/*"):
        path.unlink()


def copyparty(way: Way) -> list[str]:
    put = way.folder / "put"
    put.mkdir()
    way.environ = {**os.environ, "HOME": str(way.folder), "XDG_CONFIG_HOME": str(way.folder)}
    options = ["-q", "-i", "127.0.0.1", "-p", str(way.port), "-v", f"{put}::rwd"]
    return [str(COPYPARTY / "bin/python"), "-m", "copyparty", *options]


def has_copyparty() -> bool:
    """Installed into a place of its own, which no other part of the project sees."""
    if not (COPYPARTY / "bin/copyparty").exists():
        pip = [str(COPYPARTY / "bin/python"), "-m", "pip", "install", "-q", "copyparty"]
        for command in ([sys.executable, "-m", "venv", str(COPYPARTY)], pip):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
                print(f"copyparty can't be installed ({reason}): no row for it")
                return False
    return True


def empty_put(way: Way) -> None:
    for path in (way.folder / "put").rglob("*.bin*"):
        path.unlink()
