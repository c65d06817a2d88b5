"""/profile - who you are here."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select
from tests.browser import Browser

from frontdesk.accounts import service
from frontdesk.db import db
from frontdesk.files.models import Blob


def picture(width: int = 300, height: int = 200, kind: str = "JPEG", **more: object) -> bytes:
    data = BytesIO()
    Image.new("RGB", (width, height), "#1f5f4a").save(data, kind, **more)
    return data.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 60,000 × 60,000 pixels."""
    data = bytearray(picture(kind="PNG"))
    data[16:24] = struct.pack(">II", 60_000, 60_000)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    return bytes(data)


def give(browser: Browser, content: bytes, name: str = "me.jpg", **more: object):
    browser.visit("/profile")
    return browser.submit("profile", image=(BytesIO(content), name), **more)


def test_a_stranger_is_asked_to_log_in(carol: Browser) -> None:
    assert carol.visit("/profile").status == 401
    assert carol.client.post("/profile").status_code in {400, 401}


def test_it_shows_what_is_kept(alice: Browser) -> None:
    page = alice.visit("/profile")
    assert (page.status, page.title) == (200, "Profile")
    assert "Username alice" in page.text


def test_names_are_saved_and_shown(alice: Browser) -> None:
    alice.visit("/profile")
    page = alice.submit("profile", display_name="  Ada Lovelace ", about="Counts.\nAnd weaves.")
    assert (page.status, page.location) == (303, "/profile")
    page = alice.follow()
    assert page.messages == ["Your profile is saved."]
    assert page.html.select_one("#display_name")["value"] == "Ada Lovelace"
    assert "And weaves." in page.html.select_one("#about").get_text()
    assert alice.visit("/hello/").title == "Hello, Ada Lovelace!"


def test_one_members_profile_is_not_anothers(alice: Browser, bob: Browser) -> None:
    alice.visit("/profile")
    alice.submit("profile", display_name="Ada")
    assert not bob.visit("/profile").html.select_one("#display_name").get("value")


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_the_theme_is_kept_and_used_at_once(alice: Browser, theme: str) -> None:
    alice.visit("/profile")
    alice.submit("profile", theme=theme)
    assert alice.follow().html.html["data-bs-theme"] == theme


def test_the_language_is_kept_and_used_at_once(alice: Browser) -> None:
    alice.visit("/profile")
    alice.submit("profile", language="zh")
    page = alice.follow()
    assert page.html.html["lang"] == "zh-Hans"
    assert page.messages == ["个人资料已保存。"]


def test_what_is_too_long_is_said_beside_it_and_kept(alice: Browser) -> None:
    alice.visit("/profile")
    page = alice.submit("profile", display_name="x" * 81, about="y" * 1001)
    assert page.status == 422
    assert page.errors == {
        "display_name": "Display name must be 80 characters or fewer",
        "about": "About you must be 1000 characters or fewer",
    }
    assert page.html.select_one("#display_name")["value"] == "x" * 81
    assert not alice.visit("/profile").html.select_one("#display_name").get("value")


@pytest.mark.parametrize(("field", "value"), [("theme", "pink"), ("language", "fr")])
def test_a_choice_that_was_not_offered_is_refused(alice: Browser, field: str, value: str) -> None:
    alice.visit("/profile")
    page = alice.submit("profile", **{field: value})
    assert page.status == 422 and field in page.errors


def test_nothing_else_can_be_set(app: Flask, alice: Browser) -> None:
    alice.post(
        "/profile",
        display_name="Ada",
        theme="auto",
        language="en",
        role="admin",
        quota="1",
        username="root2",
    )
    with app.app_context():
        found = service.find("alice")
        assert found and (found.display_name, found.role, found.quota) == ("Ada", "member", None)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_is_shown_in_two_scales(alice: Browser, kind: str) -> None:
    assert give(alice, picture(kind=kind)).status == 303
    image = alice.follow().html.select_one(".portrait img")
    for address, size in ((image["src"], 96), (image["srcset"].split(" 2x")[0].split()[-1], 192)):
        shown = Image.open(BytesIO(alice.visit(address).response.data))
        assert shown.size == (size, size)
    assert alice.client.get("/me").json["image"] == image["src"]


def test_others_see_the_picture_strangers_do_not(
    alice: Browser, bob: Browser, carol: Browser
) -> None:
    give(alice, picture())
    address = alice.client.get("/me").json["image"]
    assert bob.visit(address).status == 200
    assert carol.client.get(address).status_code == 401
    assert bob.client.get(address.replace("thumbnail/1.0", "me.jpg")).status_code == 404


def test_where_it_was_taken_is_removed(alice: Browser, app: Flask) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    give(alice, picture(exif=exif.tobytes()))
    data = alice.visit(alice.client.get("/me").json["image"]).response.data
    assert b"taken at home" not in data and not Image.open(BytesIO(data)).getexif()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "me.svg"),
        (b"only a text", "me.jpg"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "me.png"),
        (bomb(), "me.png"),
        (picture()[:400], "cut.jpg"),
        (b"", "empty.jpg"),
    ],
)
def test_what_is_no_picture_is_refused_and_nothing_changes(
    alice: Browser, content: bytes, name: str
) -> None:
    page = give(alice, content, name, display_name="Ada")
    assert page.status == 422
    assert page.errors.keys() == {"image"} and len(page.errors["image"]) > 10
    assert page.html.select_one("#display_name")["value"] == "Ada"
    said = alice.client.get("/me").json
    assert (said["image"], said["display_name"]) == ("", "")


def test_a_picture_can_be_removed(alice: Browser) -> None:
    give(alice, picture())
    old = alice.client.get("/me").json["image"]
    alice.visit("/profile")
    assert alice.submit("profile", remove_image=True).status == 303
    assert alice.client.get("/me").json["image"] == ""
    assert alice.client.get(old).status_code == 404


def test_a_new_picture_takes_the_place_of_the_old(alice: Browser) -> None:
    give(alice, picture())
    old = alice.client.get("/me").json["image"]
    give(alice, picture(200, 300))
    assert alice.client.get("/me").json["image"] not in {"", old}
    assert alice.client.get(old).status_code == 404


def test_saving_names_keeps_the_picture(alice: Browser) -> None:
    give(alice, picture())
    before = alice.client.get("/me").json["image"]
    alice.visit("/profile")
    alice.submit("profile", display_name="Ada")
    assert alice.client.get("/me").json["image"] == before


def test_a_picture_is_not_among_the_files(alice: Browser, app: Flask) -> None:
    give(alice, picture())
    assert "me.jpg" not in alice.visit("/path/").text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Blob)) == 1


def test_the_same_form_sent_twice_is_once(alice: Browser) -> None:
    alice.visit("/profile")
    form = alice.page
    alice.submit("profile", display_name="Ada")
    alice.page = form
    assert alice.submit("profile", display_name="Ada").status == 303
