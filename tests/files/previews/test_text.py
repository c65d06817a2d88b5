"""Text and source code: read right, shown whole or to a limit, and never run."""

from __future__ import annotations

import time

import pytest
from tests.browser import Browser
from tests.files.previews.conftest import Show, StaysQuick, lines, preview, said

from frontdesk.files.previews import rendered, text

TROJAN = "access = 'user'\nif access != 'none\u202e\u2066': # check\u2069 \u2066\n"


def test_a_text_is_shown_line_by_line(show: Show) -> None:
    assert lines(show("a.txt", b"one\n\n  two <b>\r\nthree\rfour")) == [
        "one", "", "  two <b>", "three", "four",
    ]  # fmt: skip


def test_code_has_colours(show: Show) -> None:
    page = show("a.py", b"def greet():\n    return '<b>'\n")
    assert lines(page) == ["def greet():", "    return '<b>'"]
    assert preview(page).select_one(".line .k").get_text() == "def"
    assert page.html.select_one("link[href*='css/previews.']")


def test_colours_are_made_once(show: Show, alice: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    first = show("a.py", b"def greet(): pass\n")
    monkeypatch.setattr(rendered, "PROGRAM", "/nowhere")
    assert preview(alice.visit("/path/a.py")) == preview(first)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", b"<!doctype html><script>alert(1)</script><p onclick=x>"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script/></svg>"),
        ("a.xml", b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"),
        ("a.xhtml", b"<html xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></html>"),
        ("a.js", b"</code></pre></div><script>alert(1)</script>"),
        ("a.txt", b"</code></pre></div><img src=x onerror=alert(1)>"),
        ("a.php", b"<?php echo '</pre><script>alert(1)</script>' ?>"),
    ],
)
def test_markup_is_shown_as_its_source(show: Show, name: str, content: bytes) -> None:
    page = show(name, content)
    assert "".join(lines(page)) == content.decode()
    assert {tag.name for tag in preview(page).select(".code *")} <= {"pre", "code", "span"}
    assert "script" not in {tag.name for tag in page.html.select("main *")}


@pytest.mark.parametrize(
    ("content", "shown", "note"),
    [
        ("Grüße, 中文 ✓".encode(), "Grüße, 中文 ✓", ""),
        ("\ufeffGrüße".encode(), "Grüße", ""),
        ("\ufeffGrüße, 中文".encode("utf-16-le"), "Grüße, 中文", "Read as UTF-16."),
        ("\ufeffGrüße, 中文".encode("utf-16-be"), "Grüße, 中文", "Read as UTF-16."),
        ("你好，世界。第 3 页".encode("gb18030"), "你好，世界。第 3 页", "Read as GB18030."),
        ("Un été à la plage, déjà vu".encode("latin-1"), "Un été à la plage, déjà vu",
         "Read as Latin-1."),
        ("“curly” – dash".encode("cp1252"), "“curly” – dash", "Read as Latin-1."),
    ],
)  # fmt: skip
def test_encodings(show: Show, content: bytes, shown: str, note: str) -> None:
    page = show("a.txt", content)
    assert lines(page) == [shown]
    assert note in said(page) and ("Read as" in said(page)) is bool(note)


def test_what_turns_reading_around_is_marked(show: Show) -> None:
    """Trojan Source, CVE-2021-42574."""
    page = show("a.py", TROJAN.encode())
    assert not {"\u202e", "\u2066", "\u2069"} & set(preview(page).get_text())
    assert lines(page)[1] == "if access != 'noneU+202EU+2066': # checkU+2069 U+2066"
    assert "are marked" in said(page)
    assert "are marked" not in said(show("b.py", b"x = 1\n"))


def test_controls_are_marked(show: Show) -> None:
    shown = lines(show("a.txt", b"a\x00b\x1b[31m\x07 and more words, so that it is no program"))
    assert shown[0].startswith("aU+0000bU+001B[31mU+0007 and")


def test_a_huge_text_is_shown_to_a_limit(show: Show) -> None:
    page = show("a.txt", b"x" * 3_000_000)
    assert lines(page) == ["x" * text.MOST]
    assert "Showing the first 256 kB." in said(page)


def test_no_more_is_read_than_shown(app, keep, monkeypatch: pytest.MonkeyPatch) -> None:
    import uuid

    from frontdesk.db import db
    from frontdesk.files import service
    from frontdesk.files.models import File

    id = keep("alice", "a.txt", b"x")
    with app.test_request_context():
        blob = db.session.get_one(File, uuid.UUID(id)).blob_id
        with service.storage().path(blob).open("r+b") as file:
            file.truncate(500_000_000)  # sparse
        began = time.perf_counter()
        found = text.read(blob)
        assert time.perf_counter() - began < 1
        assert found.is_cut and len(found.words) == text.MOST
        service.storage().path(blob).write_bytes(b"x")


def test_many_lines_are_shown_to_a_limit(stays_quick: StaysQuick) -> None:
    html = stays_quick("a.txt", b"\n" * 100_000)
    assert html.count('class="line"') == text.MOST_LINES
    assert "Showing the first 5,000 lines." in html


def test_a_short_text_is_not_called_cut(stays_quick: StaysQuick) -> None:
    assert "Showing" not in stays_quick("a.txt", b"one\n" * text.MOST_LINES)


def test_a_text_that_takes_the_highlighter_too_long_is_shown_plain(
    show: Show, alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendered, "SECONDS", 0)
    page = show("a.py", b"def a(): pass\n" * 100)
    assert lines(page)[0] == "def a(): pass" and not preview(page).select(".line span")
    monkeypatch.undo()
    assert not preview(alice.visit("/path/a.py")).select(".line span"), "it is not tried again"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pl", b"=pod\n" * 20_000),
        ("a.rb", b'"#{' * 60_000),
        ("a.js", b"/" * 250_000),
        ("a.html", b"<" * 250_000),
        ("a.c", b"/*" * 100_000),
        ("a.md.py", b"'''" * 80_000),
    ],
)
def test_hostile_code_is_shown_soon(stays_quick: StaysQuick, name: str, content: bytes) -> None:
    assert 'class="line"' in stays_quick(name, content)


def test_when_too_many_are_at_work_it_is_plain_for_now(
    show: Show, alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from frontdesk import sandbox

    monkeypatch.setattr(rendered, "lane", sandbox.Lane(0, 0))
    assert not preview(show("a.py", b"def a(): pass\n")).select(".line span")
    monkeypatch.undo()
    assert preview(alice.visit("/path/a.py")).select(".line span")


def test_bytes_that_are_called_text_are_not_shown_as_such(show: Show) -> None:
    assert "can’t be shown" in said(show("a.txt", bytes(range(256)) * 20))


def test_an_empty_line_counts(show: Show) -> None:
    assert lines(show("a.txt", b"\n")) == [""]
