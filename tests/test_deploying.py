"""deploy/ and docs/deploying*.md: what they hold is taken by the servers, and leads to a page."""

from __future__ import annotations

import re
import shlex
import shutil
import socket
import subprocess
from dataclasses import fields, replace
from pathlib import Path

import pytest

from frontdesk import deploying
from frontdesk.jobs.runner import PATIENCE_ALONE

ROOT = Path(__file__).parents[1]
NGINX, APACHE = Path("/usr/sbin/nginx"), Path("/usr/sbin/apache2")
STOCK = deploying.Place()
HOST = "desk.example.com"
UNITS = [f"deploy/{name}" for name in deploying.FILES["systemd"]]
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
            assert "\nSystemCallFilter=setrlimit prlimit64 setpriority\n" in text, name
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True)
    assert not done.returncode, done.stderr.decode()


def test_systemd_lets_requests_and_jobs_come_to_an_end(place: deploying.Place) -> None:
    """TERM to the main process alone, as tests/fronts sends it, and more time than that takes."""
    settings = (ROOT / "deploy/gunicorn.conf.py").read_text()
    (graceful,) = re.findall(r"^graceful_timeout = (\d+)", settings, re.M)
    needed = {"frontdesk": int(graceful), "frontdesk-worker": PATIENCE_ALONE}
    for name, seconds in needed.items():
        unit = deploying.render("systemd", place)[f"{name}.service"]
        (given,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.M)
        assert int(given) >= 2 * seconds
        assert "\nKillMode=mixed\n" in unit
        assert "KillSignal" not in unit


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is missing")
@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_a_unit_that_is_taken_over_can_do_little(name: str) -> None:
    """By systemd's own measure, from 0 to 10; what isn't walled in has 9.6."""
    words = ["systemd-analyze", "security", "--offline=true", "--threshold=15", ROOT / name]
    done = subprocess.run(words, capture_output=True, text=True)
    assert not done.returncode, done.stdout + done.stderr
