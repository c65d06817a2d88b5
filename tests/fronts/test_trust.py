"""What the site believes of a request: its front server's word, and nobody else's."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from tests.fronts.front import Front, behind, kinds
from tests.fronts.guest import Guest
from tests.serve.test_upload import answer_on

SPOOFED = [
    "X-Forwarded-For: 198.51.100.1",
    "X-Forwarded-Proto: ftp",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Port: 1",
    "X-Forwarded-Prefix: /evil",
    "X-Forwarded-Server: evil.example",
    "X-Forwarded-Protocol: ssl",
    "X-Forwarded-Ssl: on",
    "Forwarded: for=198.51.100.1;proto=ftp;host=evil.example",
    "X-Real-IP: 198.51.100.1",
    "Script-Name: /evil",
    "SCRIPT_NAME: /evil",
    "Path-Info: /evil",
    "PATH_INFO: /evil",
    "REMOTE_ADDR: 198.51.100.1",
    "X_Forwarded_For: 198.51.100.1",
    "X-Forwarded_For: 198.51.100.1",
    "X_Forwarded_Proto: ftp",
    "X_Forwarded_Host: evil.example",
    "HTTP_X_FORWARDED_FOR: 198.51.100.1",
    "Proxy: http://evil.example",
    "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "Tracestate: evil=evil",
]
# What no gateway's variable is called after, so it may pass.
ODD = ["HTTPS: evil", "wsgi.url_scheme: ftp", "Remote-Addr: 198.51.100.1", "Evil: evil"]
MARKS = ("evil", "198.51.100.1", "ftp", "b7ad6b7169203331")


def mirrored(front: Front, *headers: str) -> dict[str, Any]:
    """What reached the site of a request with these headers."""
    lines = ["GET /mirror HTTP/1.1", f"Host: {front.guest().host}", *headers, "Connection: close"]
    with front.dial() as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = answer_on(line)
    assert answer.status == 200, answer.body
    return dict(json.loads(answer.body))


def believed(seen: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in seen.items() if name != "headers"}


@behind
@pytest.mark.parametrize("more", ["close, ", "keep-alive,", ""])
def test_what_the_front_says_can_not_be_taken_back(front: Front, more: str) -> None:
    """A proxy takes out of a request what its Connection names: ours too, after they were added."""
    names = "X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, X-Request-ID, X-Sendfile-Type"
    seen = mirrored(front, f"Connection: {more}{names}")
    plain = mirrored(front)
    assert believed(seen) == believed(plain) and seen["headers"].keys() >= plain["headers"].keys()


def test_the_visitors_address_and_the_scheme_are_seen_right(front: Front) -> None:
    scheme, host = front.guest().home.split("://")
    assert believed(mirrored(front)) == {
        "address": "127.0.0.1", "secure": scheme == "https", "host": host, "root": "",
        "url": f"{scheme}://{host}/mirror",
    }  # fmt: skip


@pytest.mark.parametrize("header", SPOOFED + ODD)
def test_nothing_that_a_visitor_says_of_it_is_believed(front: Front, header: str) -> None:
    assert believed(mirrored(front, header)) == believed(mirrored(front))


def test_all_of_it_at_once_and_twice_is_not_believed(front: Front) -> None:
    assert believed(mirrored(front, *SPOOFED, *SPOOFED)) == believed(mirrored(front))


@behind
def test_the_front_server_lets_none_of_it_through(front: Front) -> None:
    """The site would not believe it; behind it something else may."""
    found = mirrored(front, *SPOOFED)["headers"]
    assert {n: v for n, v in found.items() if any(mark in v for mark in MARKS)} == {}
    assert "evil" in mirrored(front, "X-Other: evil")["headers"].values(), "they would be seen"


def test_the_log_says_where_a_visitor_came_from(front: Front) -> None:
    assert front.guest().ask("GET", "/help", X_Forwarded_For="203.0.113.7").status == 200
    assert front.requests("/help")[-1]["address"] == "127.0.0.1"


@behind
def test_the_front_servers_id_of_a_request_stands_in_the_sites_log(front: Front) -> None:
    """It is the one that the visitor is shown, and never the visitor's own."""
    seen = {}
    for number in range(2):
        path = f"/no-such-page-{number}"
        answer = front.guest().ask("GET", path, X_Request_ID="chosen-by-a-visitor")
        seen[path] = answer.headers["X-Request-ID"]
        assert front.requests(path)[-1]["request_id"] == seen[path]
    assert len(set(seen.values())) == 2 and "chosen-by-a-visitor" not in seen.values()
    sent = [mirrored(front, "X-Request-ID: mine-012")["headers"] for _ in range(2)]
    (first, second) = (one["HTTP_X_REQUEST_ID"] for one in sent)
    assert re.fullmatch("[0-9a-f]{32}", first) and first != second, "the front server made it"
    assert front.requests("/mirror")[-1]["request_id"] == second


@kinds("gunicorn")
def test_without_a_front_server_the_site_numbers_requests_itself(front: Front) -> None:
    answer = front.guest().ask("GET", "/no-such-page", X_Request_ID="chosen-by-a-visitor")
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])


@behind
@pytest.mark.parametrize("header", ["X-Accel-Redirect", "X-Sendfile", "X-Accel-Buffering"])
def test_no_visitor_can_name_a_file_of_the_machine(front: Front, header: str) -> None:
    seen = mirrored(front, f"{header}: /_files/../secret-key", f"{header}: /etc/passwd")
    assert believed(seen) == believed(mirrored(front))


@behind
@pytest.mark.parametrize(
    "address",
    ["/_files/", "/_files/00/x", "/_files/staging/", "/_files/../secret-key", "//_files/"],
)
def test_where_files_lie_is_no_address(front: Front, alice: Guest, address: str) -> None:
    (blob, *_) = front.site.blobs
    for asked in (address, f"/_files/{blob.parent.name}/{blob.name}"):
        assert alice.ask("GET", asked).status == 404


@kinds("gunicorn")
def test_a_host_that_is_not_ours_is_refused(front: Front) -> None:
    assert front.guest().ask("GET", "/login", Host="evil.example").status == 400


@kinds("nginx-gunicorn")
def test_without_trust_not_even_the_front_server_is_believed(front: Front, make_front) -> None:
    seen = mirrored(make_front("nginx-gunicorn", TRUSTED_PROXIES=0), *SPOOFED)
    assert not seen["secure"]
    assert "198.51.100.1" not in json.dumps(believed(seen))
