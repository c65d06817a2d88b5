"""What the front server does itself: TLS, HTTP/2, http to https, strange hosts, its own pages."""

from __future__ import annotations

import http.client
import socket
import ssl
import subprocess
import time
from collections.abc import Callable

import pytest
from tests.fronts.front import PROXIED, Front, behind
from tests.fronts.guest import HOST, Guest, dial
from tests.fronts.starting import program
from tests.serve.conftest import PATIENCE
from tests.serve.test_upload import answer_on


def curl(front: Front, path: str, *words: str) -> str:
    """What curl says of one request over TLS."""
    own = ["--silent", "--show-error", "--cacert", str(front.certificate), *words]
    own += ["--resolve", f"{HOST}:{front.port}:127.0.0.1", f"https://{HOST}:{front.port}{path}"]
    done = subprocess.run([program("curl"), *own], capture_output=True, text=True, timeout=30)
    assert not done.returncode, done.stderr
    return done.stdout


@behind
@pytest.mark.parametrize(
    "path", ["/", "/path/a%20b/%E4%B8%AD?q=1&r=%2F", "//evil.example/", "/%0d%0aSet-Cookie:x"]
)
def test_http_leads_to_the_same_address_on_https(front: Front, path: str) -> None:
    plain = Guest(front.http or 0)
    answer = plain.ask("GET", path, Host=f"{HOST}:{front.http}")
    assert answer.status in {301, 308}
    # Apache makes one slash of two and writes %e4 for %E4, which is the same address.
    same = {
        f"{front.guest().home}{path}".lower(),
        f"{front.guest().home}/{path.lstrip('/')}".lower(),
    }
    assert answer.headers["Location"].lower() in same
    assert "Set-Cookie" not in answer.headers


@behind
def test_http_2_is_spoken(front: Front) -> None:
    assert curl(front, "/ak", "--http2", "--write-out", " %{http_version}").endswith(" 2")


@behind
def test_an_upload_and_a_download_over_http_2(front: Front, alice: Guest) -> None:
    shown = ["--http2", "--header", f"Authorization: Bearer {alice.make_token()}"]
    sent = front.folder / "sent.bin"
    sent.write_bytes(b"0123456789" * 300_000)
    curl(front, "/path/two.bin", *shown, "--upload-file", str(sent))
    got = front.folder / "got.bin"
    curl(front, "/path/two.bin?download=1", *shown, "--output", str(got))
    assert got.read_bytes() == sent.read_bytes()


@behind
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_of_today_is_spoken(front: Front, version: ssl.TLSVersion) -> None:
    context = ssl.create_default_context(cafile=str(front.certificate))
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", front.port), 20) as line,
        context.wrap_socket(line, server_hostname=HOST) as safe,
    ):
        assert safe.cipher()


@behind
def test_tls_of_yesterday_is_refused(front: Front) -> None:
    asked = ["s_client", "-connect", f"127.0.0.1:{front.port}", "-servername", HOST, "-tls1_1"]
    words = [program("openssl"), *asked, "-cipher", "DEFAULT@SECLEVEL=0"]
    done = subprocess.run(words, input=b"", capture_output=True, timeout=30)
    assert done.returncode and b"alert protocol version" in done.stderr


@behind
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "", "files.example.org.evil.example"]
)
def test_a_strange_host_gets_nothing_from_us(front: Front, host: str) -> None:
    ask = f"GET /login HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    with dial(front.http or 0) as line:
        line.sendall(ask)
        assert_nothing_of_ours(line, front)
    with front.dial() as line:
        line.sendall(ask)
        assert_nothing_of_ours(line, front)


def assert_nothing_of_ours(line: socket.socket, front: Front) -> None:
    """The line is closed, or a refusal comes that leads nowhere."""
    before = len(front.requests("/login", wait=False))
    try:
        answer = answer_on(line)
    except (http.client.RemoteDisconnected, OSError):
        return
    assert answer.status in {400, 403, 404, 421}
    assert "Location" not in answer.headers
    assert len(front.requests("/login", wait=False)) == before, "the site never heard of it"


def test_when_the_site_is_down_a_page_of_ours_says_so(make_front: Callable[..., Front]) -> None:
    for kind in PROXIED:
        front = make_front(kind)
        until = time.monotonic() + PATIENCE
        while not (page := front.folder / "instance/assets/standby/down.html").exists():
            assert time.monotonic() < until
            time.sleep(0.05)
        front.site.crash()
        answer = front.guest().ask("GET", "/hello/")
        assert answer.status in {502, 503}
        assert (answer.body, answer.title) == (page.read_bytes(), "The site is not available")
        assert "网站暂时无法访问" in answer.html.get_text()
        assert answer.headers.get_all("Cache-Control") == ["no-store"]
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        sheet = str(answer.html.select_one("link[rel=stylesheet]")["href"])
        assert front.guest().ask("GET", sheet).status == 200
