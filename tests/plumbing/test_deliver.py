"""What a browser gets when it asks for a blob."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from urllib.parse import unquote
from uuid import UUID, uuid4

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import http_date

from frontdesk.files.deliver import content_disposition, media_type, send_blob
from frontdesk.storage import LocalStorage

BYTES = bytes(range(256)) * 8
HASH = hashlib.sha256(BYTES).hexdigest()
CHANGED = datetime(2026, 11, 22, 12, 30, 15, 999_999, UTC)


def put(storage: LocalStorage, data: bytes) -> UUID:
    with storage.begin() as staged:
        staged.write(data)
        staged.keep()
        return staged.id


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


@pytest.fixture
def client(storage: LocalStorage) -> FlaskClient:
    """A site that hands out 2048 bytes at any address; the query says as what."""
    blob = put(storage, BYTES)
    empty = put(storage, b"")
    app = Flask(__name__)

    @app.get("/<kind>/<name>")
    @app.get("/<kind>/<sub>/<name>")
    def file(kind: str, name: str, sub: str = "") -> Response:
        return send_blob(
            storage,
            empty if name == "empty" else blob,
            name=name,
            media_type=f"{kind}/{sub}" if sub else "application/octet-stream",
            sha256=HASH,
            modified=CHANGED,
            download=kind == "download",
        )

    return app.test_client()


def get(client: FlaskClient, url: str = "/image/png/a.png", method: str = "GET", **headers: str):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.open(url, method=method, headers=named, buffered=True)


def test_a_file_comes_whole_and_as_it_was(client: FlaskClient) -> None:
    answer = get(client)
    assert (answer.status_code, answer.data) == (200, BYTES)
    assert answer.headers["ETag"] == f'"{HASH}"'
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Length"] == "2048"
    assert answer.headers["Last-Modified"] == "Sun, 22 Nov 2026 12:30:15 GMT"
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_head_says_the_same_without_the_bytes(client: FlaskClient) -> None:
    whole, head = get(client), get(client, method="HEAD", Range="bytes=0-3")
    assert (head.status_code, head.data) == (200, b"")
    assert dict(head.headers) == dict(whole.headers)


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-", 0, 2047),
        ("bytes=100-199", 100, 199),
        ("Bytes= 100-199 ", 100, 199),
        ("bytes=2047-", 2047, 2047),
        ("bytes=2000-999999", 2000, 2047),
        ("bytes=-1", 2047, 2047),
        ("bytes=-2048", 0, 2047),
        ("bytes=-2049", 0, 2047),
        ("bytes=-999999999999999", 0, 2047),
    ],
)
def test_a_range_is_just_that_part(client: FlaskClient, asked: str, first: int, last: int) -> None:
    answer = get(client, Range=asked)
    assert (answer.status_code, answer.data) == (206, BYTES[first : last + 1])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/2048"
    assert answer.headers["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", ["bytes=2048-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_beyond_the_end_is_416(client: FlaskClient, asked: str) -> None:
    answer = get(client, Range=asked)
    assert (answer.status_code, answer.data) == (416, b"")
    assert answer.headers["Content-Range"] == "bytes */2048"


@pytest.mark.parametrize(
    "asked",
    [
        *("bytes=5-2", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "lines=1-2", "bytes=--1", "x"),
        *("bytes=0-1,3-4", "bytes=0-,0-,0-,0-", "bytes=" + ",".join(["0-9"] * 500)),
        *("bytes=" + "9" * 5000 + "-", "bytes=٣-٤"),
    ],
)
def test_what_is_no_single_range_gets_the_whole_file(client: FlaskClient, asked: str) -> None:
    answer = get(client, Range=asked.encode().decode("latin-1"))
    assert (answer.status_code, answer.data) == (200, BYTES)


def test_an_empty_file_has_no_parts(client: FlaskClient) -> None:
    assert get(client, "/a/b/empty", Range="bytes=0-").status_code == 200
    assert get(client, "/a/b/empty", Range="bytes=-5").data == b""


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"If_None_Match": f'"{HASH}"'}, 304),
        ({"If_None_Match": f'"x", W/"{HASH}"'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"other"'}, 200),
        ({"If_Modified_Since": http_date(CHANGED)}, 304),
        ({"If_Modified_Since": "Sun, 22 Nov 2026 12:30:14 GMT"}, 200),
        ({"If_Modified_Since": "yesterday"}, 200),
        ({"If_None_Match": '"other"', "If_Modified_Since": http_date(CHANGED)}, 200),
        ({"If_Match": f'"{HASH}"'}, 200),
        ({"If_Match": "*"}, 200),
        ({"If_Match": '"other"'}, 412),
        ({"If_Match": f'W/"{HASH}"'}, 412),
        ({"If_Unmodified_Since": http_date(CHANGED)}, 200),
        ({"If_Unmodified_Since": "Sun, 22 Nov 2026 12:30:14 GMT"}, 412),
        ({"If_None_Match": f'"{HASH}"', "Range": "bytes=0-1"}, 304),
        ({"If_Match": '"other"', "Range": "bytes=9999-"}, 412),
        ({"If_Range": f'"{HASH}"', "Range": "bytes=0-1"}, 206),
        ({"If_Range": http_date(CHANGED), "Range": "bytes=0-1"}, 206),
        ({"If_Range": '"other"', "Range": "bytes=0-1"}, 200),
        ({"If_Range": f'W/"{HASH}"', "Range": "bytes=0-1"}, 200),
        ({"If_Range": "Sun, 22 Nov 2026 12:30:16 GMT", "Range": "bytes=0-1"}, 200),
        ({"If_Range": '"other"', "Range": "bytes=9999-"}, 200),
    ],
)
def test_conditions_are_held_in_their_order(
    client: FlaskClient, condition: dict[str, str], status: int
) -> None:
    answer = get(client, **condition)
    assert answer.status_code == status
    assert answer.headers["ETag"] == f'"{HASH}"'
    if status in {304, 412}:
        assert answer.data == b""


@pytest.mark.parametrize("inline", ["image/png", "video/mp4", "audio/flac", "application/pdf"])
def test_what_cannot_run_script_is_shown(client: FlaskClient, inline: str) -> None:
    answer = get(client, f"/{inline}/a")
    assert answer.headers["Content-Type"] == inline
    assert answer.headers["Content-Disposition"].startswith("inline")


def test_text_is_shown_as_text(client: FlaskClient) -> None:
    answer = get(client, "/text/plain/a.html")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "active",
    [
        *("text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/xml"),
        *("text/javascript", "application/javascript", "text/css", "application/rss+xml"),
        *("message/rfc822", "multipart/related", "application/x-shockwave-flash", "TEXT/HTML"),
        *("image/png;text", "text/x-component,html"),
    ],
)
def test_what_might_run_is_saved_as_mere_bytes(client: FlaskClient, active: str) -> None:
    answer = get(client, f"/{active}/page.html")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_other_types_are_saved_under_their_type(client: FlaskClient) -> None:
    answer = get(client, "/application/zip/a.zip")
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a.zip"'


@pytest.mark.parametrize(
    "url", ["/image/png/a", "/text/html/a", "/video/mp4/a", "/download/a", "/a/b/empty"]
)
@pytest.mark.parametrize("asked", ["", "bytes=0-1", "bytes=9999-"])
def test_every_answer_is_kept_in_a_sandbox(client: FlaskClient, url: str, asked: str) -> None:
    headers = get(client, url, Range=asked).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "allow-scripts" not in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_missing_blob_is_said_to_be_missing(storage: LocalStorage) -> None:
    about = {"name": "a", "media_type": "image/png", "sha256": HASH, "modified": CHANGED}
    with Flask(__name__).test_request_context(), pytest.raises(FileNotFoundError):
        send_blob(storage, uuid4(), download=False, **about)


@pytest.mark.parametrize("asked", ["", "bytes=0-1", "bytes=9999-"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_file_stays_open(client: FlaskClient, asked: str, method: str) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        get(client, method=method, Range=asked, If_None_Match='"x"')
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.pdf", 'attachment; filename="a.pdf"'),
        ("a b (2).pdf", 'attachment; filename="a b (2).pdf"'),
        (
            "тест.pdf",
            "attachment; filename=\"____.pdf\"; filename*=UTF-8''%D1%82%D0%B5%D1%81%D1%82.pdf",
        ),
        ("报告.pdf", "attachment; filename=\"__.pdf\"; filename*=UTF-8''%E6%8A%A5%E5%91%8A.pdf"),
        ('a"b.txt', "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt"),
        ("100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
        ("a;b='c'.txt", "attachment; filename=\"a;b='c'.txt\""),
        ("a\r\nSet-Cookie: x=1.txt", 'attachment; filename="aSet-Cookie: x=1.txt"'),
        ("../../etc/passwd", 'attachment; filename="passwd"'),
    ],
)
def test_a_name_is_written_for_old_and_new_browsers(name: str, header: str) -> None:
    assert content_disposition(name, download=True) == header


@given(st.text(max_size=300))
def test_any_name_makes_a_header_that_reads_back(name: str) -> None:
    header = content_disposition(name, download=False)
    assert header.isascii() and header.isprintable() and header.count('"') == 2
    message = Message()
    message["Content-Disposition"] = header
    assert message.get_content_disposition() == "inline"
    if "filename*=" in header:
        assert "/" not in unquote(header.rpartition("''")[2])


@pytest.mark.parametrize(
    ("head", "name", "label"),
    [
        (b"hello", "a.txt", "text/plain"),
        (b"hello", "photo.jpg", "text/plain"),
        (b"BM is how bitmaps begin", "a", "text/plain"),
        ("报告".encode()[:-1], "a.txt", "text/plain"),
        (b"a,b\n1,2\n", "a.csv", "text/csv"),
        (b"# Title", "a.md", "text/markdown"),
        (b'{"a": 1}', "a.json", "application/json"),
        (b"<p>hi", "a.html", "text/html"),
        (b"<svg/>", "a.svg", "image/svg+xml"),
        (b"", "a.txt", "text/plain"),
        (b"%PDF-1.4\nplain", "a.txt", "application/pdf"),
        (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "a", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "a.txt", "image/png"),
        (b"RIFF\x24\0\0\0WAVEfmt " + bytes(20), "a.wav", "audio/wav"),
        (b"fLaC" + bytes(20), "a.flac", "audio/flac"),
        (b"\x7fELF\x02\x01\x01" + bytes(60), "a", "application/octet-stream"),
        (bytes(range(128, 256)), "a.png", "application/octet-stream"),
        (bytes(range(128, 256)), "a.pdf", "application/octet-stream"),
        (bytes(range(128, 256)), "a", "application/octet-stream"),
        (bytes(100), "a.bin", "application/octet-stream"),
    ],
)
def test_a_label_goes_by_what_is_inside(head: bytes, name: str, label: str) -> None:
    assert media_type(head, name) == label


@given(st.binary(max_size=64), st.text(max_size=20))
def test_any_bytes_get_a_label(head: bytes, name: str) -> None:
    assert "/" in media_type(head, name)
