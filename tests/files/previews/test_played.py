"""Sound and film: the browser's own player, and a policy that lets it load from here only."""

from __future__ import annotations

import pytest
from tests.browser import Browser
from tests.files.previews.conftest import Show, preview, said

from frontdesk.security import POLICY

WAV = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\0\0\0\0"
MP4 = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41\0\0\0\x08free\0\0\0\x08mdat"
WEBM = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\xf7\x81\1\x42\xf2\x81\4\x42\xf3\x81\x08"
WEBM += b"\x42\x82\x84webm"


@pytest.mark.parametrize(
    ("name", "content", "tag"),
    [("a.wav", WAV, "audio"), ("a.mp4", MP4, "video"), ("a.webm", WEBM, "video")],
)
def test_it_can_be_played(show: Show, alice: Browser, name: str, content: bytes, tag: str) -> None:
    page = show(name, content)
    player = preview(page).select_one(tag)
    assert player.has_attr("controls") and not player.has_attr("autoplay")
    assert player["preload"] == "metadata" and player["aria-label"] == f"Play “{name}”"
    answer = alice.client.get(player["src"], headers={"Range": "bytes=0-3"}, buffered=True)
    assert (answer.status_code, answer.data) == (206, content[:4])
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_only_such_pages_may_load_media(show: Show) -> None:
    heard = show("a.wav", WAV).response.headers
    assert heard.getlist("Content-Security-Policy") == [f"{POLICY}; media-src 'self'"]
    assert show("a.txt", b"words").response.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.zip", b"PK\3\4" + bytes(99)),
        ("a.mov", b"\0\0\0\x14ftypqt  \0\0\0\0qt  "),
        ("a.bin", bytes(range(256))),
        ("a.swf", b"FWS\x0a" + bytes(99)),
        ("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
    ],
)
def test_what_cannot_be_shown_is_offered(show: Show, name: str, content: bytes) -> None:
    page = show(name, content)
    assert "This kind of file can’t be shown here. Download it to open it." in said(page)
    assert not preview(page).select("img, audio, video, object, embed, iframe")
    assert page.link("Download")
