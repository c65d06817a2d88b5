"""flask check before what we write ourselves, Apache, no front at all, and nobody."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import current_app
from tests.check.conftest import Sites, unwell
from tests.check.fronts import (
    HOST,
    Block,
    free_port,
    program,
    run_front,
    start_apache,
    start_nginx,
)

from frontdesk.check import outside, service
from frontdesk.check.finding import OK, Finding, worst
from frontdesk.check.outside import Way, server
from frontdesk.check.visit import Visit
from frontdesk.deploying import Place, write_alone

pytestmark = pytest.mark.server
Keep = Callable[[subprocess.Popen[bytes]], None]
ALONE = "TRUSTED_PROXIES = 0"


def lines(findings: list[Finding]) -> dict[str, str]:
    return {id: one.change.line for id, one in unwell(findings).items()}


@pytest.fixture(scope="module")
def ours(sites: Sites, until_end: Keep) -> Callable[[str], Place]:
    """Starts what `flask deploy` writes."""

    def start(what: str) -> Place:
        folder = sites.folder / f"our-{what}"
        place = Place(
            host=HOST,
            listen="127.0.0.1",
            http=free_port(),
            https=free_port(),
            certificate=str(sites.folder / "good.pem"),
            key=str(sites.folder / "good.key"),
            upstream=f"127.0.0.1:{sites.port('1')}",
            instance=str(sites.folder / "instance"),
        )
        main = write_alone(what, place, folder)
        name, more = ("nginx", ["-g", "daemon off;"]) if what == "nginx" else ("apache2", [])
        at, file = ("-p", "-c") if what == "nginx" else ("-d", "-f")
        words = [program(name), at, str(folder), file, str(main)]
        until_end(run_front([*words, *(more or ["-DFOREGROUND"])], folder / f"{what}.pid", folder))
        return place

    return start


@pytest.mark.parametrize("what", ["nginx", "apache"])
def test_before_ours_all_is_well(what: str, sites: Sites, ours: Callable[[str], Place]) -> None:
    place = ours(what)
    found = sites.look(f"https://{HOST}:{place.https}", plain_port=place.http)
    assert lines(found) == {}
    assert worst(found) == OK and len(found) > 25


def test_without_a_front_all_is_well(sites: Sites) -> None:
    assert lines(sites.look(f"http://127.0.0.1:{sites.port('0')}")) == {}


def arrive(sites: Sites) -> Visit:
    with sites.app.app_context():
        way = Way(f"http://127.0.0.1:{sites.port('0')}", "127.0.0.1", 0)
        return outside._arrive(way, current_app.config["SECRET_KEY"], service.house())


def test_the_time_of_a_long_look_is_no_difference_of_clocks(sites: Sites) -> None:
    visit = arrive(sites)
    facts = visit.first.facts
    facts["server"]["time"] -= 100  # that long ago we arrived
    late = replace(visit, first=replace(visit.first, body=json.dumps(facts).encode()))
    assert [finding.level for finding in server.clock(late)] == [OK]


def test_one_that_breaks_does_not_silence_the_others(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(visit: Visit) -> Iterator[Finding]:
        yield from json.loads("an answer that something on the way has changed")

    monkeypatch.setattr(server, "CHECKS", (broken, *server.CHECKS))
    found = sites.look(f"http://127.0.0.1:{sites.port('0')}")
    assert "broken" in unwell(found)
    assert "broken can’t be looked at: JSONDecodeError" in unwell(found)["broken"].words
    assert "server.clock" in {finding.id for finding in found}


def test_a_proxy_is_believed_that_is_not_there(sites: Sites) -> None:
    found = lines(sites.look(f"http://127.0.0.1:{sites.port('1')}"))
    assert found == dict.fromkeys(["trust.scheme", "trust.host", "trust.address"], ALONE)


def test_an_apache_by_a_tutorial(sites: Sites, until_end: Keep) -> None:
    port, folder = free_port(), sites.folder
    own = ["AllowMethods GET POST OPTIONS", "Header always append X-Frame-Options SAMEORIGIN"]
    until_end(start_apache(folder, sites.port("careless"), port, *own))
    found = unwell(sites.look(f"https://{HOST}:{port}"))
    assert {id: one.change.line for id, one in found.items()} == {
        "trust.scheme": 'RequestHeader set X-Forwarded-Proto "https"',
        "trust.names": "RequestHeader unset SCRIPT_NAME early",
        "methods": "AllowMethods GET HEAD POST PUT PATCH DELETE OPTIONS",
        "answer.headers": "# Header always set X-Frame-Options …",
    }
    path, _, number = found["methods"].change.file.rpartition(":")
    assert Path(path) == folder / "apache.conf"
    assert Path(path).read_text().splitlines()[int(number) - 1].strip().startswith("AllowMethods")


@pytest.fixture(scope="module")
def doors(sites: Sites, until_end: Keep) -> dict[str, Block]:
    """A right nginx, one with nobody behind it, and one without TLS."""
    found = {"right": Block(sites.port("1")), "lonely": Block(free_port())}
    plain = Block(sites.port("1"))
    text = plain.text(sites.folder).replace(" ssl;", ";").replace("ssl_", "# ssl_")
    blocks = [*(each.text(sites.folder) for each in found.values()), text]
    until_end(start_nginx(sites.folder / "others", blocks))
    return found | {"plain": plain}


def test_http_that_leads_nowhere(sites: Sites, doors: dict[str, Block]) -> None:
    url = f"https://{HOST}:{doors['right'].port}"
    found = lines(sites.look(url, plain_port=doors["plain"].port))
    assert found == {"tls.plain": "return 301 https://$host$request_uri;"}


def test_no_https_at_all(sites: Sites, doors: dict[str, Block]) -> None:
    found = unwell(sites.look(f"http://{HOST}:{doors['plain'].port}"))
    assert found.keys() == {"tls.plain"} and "passwords can be read" in found["tls.plain"].said


def test_a_certificate_that_nobody_vouches_for(
    sites: Sites, doors: dict[str, Block], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    url = f"https://{HOST}:{doors['right'].port}"
    assert unwell(sites.look(url))["tls.certificate"].level == "wrong"
    assert unwell(sites.look(url, insecure=True))["tls.certificate"].level == "warning"


def test_an_app_that_is_not_there(sites: Sites, doors: dict[str, Block]) -> None:
    (found,) = sites.look(f"https://{HOST}:{doors['lonely'].port}")
    assert (found.id, found.level, found.facts["status"]) == ("reach", "wrong", 502)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"https://{HOST}:1", "Nobody answers"),
        ("ftp://files.example.org", "Nobody answers"),
        ("http://{site}", "is not this site"),
    ],
)
def test_nobody_and_somebody_else(
    url: str, said: str, sites: Sites, doors: dict[str, Block]
) -> None:
    (found,) = sites.look(url.format(site=f"127.0.0.1:{doors['right'].port}"))
    assert (found.id, found.level) == ("reach", "wrong") and said in found.said
