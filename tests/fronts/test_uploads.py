"""Uploads through each combination: forms, pieces over a broken line, programs, and an early no."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from tests.files.tus import OCTETS, TUS, metadata
from tests.files.wire import CONTENT_TYPE, multipart
from tests.fronts.front import Front, kinds
from tests.fronts.guest import Guest
from tests.serve.answer import Answer
from tests.serve.test_upload import answer_on

MB = 1_000_000
HOSTILE = '../../<b>报告<b>\u202etxt.\r\nX-Evil: 1;".exe'


def post(guest: Guest, name: str, data: bytes) -> Answer:
    body = multipart({"csrf_token": guest.token()}, [(name, data)])
    return guest.ask("POST", "/upload", body, Content_Type=CONTENT_TYPE)


def begin(guest: Guest, name: str, length: int, **more: str) -> str:
    """A new upload's address."""
    about = {"Upload-Length": str(length), "Upload-Metadata": metadata(filename=name)}
    made = guest.ask("POST", "/uploads/", X_CSRFToken=guest.token(), **TUS, **about, **more)
    assert made.status == 201, made.body
    return made.headers["Location"]


def patch(guest: Guest, address: str, at: int, data: bytes) -> Answer:
    headers = {**TUS, "Upload-Offset": str(at), "Content-Type": OCTETS}
    return guest.ask("PATCH", address, data, **headers)


def offset(guest: Guest, address: str) -> int:
    answer = guest.ask("HEAD", address, **TUS)
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    return int(answer.headers["Upload-Offset"])


def content(guest: Guest, name: str) -> bytes:
    answer = guest.ask("GET", f"/path/{name}?download=1")
    assert answer.status == 200
    return answer.body


def test_a_form_brings_a_small_file(front: Front, alice: Guest) -> None:
    assert post(alice, "small.txt", b"content").status == 303
    assert content(alice, "small.txt") == b"content"


def test_a_form_brings_thirty_megabytes(front: Front, alice: Guest) -> None:
    data = random.Random(1).randbytes(30 * MB)
    assert post(alice, "thirty.bin", data).status == 303
    assert hashlib.sha256(content(alice, "thirty.bin")).digest() == hashlib.sha256(data).digest()


def test_a_hostile_name_is_only_a_name(front: Front, alice: Guest) -> None:
    quoted = HOSTILE.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    assert post(alice, quoted, b"hostile").status == 303
    shown = alice.ask("GET", "/path/").html
    assert not shown.select("b"), "markup in a name is text"
    (address,) = {a["href"] for a in shown.select("a[href^='/path/%3Cb%3E']")}
    answer = alice.ask("GET", f"{address}?download=1")
    assert (answer.status, answer.body) == (200, b"hostile")
    assert "X-Evil" not in answer.headers


def test_an_upload_goes_on_where_the_line_was_cut(front: Front, alice: Guest) -> None:
    data = random.Random(2).randbytes(9 * MB)
    address = begin(alice, "cut.bin", len(data))
    first = 4 * MB
    assert patch(alice, address, 0, data[:first]).status == 204
    lines = [f"PATCH {address} HTTP/1.1", f"Host: {alice.host}", f"Content-Type: {OCTETS}"]
    lines += [f"Upload-Offset: {first}", "Tus-Resumable: 1.0.0", f"Content-Length: {5 * MB}"]
    with front.dial() as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode() + data[first : 6 * MB])
    at = offset(alice, address)
    assert first <= at <= 6 * MB, "what was acknowledged is there, and not more than was sent"
    until = time.monotonic() + 20
    while at < len(data) and time.monotonic() < until:
        answer = patch(alice, address, at, data[at:])
        assert answer.status in {204, 409, 423}, answer.body
        at = offset(alice, address)
    found = hashlib.sha256(content(alice, "cut.bin")).digest()
    assert found == hashlib.sha256(data).digest()


def test_parts_that_came_over_several_lines_become_one(front: Front, alice: Guest) -> None:
    parts = [random.Random(number).randbytes(MB) for number in (3, 4)]
    addresses = []
    for data in parts:
        addresses.append(begin(alice, "part.bin", MB, Upload_Concat="partial"))
        assert patch(alice, addresses[-1], 0, data).status == 204
    joined = {"Upload-Concat": f"final;{' '.join(addresses)}"}
    about = {"Upload-Metadata": metadata(filename="whole.bin"), "X-CSRFToken": alice.token()}
    assert alice.ask("POST", "/uploads/", **TUS, **joined, **about).status == 201
    assert content(alice, "whole.bin") == b"".join(parts)


def test_a_program_puts_a_file_with_a_token(front: Front, alice: Guest) -> None:
    data = random.Random(5).randbytes(20 * MB)
    shown = {"Authorization": f"Bearer {alice.make_token()}"}
    program = front.guest()
    assert program.ask("PUT", "/path/by/program.bin", data, **shown).status == 201
    assert program.ask("GET", "/path/by/program.bin?download=1", **shown).body == data
    assert program.ask("DELETE", "/path/by/program.bin", **shown).status == 204


@kinds("gunicorn", "nginx-gunicorn", "apache-gunicorn")
def test_a_program_may_send_a_body_of_unknown_length(front: Front, alice: Guest) -> None:
    def blocks() -> Iterator[bytes]:
        yield from (bytes([number]) * 50_000 for number in range(40))

    shown = {"Authorization": f"Bearer {alice.make_token()}"}
    assert front.guest().ask("PUT", "/path/chunked.bin", blocks(), **shown).status == 201
    assert content(alice, "chunked.bin") == b"".join(blocks())


@kinds("nginx-uwsgi")
def test_uwsgi_refuses_a_body_of_unknown_length(front: Front, alice: Guest) -> None:
    """It never gives the site such a body: better a no than an empty file."""
    shown = {"Authorization": f"Bearer {alice.make_token()}"}
    program = front.guest()
    assert program.ask("PUT", "/path/unknown.bin", iter([b"x" * 9]), **shown).status == 400
    assert program.ask("GET", "/path/unknown.bin", **shown).status == 404


def early(front: Front, head: list[str], size: int) -> Answer:
    """What is answered to a body that nobody wants to read, sent until the line breaks."""
    lines = [*head, f"Content-Length: {size}", "", ""]
    with front.dial() as line:
        line.sendall("\r\n".join(lines).encode())
        with suppress(OSError):
            for _ in range(size // MB):
                line.sendall(bytes(MB))
        return answer_on(line)


@pytest.mark.parametrize(
    ("ask", "status", "title"),
    [
        ("PUT /path/x.bin", 401, ""),
        ("POST /upload", 401, "Log in to continue"),
        ("POST /nowhere", 404, "Page not found"),
        ("POST /uploads/", 412, ""),
    ],
)
def test_an_early_no_is_shown_as_itself(front: Front, ask: str, status: int, title: str) -> None:
    """Behind nginx a body that the site doesn't read becomes a 502."""
    kind = CONTENT_TYPE if "upload" in ask else "application/x-www-form-urlencoded"
    head = [f"{ask} HTTP/1.1", f"Host: {front.guest().host}", f"Content-Type: {kind}"]
    answer = early(front, head, 15 * MB)
    assert answer.status == status
    assert "wsgi" not in answer.headers.get("Server", "")
    assert answer.title == title or not title


def test_a_form_that_is_too_large_is_told_so(front: Front) -> None:
    """By the front server where there is one, in the site's words."""
    head = ["POST /login HTTP/1.1", f"Host: {front.guest().host}", "Content-Type: text/plain"]
    answer = early(front, head, 40 * MB)
    assert answer.status == 413
    assert answer.title in {"The file is too large", "This is too large"}


def test_a_form_that_is_far_too_large_is_told_so_early(front: Front) -> None:
    """More than the site would read to its end: no answer of its own would get through Apache."""
    head = ["POST /login HTTP/1.1", f"Host: {front.guest().host}", "Content-Type: text/plain"]
    with front.dial() as line:
        line.sendall("\r\n".join([*head, "Content-Length: 9000000000", "", ""]).encode())
        with suppress(OSError):
            for _ in range(70):
                line.sendall(bytes(MB))
        answer = answer_on(line)
    assert answer.status == 413
    assert answer.title in {"The file is too large", "This is too large"}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_form_of_unknown_length_that_is_too_large_is_told_so(front: Front, kind: str) -> None:
    """Read to its end all the same: over a body that still comes the answer would be lost."""
    blocks = iter([b"a=" + b"x" * MB] + [b"x" * MB] * 29)
    answer = front.guest().ask("POST", "/login", blocks, Content_Type=kind)
    assert answer.status in {400, 413}
    assert answer.title != "The site is not available"


def test_a_form_that_says_no_says_it_in_words(front: Front, alice: Guest) -> None:
    """The form without a token is refused by the site, after all of its body came."""
    answer = alice.ask(
        "POST", "/upload", multipart({}, [("a", bytes(9 * MB))]), Content_Type=CONTENT_TYPE
    )
    assert (answer.status, answer.title) == (400, "Your page was open too long")


def test_a_no_to_where_it_shall_lie_comes_early_and_in_words(front: Front, alice: Guest) -> None:
    """A 422 before most of the body came: it is neither a 502 nor a broken line."""
    shown = f"Authorization: Bearer {alice.make_token()}"
    path = "/path/" + "deep/" * 33 + "a.bin"
    answer = early(front, [f"PUT {path} HTTP/1.1", f"Host: {front.guest().host}", shown], 40 * MB)
    assert answer.status == 422, answer.body
    assert b"at most 32 folders deep" in answer.body
