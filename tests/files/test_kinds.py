"""What people call a kind of file; and the facts on a file's page."""

from __future__ import annotations

import hashlib

import pytest
from flask import Flask
from tests.browser import Browser

from frontdesk.files import kinds

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("media_type", "name", "words"),
    [
        (WORD, "a.docx", "Word document"),
        ("application/zip", "a.zip", "Zip archive"),
        ("image/png", "a", "PNG picture"),
        ("image/x-strange", "a", "Picture"),
        ("audio/x-strange", "a", "Recording"),
        ("application/octet-stream", "a.mp4", "MP4 film"),
        ("application/octet-stream", "a.docx", "Word document"),
        ("application/octet-stream", "a", "File"),
        ("nonsense", "", "File"),
    ],
)
def test_a_kind_in_words(app: Flask, media_type: str, name: str, words: str) -> None:
    with app.test_request_context():
        assert kinds.in_words(media_type, name) == words


def test_the_facts_of_a_file(alice: Browser, keep) -> None:
    content = b"x" * 1_234_567
    keep("alice", "a.zip", b"PK\3\4" + content, "in/deep")
    page = alice.visit("/path/in/deep/a.zip")
    facts = {
        term.get_text(): " ".join(term.find_next("dd").get_text().split())
        for term in page.html.select(".facts dt")
    }
    assert facts["Type"] == "Zip archive application/zip"
    assert facts["Size"] == "1.2 MB (1,234,571 bytes)"
    assert page.links["deep"] == "/path/in/deep" and facts["Folder"] == "deep"
    assert facts["SHA-256"].startswith(hashlib.sha256(b"PK\3\4" + content).hexdigest())
    assert "sha256sum" in facts["SHA-256"]
