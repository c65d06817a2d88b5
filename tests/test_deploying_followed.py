"""docs/deploying.md, command by command, below a temporary root: /srv, /etc, /var, /run and /tmp.

Each command is followed, or stands in ELSEWHERE with why it can't be here. A command of the
document that is in neither fails the test.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest
from tests.fronts.starting import PATH
from tests.machine import Machine
from tests.serve.conftest import PASSWORD, PATIENCE, ROOT

from frontdesk import deploying

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]
HOST = deploying.Place().host
SOCKET = "run/frontdesk/http.sock"
BASE = ("etc/systemd/system", "etc/nginx/sites-enabled", "etc/apache2/sites-enabled", "tmp")
ELSEWHERE = {
    r"sudo apt update": "changes the machine's lists of packages",
    r"sudo useradd ": "would add a user to this machine; the tests' own user is the site's",
    r"sudo systemctl daemon-reload": "there is no systemd; units are read where they are started",
    r"sudo certbot ": "Let's Encrypt must reach the host; the certificate is the next command's",
    r"sudo -u postgres create(user|db) ": "tests/postgresql.py makes that user in its own server",
    r"sudo systemctl stop frontdesk$": "only flask move needs it, which is the next command",
    r"sudo -u frontdesk \.venv/bin/flask move ": "tests/test_move.py moves sites",
    r"sudo apachectl -t": "reads this machine's Apache; tests/test_deploying.py gives it its file",
    r"sudo systemctl reload apache2": "tests/fronts starts Apache with that file",
    r"podman ": "there is no engine for containers; see tests/test_containerfile.py",
    r"\.venv/bin/flask deploy nginx .*--upstream 127": "belongs to the container's port",
}


def commands() -> Iterator[str]:
    text = (ROOT / "docs/deploying.md").read_text()
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        assert language in {"sh", "python"}, f"nobody follows a block of {language}"
        yield from [block] if language == "python" else block.splitlines()


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
    """With the port of this test in its address."""
    place = command.partition("\n")[0].removeprefix("# ")
    named = command.replace(f"https://{HOST}", f"https://{HOST}:{machine.ports[1]}")
    Path(machine.below(place)).write_text(named)


def as_written(machine: Machine, command: str) -> None:
    machine.do(re.sub(r"^sudo (-u frontdesk )?", "", command).replace("| less", "| cat"))


def create_user(machine: Machine, command: str) -> None:
    machine.do(command.removeprefix("sudo -u frontdesk ") + " --password-stdin", PASSWORD)


def enable(machine: Machine, command: str) -> None:
    """Servers start, at the socket that systemd would hold; what a timer starts is done once."""
    for name in shlex.split(command)[4:]:
        run, env = machine.unit(name.replace(".timer", ".service").replace(".socket", ".service"))
        if name.endswith(".timer"):
            words = [f"{key}={value}" for key, value in env.items()]
            machine.do(shlex.join(["env", *words, *run]))
        elif name.endswith(".service"):
            socket = machine.root / SOCKET
            socket.parent.mkdir(parents=True, exist_ok=True)
            machine.start("site", run, **env, BIND=f"unix:{socket}")
            until = time.monotonic() + PATIENCE
            while not socket.exists():
                assert time.monotonic() < until, machine.said
                time.sleep(0.05)
            if not os.geteuid():
                shutil.chown(socket, group="www-data")  # as the .socket unit says
                socket.chmod(0o660)


def restart(machine: Machine, command: str) -> None:
    machine.stop("site")
    enable(machine, "sudo systemctl enable --now frontdesk.service")
    look(machine, f"curl -sSI https://{HOST}/login")


def write_front(machine: Machine, command: str) -> None:
    """For ports and a certificate of this test."""
    http, https = machine.ports
    at = f" --listen 127.0.0.1 --listen-http {http} --listen-https {https}"
    own = f" --certificate /etc/frontdesk/cert.pem --key /etc/frontdesk/key.pem{at}"
    own += " --log /tmp/access.log"
    as_written(machine, f"{command}{own} --upstream unix:{machine.root / SOCKET}")


def nginx(machine: Machine) -> list[str]:
    """nginx by itself, with what lies in sites-enabled: Debian's nginx.conf says user and pid."""
    at = machine.root / "etc/nginx"
    main = at / "nginx.conf"
    if not main.exists():
        main = deploying.write_alone("nginx", deploying.Place(), at)
        enabled = main.read_text().replace("include frontdesk.conf", "include sites-enabled/*.conf")
        main.write_text(enabled)
    return ["nginx", "-p", str(at), "-c", str(main)]


def take_configuration(machine: Machine, command: str) -> None:
    """`nginx -t`."""
    machine.do(shlex.join([*nginx(machine), "-t"]))


def reload_nginx(machine: Machine, command: str) -> None:
    """The first time it starts."""
    machine.start("nginx", [*nginx(machine), "-g", "daemon off;"])


def look(machine: Machine, command: str) -> None:
    """At this machine, until it answers."""
    port = machine.ports[1]
    here = f"--resolve {HOST}:{port}:127.0.0.1 --cacert /etc/frontdesk/cert.pem"
    words = command.replace(f"https://{HOST}", f"{here} https://{HOST}:{port}")
    until = time.monotonic() + PATIENCE
    while True:
        try:
            said = machine.do(words)
            if said.startswith("HTTP/2 200"):
                break
        except AssertionError:
            said = ""
        assert time.monotonic() < until, said + machine.said
        time.sleep(0.1)
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
    r"sudo install -d ": make_folder,
    r"sudo install -m ": as_written,
    r"sudo rm -f ": as_written,
    r"sudo openssl req ": as_written,
    r"sudo -u frontdesk \.venv/bin/flask deploy (nginx|apache) ": write_front,
    r"sudo -u frontdesk \.venv/bin/flask deploy (systemd|uwsgi) ": as_written,
    r"sudo -u frontdesk \.venv/bin/flask user create ": create_user,
    r"sudo -u frontdesk \.venv/bin/flask backup ": as_written,
    r"sudo systemctl enable --now ": enable,
    r"sudo systemctl restart frontdesk$": restart,
    r"sudo nginx -t": take_configuration,
    r"sudo systemctl reload nginx": reload_nginx,
    r"curl ": look,
    r"sudo a2enmod ": modules,
}


@pytest.fixture
def machine() -> Iterator[Machine]:
    for name in ("nginx", "openssl", "curl", "git"):
        if not shutil.which(name, path=f"{os.environ['PATH']}:{PATH}"):
            pytest.skip(f"{name} is missing: run tests/install.sh")
    machine = Machine(Path(tempfile.mkdtemp(prefix="deploying-")))
    machine.root.chmod(0o755)
    for name in BASE:
        (machine.root / name).mkdir(parents=True)
    yield machine
    for name in list(machine.running):
        machine.stop(name)
    shutil.rmtree(machine.root)


def test_each_command_is_followed_or_said_why_not() -> None:
    given = list(commands())
    for pattern in (*FOLLOWED, *ELSEWHERE):
        assert any(re.match(pattern, command) for command in given), f"none is {pattern}"
    for command in given:
        rules = [one for one in (*FOLLOWED, *ELSEWHERE) if re.match(one, command)]
        assert len(rules) == 1, f"{command}: {rules}"


def test_the_document_followed_leads_to_a_site_with_tls(machine: Machine) -> None:
    """`look` fails where it doesn't; so does each command that ends with an error."""
    for command in commands():
        for pattern, follow in FOLLOWED.items():
            if re.match(pattern, command):
                follow(machine, command)
    backups = list((machine.root / "var/backups/frontdesk/snapshots").iterdir())
    assert len(backups) >= 2, "one by the timer's unit, one before the upgrade"
