"""/file/UUID/NAME - the bytes, as they were, to their owner only, and harmless."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from tests.browser import Browser, Page
from tests.files.conftest import Books, token

from frontdesk.db import db
from frontdesk.files import service
from frontdesk.files.models import File

Keep = Callable[..., str]
BYTES = bytes(range(256)) * 40
PDF = b"%PDF-1.7\n" + BYTES
HASH = f'"{hashlib.sha256(PDF).hexdigest()}"'


@pytest.fixture
def url(keep: Keep) -> str:
    """A PDF of Alice's."""
    return f"/file/{keep('alice', 'a.pdf', PDF)}/a.pdf"


@pytest.fixture
def blob(app: Flask, url: str) -> Path:
    """Where its bytes lie."""
    with app.app_context():
        file = db.session.get_one(File, uuid.UUID(url.split("/")[2]))
        return service.storage().path(file.blob_id)


def get(browser: Browser, url: str, method: str = "GET", **headers: str):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return browser.client.open(url, method=method, headers=named, buffered=True)


def test_the_owner_gets_the_bytes(alice: Browser, url: str) -> None:
    answer = get(alice, url)
    assert (answer.status_code, answer.data) == (200, PDF)
    assert answer.headers["ETag"] == HASH
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Disposition"] == 'inline; filename="a.pdf"'
    assert answer.headers["Content-Type"] == "application/pdf"


def test_download_says_to_save_it(alice: Browser, url: str) -> None:
    for address in (f"{url}?download=1", "/path/a.pdf?download=1"):
        answer = get(alice, address)
        assert answer.headers["Content-Disposition"] == 'attachment; filename="a.pdf"'
        assert answer.data == PDF


def test_head_has_all_but_the_bytes(alice: Browser, url: str) -> None:
    whole, head = get(alice, url), get(alice, url, "HEAD")
    assert (head.status_code, head.data) == (200, b"")
    for name in ("Content-Length", "ETag", "Content-Type", "Content-Disposition", "Last-Modified"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    ("asked", "part", "said"),
    [
        ("bytes=0-3", PDF[:4], "0-3"),
        ("bytes=10000-", PDF[10_000:], f"10000-{len(PDF) - 1}"),
        ("bytes=-5", PDF[-5:], f"{len(PDF) - 5}-{len(PDF) - 1}"),
        ("bytes=-999999", PDF, f"0-{len(PDF) - 1}"),
        ("bytes=5-999999", PDF[5:], f"5-{len(PDF) - 1}"),
    ],
)
def test_a_part_can_be_asked_for(alice: Browser, url: str, asked: str, part: bytes, said: str):
    answer = get(alice, url, Range=asked)
    assert (answer.status_code, answer.data) == (206, part)
    assert answer.headers["Content-Range"] == f"bytes {said}/{len(PDF)}"


def test_a_part_beyond_the_end_is_416(alice: Browser, url: str) -> None:
    answer = get(alice, url, Range="bytes=999999-")
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(PDF)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=" + "0-1," * 500 + "5-6", "rows=1-2"])
def test_many_parts_are_the_whole(alice: Browser, url: str, asked: str) -> None:
    answer = get(alice, url, Range=asked)
    assert (answer.status_code, answer.data) == (200, PDF)


def test_what_did_not_change_is_not_sent_again(alice: Browser, url: str) -> None:
    answer = get(alice, url, If_None_Match=HASH)
    assert (answer.status_code, answer.data) == (304, b"")
    since = get(alice, url).headers["Last-Modified"]
    assert get(alice, url, If_Modified_Since=since).status_code == 304
    assert get(alice, url, If_None_Match='"other"').status_code == 200


def test_the_rest_is_sent_only_of_the_same_file(alice: Browser, url: str) -> None:
    assert get(alice, url, Range="bytes=5-", If_Range=HASH).status_code == 206
    answer = get(alice, url, Range="bytes=5-", If_Range='"other"')
    assert (answer.status_code, answer.data) == (200, PDF)
    assert get(alice, url, If_Match='"other"').status_code == 412


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", b"<!doctype html><script>alert(1)</script>"),
        ("a.htm", b"<html><body onload=alert(1)>"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("a.xml", b"<?xml version='1.0'?><x/>"),
        ("a.xhtml", b"<html xmlns='http://www.w3.org/1999/xhtml'/>"),
        ("a.js", b"alert(1)"),
        ("a.css", b"body{}"),
        ("a.mht", b"MIME-Version: 1.0"),
        ("a.swf", b"FWS\x09\0\0\0\0"),
    ],
)
def test_what_might_run_is_saved_never_shown(
    alice: Browser, keep: Keep, name: str, content: bytes
) -> None:
    answer = get(alice, f"/file/{keep('alice', name, content)}/{name}")
    assert answer.headers["Content-Disposition"].startswith("attachment; ") or (
        answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    )
    kind = answer.headers["Content-Type"]
    assert not any(word in kind for word in ("html", "svg", "xml", "script", "css"))
    assert answer.data == content


@pytest.mark.parametrize("name", ["a.txt", "a.png", "a.pdf"])
def test_a_page_that_calls_itself_harmless_is_no_page(
    alice: Browser, keep: Keep, name: str
) -> None:
    answer = get(alice, f"/file/{keep('alice', name, b'<script>alert(1)</script>')}/{name}")
    assert answer.headers["Content-Type"] in {
        "text/plain; charset=utf-8",
        "application/octet-stream",
    }
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-1"}, {"If_None_Match": HASH}])
def test_every_answer_is_in_a_sandbox(alice: Browser, url: str, headers: dict[str, str]) -> None:
    answer = get(alice, url, **headers)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox") and "default-src 'none'" in policy
    assert "allow-scripts" not in policy and "script-src" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "private" in answer.headers["Cache-Control"]


def test_to_another_member_it_is_not_there(bob: Browser, url: str) -> None:
    for headers in ({}, {"Range": "bytes=0-1"}, {"If_None_Match": HASH}):
        answer = get(bob, url, **headers)
        assert answer.status_code == 404
        assert "ETag" not in answer.headers
    assert get(bob, url, "HEAD").status_code == 404


def test_a_stranger_is_asked_to_log_in(carol: Browser, url: str) -> None:
    assert Page(get(carol, url)).title == "Log in to continue"
    assert get(carol, url, "HEAD").status_code == 401


def test_the_admin_does_not_see_members_files(root: Browser, url: str) -> None:
    assert get(root, url).status_code == 404


@pytest.mark.parametrize(
    "id", ["8e7f5b1c-0000-4000-8000-000000000000", "1", "nonsense", "%00", "../../etc/passwd"]
)
def test_a_missing_file_is_404(alice: Browser, id: str) -> None:
    assert get(alice, f"/file/{id}/a.pdf").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_are_refused(alice: Browser, url: str, method: str) -> None:
    answer = get(alice, url, method, X_CSRFToken=token(alice))
    assert answer.status_code == 405
    assert {"GET", "HEAD"} <= set(answer.headers["Allow"].split(", "))


def test_lost_bytes_are_said_and_logged(
    alice: Browser, app: Flask, url: str, blob: Path, books: Books,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    books.closed = "this test loses a blob"
    blob.unlink()
    app.config["PROPAGATE_EXCEPTIONS"] = app.testing = False
    with caplog.at_level(logging.ERROR):
        page = alice.visit(url)
    assert page.status == 500
    assert page.title == "There is a problem with this site"
    assert "lost its bytes" in caplog.text
    assert alice.visit("/path/a.pdf").status == 200


def test_a_link_in_a_blobs_place_is_not_followed(
    alice: Browser, app: Flask, url: str, blob: Path, books: Books, tmp_path: Path
) -> None:
    books.closed = "this test replaces a blob"
    secret = tmp_path / "secret"
    secret.write_bytes(b"of the machine")
    blob.unlink()
    blob.symlink_to(secret)
    app.config["PROPAGATE_EXCEPTIONS"] = app.testing = False
    answer = get(alice, url)
    assert (answer.status_code, b"of the machine" in answer.data) == (500, False)


def test_a_link_in_a_folders_place_is_not_followed(
    alice: Browser, app: Flask, url: str, blob: Path, books: Books, tmp_path: Path
) -> None:
    books.closed = "this test replaces a folder"
    outside = tmp_path / "outside"
    blob.parent.rename(outside)
    blob.parent.symlink_to(outside)
    app.config["PROPAGATE_EXCEPTIONS"] = app.testing = False
    assert get(alice, url).status_code == 500
