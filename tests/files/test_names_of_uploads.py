"""Whatever a file is called: it stays inside, is shown as text, and can be had by its name."""

from __future__ import annotations

from email.message import Message
from typing import Any
from urllib.parse import quote, unquote

import pytest
from tests.browser import Browser, Page
from tests.files.conftest import JSON, a_file, send
from tests.files.wire import CONTENT_TYPE, multipart

from frontdesk.files.listing import address

KEPT = [
    "a b.txt",
    "what?.txt",
    "#1.txt",
    "100%.txt",
    "%2F..%2Fetc",
    "%00.txt",
    "a;b=c.txt",
    "it's.txt",
    "a&b=c+d.txt",
    "<script>alert(1)<b>.txt",
    "{{ 7*7 }}.txt",
    "$(reboot).txt",
    "-rf.txt",
    "CON",
    "тест.pdf",
    "报告.pdf",
    "👩‍👩‍👧.png".replace("\u200d", ""),
    "مرحبا.txt",
    "backup.tar.gz",
    "index.html",
    "x" * 251 + ".txt",
]
CHANGED = {
    "../../etc/passwd": "passwd",
    "..\\..\\windows\\system.ini": "system.ini",
    "C:\\fakepath\\a.txt": "a.txt",
    "/etc/passwd": "passwd",
    "...": "file",
    ".": "file",
    "..": "file",
    " ": "file",
    ".htaccess": "htaccess",
    "a.txt.": "a.txt",
    "a\0.txt": "a.txt",
    "\u202egpj.exe": "gpj.exe",
    "a\u200bb\u2066.txt": "ab.txt",
    "a\x7fb.txt": "ab.txt",
    "x" * 300 + ".txt": "x" * 251 + ".txt",
    "报" * 300 + ".pdf": "报" * 83 + ".pdf",
    "U\u0308bung.txt": "\u00dcbung.txt",
}


def sent(alice: Browser, name: str) -> dict[str, Any]:
    """What the site says of a file that came with ``name`` as it stands on the wire."""
    token = alice.visit("/upload").html.select_one("[name=csrf_token]")["value"]
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    body = multipart({"csrf_token": token}, [(escaped, name.encode())])
    answer = alice.client.post("/upload", data=body, content_type=CONTENT_TYPE, headers=JSON)
    assert answer.status_code == 201, answer.text
    (file,) = answer.json
    return file


def check_everywhere(alice: Browser, name: str, content: bytes) -> None:
    """It is listed, has a page, and gives its bytes, by its own name."""
    where = alice.visit("/path/").links[name]
    assert where == address(name)
    page = alice.visit(where)
    assert page.title == name
    assert page.html.select_one("h1 bdi").get_text() == name
    answer = alice.visit(page.link("Download")).response
    assert answer.data == content
    assert saved_as(answer.headers["Content-Disposition"]) == name
    assert alice.visit(f"{where}?download=1").response.data == content


def saved_as(disposition: str) -> str:
    """The name that a browser would save it under (RFC 6266: ``filename*`` wins)."""
    assert disposition.isascii() and disposition.isprintable()
    kind, _, extended = disposition.partition("filename*=UTF-8''")
    assert kind.startswith("attachment; ")
    if extended:
        return unquote(extended, errors="strict")
    message = Message()
    message["Content-Disposition"] = disposition
    return message.get_filename() or ""


@pytest.mark.parametrize("name", KEPT)
def test_a_name_that_does_no_harm_is_kept(alice: Browser, name: str) -> None:
    file = sent(alice, name)
    assert (file["name"], file["path"]) == (name, name)
    check_everywhere(alice, name, name.encode())


@pytest.mark.parametrize(("raw", "name"), CHANGED.items())
def test_a_name_that_might_is_made_safe(alice: Browser, raw: str, name: str) -> None:
    assert sent(alice, raw)["path"] == name
    check_everywhere(alice, name, raw.encode())


@pytest.mark.parametrize(("raw", "name"), CHANGED.items())
def test_a_new_name_is_said(alice: Browser, raw: str, name: str) -> None:
    token = alice.visit("/upload").html.select_one("[name=csrf_token]")["value"]
    body = multipart({"csrf_token": token}, [(raw.replace("\\", "\\\\"), b"content")])
    answer = alice.client.post("/upload", data=body, content_type=CONTENT_TYPE)
    assert Page(answer).status == 303
    said = alice.visit("/path/").messages
    shown = name if len(name) <= 60 else name[:60] + "…"
    assert said[0] == f"“{shown}” was saved."
    assert said[1].endswith(f"is now called “{shown}”.")


def test_a_quote_in_a_name_survives(alice: Browser) -> None:
    file = sent(alice, 'say "hi".txt')
    assert file["name"] == 'say "hi".txt'
    check_everywhere(alice, 'say "hi".txt', b'say "hi".txt')


def test_line_breaks_in_a_name_split_no_header(alice: Browser) -> None:
    """Browsers write them as %0D%0A; what comes raw ends the header or is gone."""
    token = alice.visit("/upload").html.select_one("[name=csrf_token]")["value"]
    body = multipart({"csrf_token": token}, [("a\r\nX-Evil: 1\r\n.txt", b"content")])
    answer = alice.client.post("/upload", data=body, content_type=CONTENT_TYPE, headers=JSON)
    assert answer.status_code in {201, 400, 422}
    file = sent(alice, "a%0D%0Ab.txt")
    answer = alice.client.get(file["url"] + "?download=1", buffered=True)
    assert "X-Evil" not in answer.headers
    assert "\n" not in str(answer.headers["Content-Disposition"])


def test_a_name_that_is_no_utf_8_is_still_taken(alice: Browser) -> None:
    token = alice.visit("/upload").html.select_one("[name=csrf_token]")["value"]
    body = multipart({"csrf_token": token}, [(b"\xff\xfea.txt", b"content")])
    answer = alice.client.post("/upload", data=body, content_type=CONTENT_TYPE, headers=JSON)
    assert answer.status_code == 201
    assert answer.json[0]["name"].endswith("a.txt")


def test_markup_in_names_is_text_on_every_page(alice: Browser) -> None:
    name = "<img src=x onerror=alert(1)>.txt"
    send(alice, a_file(name), folder="<b>bold</b>")
    for url in ("/path/", "/hello/", address("<b>bold<"), address("<b>bold<", "b>")):
        page = alice.visit(url)
        assert not page.html.select("main img[onerror], main b"), url
    file = sent(alice, name)
    for verb in ("rename", "delete"):
        page = alice.visit(f"/file/{file['id']}/change/{verb}")
        assert name in page.title
        assert page.html.select_one("h1 bdi").get_text() == name


@pytest.mark.parametrize("name", ["a.txt", "other.html", "%2e%2e", quote("../../x", safe="")])
def test_the_name_in_the_address_of_the_bytes_does_not_matter(alice: Browser, name: str) -> None:
    file = sent(alice, "a.txt")
    answer = alice.client.get(f"/file/{file['id']}/{name}?download=1", buffered=True)
    if answer.status_code == 200:
        assert saved_as(answer.headers["Content-Disposition"]) == "a.txt"
    else:
        assert answer.status_code in {308, 404}
