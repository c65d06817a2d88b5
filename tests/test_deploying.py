"""deploy/ and docs/deploying*.md: what they hold is taken by the servers, and leads to a page."""

from __future__ import annotations

import re
import shlex
import shutil
import socket
import ssl
import subprocess
import time
from dataclasses import fields, replace
from pathlib import Path

import pytest
from tests.serve.conftest import command, start

from frontdesk import deploying

ROOT = Path(__file__).parents[1]
NGINX, APACHE = Path("/usr/sbin/nginx"), Path("/usr/sbin/apache2")
STOCK = deploying.Place()
HOST = "desk.example.com"
pytestmark = pytest.mark.server


def commands(page: str) -> list[str]:
    """What the fenced blocks of a page have one type, line by line."""
    text = (ROOT / "docs" / page).read_text()
    blocks = re.findall(r"^```(?:sh|python)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()]


def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture
def place(tmp_path: Path) -> deploying.Place:
    """A place in a temporary folder, with a certificate of its own."""
    words = shlex.split(next(line for line in commands("deploying.md") if "openssl req" in line))
    named = {"/etc/frontdesk/key.pem": "key.pem", "/etc/frontdesk/cert.pem": "cert.pem"}
    subprocess.run(
        [str(tmp_path / named[word]) if word in named else word.replace(STOCK.host, HOST)
         for word in words[1:]],
        check=True, capture_output=True,
    )  # fmt: skip
    instance = tmp_path / "instance"
    return replace(
        STOCK, host=HOST, listen="127.0.0.1", http=port(), https=port(), root=str(ROOT),
        certificate=str(tmp_path / "cert.pem"), key=str(tmp_path / "key.pem"),
        instance=str(instance), files=str(instance / "files"),
    )  # fmt: skip


def test_both_languages_have_one_type_the_same() -> None:
    assert commands("deploying.md") == commands("deploying.zh.md")
    assert len(commands("deploying.md")) > 30


@pytest.mark.parametrize("what", sorted(deploying.FILES))
def test_as_it_stands_it_is_for_the_stock_place(what: str) -> None:
    made = deploying.render(what, STOCK)
    for name in deploying.FILES[what]:
        if what != "gunicorn":  # that finds its folder by itself
            assert made[Path(name).name] == (ROOT / "deploy" / name).read_text()


def test_what_is_said_of_a_place_stands_in_its_files() -> None:
    stock, other = STOCK, replace(STOCK, host=HOST, root="/opt/desk", user="desk")
    text = "".join(
        text for what in deploying.FILES for text in deploying.render(what, other).values()
    )
    assert HOST in text and "/opt/desk" in text and "User=desk" in text
    assert "Host files.example.org" not in text and "User=frontdesk" not in text
    assert {field.name for field in fields(stock)} >= {"host", "root", "user"}


@pytest.mark.skipif(not NGINX.exists(), reason="nginx is missing: sudo apt-get install nginx")
@pytest.mark.parametrize("way", deploying.WAYS)
def test_nginx_takes_its_configuration(place: deploying.Place, tmp_path: Path, way: str) -> None:
    main = deploying.write_alone("nginx", replace(place, way=way), tmp_path / "nginx")
    done = subprocess.run([NGINX, "-t", "-p", main.parent, "-c", main], capture_output=True)
    assert not done.returncode, done.stderr.decode()


@pytest.mark.skipif(not APACHE.exists(), reason="apache2 is missing: sudo apt-get install apache2")
@pytest.mark.parametrize("way", deploying.WAYS)
def test_apache_takes_its_configuration(place: deploying.Place, tmp_path: Path, way: str) -> None:
    main = deploying.write_alone("apache", replace(place, way=way), tmp_path / "apache")
    done = subprocess.run([APACHE, "-t", "-d", main.parent, "-f", main], capture_output=True)
    assert not done.returncode, done.stderr.decode()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is missing")
def test_systemd_takes_the_units(place: deploying.Place, tmp_path: Path) -> None:
    units = []
    for name, text in deploying.render("systemd", place).items():
        (tmp_path / name).write_text(text)
        units.append(tmp_path / name)
        if "~@privileged @resources" in text:  # what of these the site does, all the same
            assert "\nSystemCallFilter=setpriority setrlimit prlimit64\n" in text, name
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True)
    assert not done.returncode, done.stderr.decode()


@pytest.mark.skipif(not NGINX.exists(), reason="nginx is missing: sudo apt-get install nginx")
def test_the_document_leads_to_a_page_over_tls(place: deploying.Place, tmp_path: Path) -> None:
    """Its settings, `flask deploy nginx`, the unit's server; for systemctl we start them."""
    text = (ROOT / "docs/deploying.md").read_text().replace(STOCK.host, HOST)
    (tmp_path / "instance").mkdir()
    settings = re.search(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert settings
    (tmp_path / "instance/config.py").write_text(
        settings[1].replace(HOST, f"{HOST}:{place.https}", 1)
    )
    (unit,) = re.findall(
        r"^ExecStart=\S+/gunicorn (.*)$",
        deploying.render("systemd", place)["frontdesk.service"],
        re.M,
    )
    server = start(
        tmp_path, "-m", "gunicorn", *unit.split(), TRUSTED_HOSTS=f'["{HOST}","127.0.0.1"]'
    )
    (line,) = [
        one
        for one in commands("deploying.md")
        if one.startswith("sudo -u frontdesk .venv/bin/flask deploy nginx") and "--way" not in one
    ]
    words = shlex.split(line.replace(STOCK.host, HOST))
    said = words[words.index("deploy") : words.index("--output")]
    alone = tmp_path / "nginx"
    command(
        tmp_path, *said, "--listen", "127.0.0.1", "--listen-http", str(place.http),
        "--listen-https", str(place.https), "--certificate", place.certificate, "--key", place.key,
        "--upstream", f"127.0.0.1:{server.port}", "--alone", str(alone),
    )  # fmt: skip
    nginx = subprocess.Popen([NGINX, "-p", alone, "-c", alone / "nginx.conf", "-g", "daemon off;"])
    try:
        answer = fetch(place, "/login")
        assert answer.startswith(b"HTTP/1.1 200") and b"Strict-Transport-Security" in answer
        assert b"__Host-frontdesk=" in answer
    finally:
        nginx.terminate()
        nginx.wait(10)
        server.stop()


def fetch(place: deploying.Place, address: str) -> bytes:
    """The answer over TLS, once nginx listens."""
    trust = ssl.create_default_context(cafile=place.certificate)
    until = time.monotonic() + 20
    while True:
        try:
            plain = socket.create_connection(("127.0.0.1", place.https), 10)
            break
        except OSError:
            assert time.monotonic() < until, "nginx doesn't listen"
            time.sleep(0.05)
    with plain, trust.wrap_socket(plain, server_hostname=place.host) as line:
        head = f"GET {address} HTTP/1.1\r\nHost: {place.host}\r\nConnection: close\r\n\r\n"
        line.sendall(head.encode())
        return b"".join(iter(lambda: line.recv(65536), b""))
