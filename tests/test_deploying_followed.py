"""docs/deploying.md, command by command, below a temporary root: /srv, /etc, /var, /run and /tmp.

Each command is followed, or stands in ELSEWHERE with why it can't be here. A command of the
document that is in neither fails the test.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import cluster
from tests.followed import ELSEWHERE, FOLLOWED
from tests.fronts.starting import PATH
from tests.machine import Machine
from tests.serve.conftest import ROOT

pytestmark = [
    pytest.mark.server,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("deploying-followed"),
]
BASE = ("etc/systemd/system", "etc/nginx/sites-enabled", "etc/apache2/sites-enabled", "tmp")
POSTGRESQL, APACHE, UWSGI = (
    "When it grows: PostgreSQL",
    "Apache instead of nginx",
    "uWSGI instead of gunicorn",
)


def commands(part: str) -> Iterator[str]:
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```", part, re.DOTALL | re.MULTILINE):
        assert language in {"sh", "python"}, f"nobody follows a block of {language}"
        yield from [block] if language == "python" else block.splitlines()


def parts() -> dict[str, str]:
    """Of the document, by their headings."""
    text = (ROOT / "docs/deploying.md").read_text()
    found = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(found[::2], found[1::2], strict=True))


def follow(machine: Machine, heading: str) -> None:
    """Each command that ends with an error fails, and so does `look` where there is no site."""
    for command in commands(parts()[heading]):
        for pattern, step in FOLLOWED.items():
            if re.match(pattern, command):
                step(machine, command)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """One on which the document was followed up to its way to upgrade."""
    for name in ("nginx", "openssl", "curl", "git"):
        if not shutil.which(name, path=f"{os.environ['PATH']}:{PATH}"):
            pytest.skip(f"{name} is missing: run tests/install.sh")
    machine = Machine(Path(tempfile.mkdtemp(prefix="deploying-")))
    machine.root.chmod(0o755)
    for name in BASE:
        (machine.root / name).mkdir(parents=True)
    try:
        for heading in parts():
            if heading == POSTGRESQL:
                break
            follow(machine, heading)
        yield machine
    finally:
        machine.end()
        shutil.rmtree(machine.root)


def test_each_command_is_followed_or_said_why_not() -> None:
    given = [command for part in parts().values() for command in commands(part)]
    for pattern in (*FOLLOWED, *ELSEWHERE):
        assert any(re.match(pattern, command) for command in given), f"none is {pattern}"
    for command in given:
        rules = [one for one in (*FOLLOWED, *ELSEWHERE) if re.match(one, command)]
        assert len(rules) == 1, f"{command}: {rules}"


def test_the_document_followed_leads_to_a_site_with_tls(machine: Machine) -> None:
    backups = list((machine.root / "var/backups/frontdesk/snapshots").iterdir())
    assert len(backups) >= 2, "one by the timer's unit, one before the upgrade"
    assert {"frontdesk", "nginx"} <= set(machine.running)


def test_it_leads_on_to_postgresql(machine: Machine) -> None:
    if not list(Path("/usr").glob(cluster.PROGRAMS)):
        pytest.skip("postgresql is missing: run tests/install.sh")
    follow(machine, POSTGRESQL)
    users = machine.do("psql -d frontdesk -U frontdesk -Atc 'SELECT username FROM members'")
    assert users == "YOURNAME\n", "who was made before is in the new database"
    machine.wait(lambda: "Waiting for jobs" in machine.said)


def test_it_leads_on_to_apache(machine: Machine) -> None:
    if not Path("/usr/lib/apache2/modules/mod_xsendfile.so").exists():
        pytest.skip("libapache2-mod-xsendfile is missing: run tests/install.sh")
    follow(machine, APACHE)
    assert "nginx" not in machine.running and "apache2" in machine.running
    machine.stop("apache2")


def test_it_leads_on_to_uwsgi(machine: Machine) -> None:
    if not Path("/usr/lib/uwsgi/plugins/python3_plugin.so").exists():
        pytest.skip("uwsgi-plugin-python3 is missing: run tests/install.sh")
    follow(machine, UWSGI)
    assert "uwsgi" in str(machine.running["frontdesk"].args)
