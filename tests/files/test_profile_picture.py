"""A member's own picture: square, clean, seen by members, counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from tests.browser import Browser, Page
from tests.files import images
from tests.files.conftest import a_file

from frontdesk.accounts.models import Member
from frontdesk.db import db

Used = Callable[[str], int]


def choose(browser: Browser, content: bytes, name: str = "me.jpg", **more: Any) -> Page:
    """Choose a picture on the profile page, and save."""
    browser.visit("/profile")
    return browser.submit("profile", image=a_file(name, content), **more)


def shown(browser: Browser) -> str:
    """The address of the picture on the member's profile page."""
    image = browser.visit("/profile").html.select_one("main img")
    return str(image["src"]) if image else ""


def get(browser: Browser, url: str):
    return browser.client.get(url, buffered=True)


def test_a_picture_is_set_and_shown(alice: Browser) -> None:
    assert not shown(alice)
    assert choose(alice, images.drawn()).status == 303
    assert alice.follow().messages == ["Your profile is saved."]
    answer = get(alice, shown(alice))
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    assert images.opened(answer.data).size == (96, 96)


def test_it_has_two_scales(alice: Browser) -> None:
    choose(alice, images.drawn())
    larger = get(alice, shown(alice).replace("1.0", "2.0"))
    assert images.opened(larger.data).size == (192, 192)
    assert get(alice, shown(alice).replace("1.0", "3.0")).status_code == 404


def test_programs_learn_where_it_is(alice: Browser) -> None:
    choose(alice, images.drawn())
    assert alice.client.get("/me").json["image"] == shown(alice)


def test_it_does_not_say_where_it_was_taken(alice: Browser) -> None:
    choose(alice, images.photo())
    for scale in ("1.0", "2.0"):
        data = get(alice, shown(alice).replace("1.0", scale)).data
        assert images.CAMERA not in data
        assert not images.opened(data).getexif()


def test_nothing_of_the_photo_is_kept(alice: Browser, books: Any) -> None:
    choose(alice, images.photo())
    kept = [path.read_bytes() for path in books.on_disk()]
    assert len(kept) == 1
    assert images.CAMERA not in kept[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (images.bomb(), "The picture must have fewer than 40 megapixels"),
        (images.SVG, "The picture must be a PNG, JPEG, WebP or GIF"),
        (b"a text that is called a picture", "The picture must be a PNG, JPEG, WebP or GIF"),
        (b"", "The picture must be a PNG, JPEG, WebP or GIF"),
        (images.photo()[:600], "The picture must be a PNG, JPEG, WebP or GIF"),
    ],
)
def test_what_is_no_picture_is_refused(
    alice: Browser, used: Used, content: bytes, said: str
) -> None:
    page = choose(alice, content, display_name="Ada")
    assert (page.status, page.errors) == (422, {"image": said})
    assert page.html.select_one("[name=display_name]")["value"] == "Ada"
    assert used("alice") == 0
    assert not shown(alice)


def test_a_refused_picture_keeps_the_one_before(alice: Browser) -> None:
    choose(alice, images.drawn())
    before = shown(alice)
    choose(alice, images.SVG)
    assert shown(alice) == before


def test_of_an_animation_the_beginning_is_kept(alice: Browser) -> None:
    choose(alice, images.animation(), "me.gif")
    image = images.opened(get(alice, shown(alice)).data)
    assert getattr(image, "n_frames", 1) == 1


def test_members_see_each_others_pictures(alice: Browser, bob: Browser) -> None:
    choose(alice, images.drawn())
    assert get(bob, shown(alice)).status_code == 200


def test_strangers_do_not(alice: Browser, carol: Browser) -> None:
    choose(alice, images.drawn())
    assert get(carol, shown(alice)).status_code == 401


def test_a_picture_is_no_file(alice: Browser, bob: Browser) -> None:
    choose(alice, images.drawn())
    id = shown(alice).split("/")[2]
    assert "You have no files yet." in alice.visit("/path/").text
    assert "picture.webp" not in alice.visit("/path/?key=picture").links
    for browser in (alice, bob):
        assert get(browser, f"/file/{id}/picture.webp").status_code == 404
        for verb in ("rename", "delete", "undo"):
            assert browser.post(f"/file/{id}/change/{verb}", name="x").status == 404
    assert get(alice, shown(alice)).status_code == 200


def test_a_new_one_takes_its_place(alice: Browser, bob: Browser) -> None:
    choose(alice, images.drawn())
    before = shown(alice)
    choose(alice, images.animation(), "me.gif")
    assert shown(alice) != before
    assert get(alice, before).status_code == 404
    assert get(bob, before).status_code == 404


def test_it_can_be_removed(alice: Browser, bob: Browser) -> None:
    choose(alice, images.drawn())
    before = shown(alice)
    alice.visit("/profile")
    assert alice.submit("profile", remove_image="y").status == 303
    assert not shown(alice)
    assert alice.client.get("/me").json["image"] in {"", None}
    assert get(bob, before).status_code == 404


def test_saving_without_choosing_keeps_it(alice: Browser) -> None:
    choose(alice, images.drawn())
    before = shown(alice)
    alice.visit("/profile")
    alice.submit("profile", display_name="Ada")
    assert shown(alice) == before


def test_it_is_counted(alice: Browser, used: Used) -> None:
    choose(alice, images.drawn())
    assert 0 < used("alice") < 20_000


def test_without_space_there_is_no_new_one(app: Flask, alice: Browser, used: Used) -> None:
    with app.app_context():
        db.session.execute(update(Member).where(Member.username == "alice").values(quota=10))
        db.session.commit()
    page = choose(alice, images.drawn())
    assert page.status in {413, 422}
    assert "No space is left" in page.text
    assert used("alice") == 0


def test_many_new_ones_do_not_eat_the_space(alice: Browser, used: Used) -> None:
    choose(alice, images.drawn())
    once = used("alice")
    for _ in range(3):
        choose(alice, images.drawn())
    assert used("alice") == once


def test_a_huge_one_is_refused_in_words(alice: Browser) -> None:
    page = choose(alice, bytes(17_000_000))
    assert page.status == 413
    assert page.title
