"""How a command of docs/deploying.md is followed below a temporary root; or why it can't be."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest
from sqlalchemy import make_url
from tests import postgresql
from tests.fronts.starting import use_debians_python
from tests.machine import Machine
from tests.serve.conftest import PASSWORD, ROOT

from frontdesk import deploying

HOST = deploying.Place().host
SOCKET = "run/frontdesk/http.sock"
LOOK = f"curl -sSI https://{HOST}/login"
ELSEWHERE = {
    r"sudo apt update": "changes the machine's lists of packages",
    r"sudo useradd ": "would add a user to this machine; the tests' own user is the site's",
    r"sudo systemctl daemon-reload": "there is no systemd; units are read where they are started",
    r"sudo certbot ": "Let's Encrypt must reach the host; the certificate is the next command's",
    r"sudo -u postgres createuser ": "tests/postgresql.py makes that user in its own server",
    r"podman ": "there is no engine for containers; see tests/test_containerfile.py",
}


def packages(machine: Machine, command: str) -> None:
    """That Debian has them; they are installed by tests/install.sh, as far as tests need them."""
    if not shutil.which("apt-cache"):
        pytest.skip("apt-cache is missing: this follows a document for Debian")
    for package in shlex.split(command)[4:]:
        said = machine.do(f"apt-cache policy {package}")
        assert "Candidate:" in said and "Candidate: (none)" not in said, package


def clone(machine: Machine, command: str) -> None:
    """From this checkout, instead of the address of one's own copy."""
    if not (ROOT / ".git").exists():
        pytest.skip(".git is missing: this folder isn't a checkout, so it can't be cloned")
    *words, _, to = shlex.split(command.removeprefix("sudo "))
    machine.do(shlex.join([*words, "--quiet", str(ROOT), to]))


def enter(machine: Machine, command: str) -> None:
    machine.folder = Path(machine.below(command.removeprefix("cd ")))
    assert machine.folder.is_dir()


def venv(machine: Machine, command: str) -> None:
    """The one of these tests, which has all of it already."""
    (machine.folder / ".venv").symlink_to((ROOT / ".venv").resolve())


def pip(machine: Machine, command: str) -> None:
    """Nothing is fetched: what it would install is here already, in the versions of the list."""
    text = (machine.folder / shlex.split(command)[-1]).read_text()
    pins = re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", text, re.M)
    assert len(pins) > 2 and "--hash=sha256:" in text and "--require-hashes" in command
    assert {name: version for name, version in pins if metadata.version(name) != version} == {}


def make_folder(machine: Machine, command: str) -> None:
    """Its group is nginx's where root may say so; its owner is whoever runs this."""
    ours = r"-[og] frontdesk " if not os.geteuid() else r"-[og] \S+ "
    machine.do(re.sub(ours, "", command.removeprefix("sudo ")))


def settings(machine: Machine, command: str) -> None:
    """With the port of this test in its address; a name that is there already stands anew."""
    first, *lines = command.replace(f"https://{HOST}", f"https://{HOST}:{machine.ports[1]}").split(
        "\n"
    )
    path = Path(machine.below(first.removeprefix("# ")))
    names = tuple(line.split("=")[0] for line in lines if line)
    kept = [one for one in path.read_text().splitlines() if not one.startswith(names)]
    path.write_text("\n".join([*kept, *lines]))


def as_written(machine: Machine, command: str) -> None:
    machine.do(re.sub(r"^sudo (-u frontdesk )?", "", command).replace("| less", "| cat"))


def create_user(machine: Machine, command: str) -> None:
    machine.do(command.removeprefix("sudo -u frontdesk ") + " --password-stdin", PASSWORD)


def enable(machine: Machine, command: str) -> None:
    """Servers start; what a timer starts is done once."""
    for name in shlex.split(command)[4:]:
        if name.endswith(".timer"):
            run, env = machine.unit(name.replace(".timer", ".service"))
            words = [f"{key}={value}" for key, value in env.items()]
            machine.do(shlex.join(["env", *words, *run]))
        elif not name.endswith(".socket"):
            start(machine, name.removesuffix(".service"))


def start(machine: Machine, name: str) -> None:
    """A unit's program; the site's listens at the socket that systemd would hold."""
    run, env = machine.unit(f"{name}.service")
    socket = machine.root / SOCKET
    if name != "frontdesk":
        machine.start(name, run, **env)
        return
    socket.parent.mkdir(parents=True, exist_ok=True)
    socket.unlink(missing_ok=True)
    machine.start(name, run, **env, BIND=f"unix:{socket}")
    machine.wait(socket.exists)
    if not os.geteuid():
        shutil.chown(socket, group="www-data")  # as the .socket unit says
        socket.chmod(0o660)


def stop(machine: Machine, command: str) -> None:
    for name in shlex.split(command)[3:]:
        if name in machine.running:
            machine.stop(name)


def disable(machine: Machine, command: str) -> None:
    machine.stop(shlex.split(command)[4])


def start_again(machine: Machine, command: str) -> None:
    start(machine, shlex.split(command)[3])
    look(machine, LOOK)


def restart(machine: Machine, command: str) -> None:
    """The site, and what is before it."""
    stop(machine, command)
    start(machine, "frontdesk")
    if "apache2" in command:
        start_front(machine, "apache2", [*apache(machine), "-DFOREGROUND"])
    if not command.endswith("frontdesk") or "nginx" in machine.running:
        look(machine, LOOK)


def create_database(machine: Machine, command: str) -> None:
    """In a server of PostgreSQL that is this test's; PGHOST says where."""
    url = make_url(machine.stack.enter_context(postgresql.server()))
    machine.own["PGHOST"] = str(url.query["host"])
    machine.do(command.removeprefix("sudo -u postgres ") + " --username postgres")


def write_front(machine: Machine, command: str) -> None:
    """For ports, a socket and a certificate of this test."""
    http, https = machine.ports
    at = f" --listen 127.0.0.1 --listen-http {http} --listen-https {https}"
    own = f" --certificate /etc/frontdesk/cert.pem --key /etc/frontdesk/key.pem{at}"
    own += " --log /tmp/access.log"
    as_written(machine, f"{command}{own} --upstream unix:{machine.root / SOCKET}")


def write_uwsgi(machine: Machine, command: str) -> None:
    """For the socket of this test, and Debian's Python."""
    as_written(machine, f"{command} --upstream unix:{machine.root / SOCKET}")
    use_debians_python(machine.root / "tmp/uwsgi/uwsgi.ini")


def nginx(machine: Machine) -> list[str]:
    """nginx by itself, with what lies in sites-enabled: Debian's nginx.conf says user and pid."""
    at = machine.root / "etc/nginx"
    main = at / "nginx.conf"
    if not main.exists():
        main = deploying.write_alone("nginx", deploying.Place(), at)
        enabled = main.read_text().replace("include frontdesk.conf", "include sites-enabled/*.conf")
        main.write_text(enabled)
    return ["nginx", "-p", str(at), "-c", str(main)]


def apache(machine: Machine) -> list[str]:
    """Apache by itself, likewise: Debian's ports.conf and modules say the rest."""
    at = machine.root / "etc/apache2"
    http, https = machine.ports
    place = replace(deploying.Place(), listen="127.0.0.1", http=http, https=https)
    main = deploying.write_alone("apache", place, at)
    named = main.read_text().replace("Include frontdesk.conf", "Include sites-enabled/*.conf")
    main.write_text(named)
    return ["apache2", "-d", str(at), "-f", str(main)]


def take_configuration(machine: Machine, command: str) -> None:
    """`nginx -t`, `apachectl -t`."""
    server = apache if "apache" in command else nginx
    machine.do(shlex.join([*server(machine), "-t"]))


def reload_nginx(machine: Machine, command: str) -> None:
    start_front(machine, "nginx", [*nginx(machine), "-g", "daemon off;"])
    look(machine, LOOK)


def start_front(machine: Machine, name: str, words: list[str]) -> None:
    """One has the ports at a time; the document stops nginx for Apache itself."""
    if name in machine.running:
        machine.stop(name)
    machine.start(name, words)


def look(machine: Machine, command: str) -> None:
    """At this machine, until it answers."""
    port = machine.ports[1]
    here = f"--resolve {HOST}:{port}:127.0.0.1 --cacert /etc/frontdesk/cert.pem"
    words = command.replace(f"https://{HOST}", f"{here} https://{HOST}:{port}")
    said = ""

    def answers() -> bool:
        nonlocal said
        with suppress(AssertionError):
            said = machine.do(words)
        return said.startswith("HTTP/2 200")

    machine.wait(answers)
    assert "strict-transport-security" in said and "__Host-frontdesk=" in said


def modules(machine: Machine, command: str) -> None:
    """That Debian's Apache has them."""
    if not Path("/etc/apache2/mods-available").exists():
        pytest.skip("apache2 is missing: run tests/install.sh")
    for name in shlex.split(command)[2:]:
        assert Path(f"/etc/apache2/mods-available/{name}.load").exists(), name


FOLLOWED: dict[str, Callable[[Machine, str], None]] = {
    r"# /srv/frontdesk/instance/config.py\n": settings,
    r"sudo apt install -y ": packages,
    r"sudo git clone ": clone,
    r"sudo git pull": as_written,
    r"cd ": enter,
    r"sudo python3 -m venv ": venv,
    r"sudo \.venv/bin/python -m pip install ": pip,
    r"sudo install (-d|-m 0640 -g frontdesk) ": make_folder,
    r"sudo install (-D )?-m 0644 ": as_written,
    r"sudo rm -f ": as_written,
    r"sudo openssl req ": as_written,
    r"sudo -u frontdesk \.venv/bin/flask deploy (nginx|apache) ": write_front,
    r"sudo -u frontdesk \.venv/bin/flask deploy systemd ": as_written,
    r"sudo -u frontdesk \.venv/bin/flask deploy uwsgi ": write_uwsgi,
    r"sudo -u frontdesk \.venv/bin/flask user create ": create_user,
    r"sudo -u frontdesk \.venv/bin/flask (backup|move) ": as_written,
    r"sudo -u postgres createdb ": create_database,
    r"sudo systemctl enable --now ": enable,
    r"sudo systemctl disable --now ": disable,
    r"sudo systemctl stop ": stop,
    r"sudo systemctl start frontdesk$": start_again,
    r"sudo systemctl restart ": restart,
    r"sudo (nginx|apachectl) -t": take_configuration,
    r"sudo systemctl reload nginx": reload_nginx,
    r"curl ": look,
    r"sudo a2enmod ": modules,
}
