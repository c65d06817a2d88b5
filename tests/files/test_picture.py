"""/file/UUID/thumbnail/1.0 - a small picture of an image, at two scales."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.orm.exc import ObjectDeletedError
from tests.browser import Browser
from tests.files import images
from tests.files.conftest import Books, token

from frontdesk import jobs, pictures
from frontdesk.accounts.models import Member
from frontdesk.db import db, transaction
from frontdesk.files import service
from frontdesk.files.models import Blob, File
from frontdesk.jobs.runner import Runner

Keep = Callable[..., str]


def small(browser: Browser, id: str, scale: str = "1.0"):
    return browser.client.get(f"/file/{id}/thumbnail/{scale}", buffered=True)


@pytest.mark.parametrize(("scale", "size"), [("1.0", (320, 160)), ("2.0", (640, 320))])
def test_it_has_the_size_of_its_scale(
    alice: Browser, keep: Keep, scale: str, size: tuple[int, int]
) -> None:
    answer = small(alice, keep("alice", "a.png", images.drawn()), scale)
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    assert images.opened(answer.data).size == size


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_each_kind_of_image_has_one(alice: Browser, keep: Keep, kind: str) -> None:
    assert small(alice, keep("alice", f"a.{kind.lower()}", images.drawn(kind))).status_code == 200


def test_the_page_of_a_text_shows_none(alice: Browser, keep: Keep) -> None:
    keep("alice", "a.txt", b"text")
    assert not alice.visit("/path/a.txt").html.select("main img")


@pytest.mark.parametrize(
    "scale",
    ["3.0", "0.0", "1.5", "1", "2", "nan", "inf", "-1.0", "1e0", "text", "", "9" * 400 + ".0"],
)
def test_other_scales_are_404(alice: Browser, keep: Keep, scale: str) -> None:
    assert small(alice, keep("alice", "a.png", images.drawn()), scale).status_code == 404


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", b"text"),
        ("a.jpg", b"a text that is called a picture"),
        ("a.svg", images.SVG),
        ("a.png", images.SVG),
        ("a.png", images.bomb()),
        ("a.png", images.drawn()[:500]),
        ("a.png", b"\x89PNG\r\n\x1a\n"),
    ],
)
def test_what_is_no_picture_has_none(alice: Browser, keep: Keep, name: str, content: bytes) -> None:
    id = keep("alice", name, content)
    assert small(alice, id).status_code == 404
    assert alice.visit(f"/path/{name}").status == 200
    assert alice.visit(f"/path/{name}?download=1").response.data == content


def test_it_does_not_say_where_it_was_taken(alice: Browser, keep: Keep) -> None:
    answer = small(alice, keep("alice", "a.jpg", images.photo()))
    assert images.CAMERA not in answer.data
    assert not images.opened(answer.data).getexif()


def test_the_file_itself_is_left_alone(alice: Browser, keep: Keep) -> None:
    id = keep("alice", "a.jpg", images.photo())
    small(alice, id)
    assert alice.visit("/path/a.jpg?download=1").response.data == images.photo()


def test_of_an_animation_it_shows_the_beginning(alice: Browser, keep: Keep) -> None:
    image = images.opened(small(alice, keep("alice", "a.gif", images.animation())).data)
    assert getattr(image, "n_frames", 1) == 1
    red, green, blue = image.convert("RGB").getpixel((50, 50))
    assert red > 200 and green < 60 and blue < 60


def test_it_is_made_once_and_kept_by_the_browser(alice: Browser, keep: Keep) -> None:
    id = keep("alice", "a.png", images.drawn())
    first, second = small(alice, id), small(alice, id)
    assert first.data == second.data
    assert first.headers["Cache-Control"] == "private, max-age=3600"
    same = {"If-None-Match": first.headers["ETag"]}
    again = alice.client.get(f"/file/{id}/thumbnail/1.0", headers=same, buffered=True)
    assert (again.status_code, again.data) == (304, b"")


def test_it_is_there_when_the_file_is(app: Flask, keep: Keep, instance: Path) -> None:
    keep("alice", "a.png", images.drawn())
    assert len(list((instance / "thumbnails").rglob("*.webp"))) == 2


def test_one_that_was_removed_is_made_again(alice: Browser, keep: Keep, instance: Path) -> None:
    id = keep("alice", "a.png", images.drawn())
    before = small(alice, id).data
    shutil.rmtree(instance / "thumbnails")
    assert small(alice, id).data == before


def test_what_is_broken_is_tried_once(
    app: Flask, alice: Browser, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = keep("alice", "a.png", images.drawn()[:500])
    monkeypatch.setattr(pictures, "render", lambda *_, **__: pytest.fail("tried again"))
    assert small(alice, id).status_code == 404
    with app.app_context():
        job = db.session.scalars(select(jobs.Job).where(jobs.Job.kind == "thumbnail")).one()
        assert (job.state, job.tries) == ("failed", 1)
        assert job.error == "It is no PNG, JPEG, WebP or GIF, or it is broken."


def test_while_it_is_not_made_the_answer_comes_soon(
    alice: Browser, keep: Keep, monkeypatch: pytest.MonkeyPatch, instance: Path
) -> None:
    monkeypatch.setattr(Runner, "tell", lambda *_: None)
    id = keep("alice", "a.png", images.drawn())
    began = time.monotonic()
    answer = small(alice, id)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")
    assert time.monotonic() - began < 4


def test_what_goes_while_it_is_drawn_leaves_nothing(
    keep: Keep, monkeypatch: pytest.MonkeyPatch, instance: Path
) -> None:
    drawn, render = [], pictures.render

    def removed_meanwhile(*what: Any, **how: Any) -> dict[str, bytes]:
        drawn.append(render(*what, **how))
        with transaction() as session:
            session.execute(delete(File))
            session.execute(delete(Blob))
            session.execute(update(Member).values(used=0))
        return drawn[0]

    monkeypatch.setattr(pictures, "render", removed_meanwhile)
    with pytest.raises(ObjectDeletedError):  # who kept it asks for its id
        keep("alice", "a.png", images.drawn())
    assert drawn and not list((instance / "thumbnails").rglob("*.webp"))


def test_to_another_member_it_is_not_there(bob: Browser, alice: Browser, keep: Keep) -> None:
    id = keep("alice", "a.png", images.drawn())
    assert small(bob, id).status_code == 404
    assert small(alice, id).status_code == 200
    assert small(bob, id).status_code == 404


def test_a_stranger_is_asked_to_log_in(carol: Browser, keep: Keep) -> None:
    assert small(carol, keep("alice", "a.png", images.drawn())).status_code == 401


def test_a_deleted_image_has_none(alice: Browser, keep: Keep) -> None:
    id = keep("alice", "a.png", images.drawn())
    assert small(alice, id).status_code == 200
    alice.post(f"/file/{id}/change/delete")
    assert small(alice, id).status_code == 404


@pytest.mark.parametrize("id", ["8e7f5b1c-0000-4000-8000-000000000000", "1", "nonsense"])
def test_a_missing_image_is_404(alice: Browser, id: str) -> None:
    assert small(alice, id).status_code == 404


def test_other_methods_are_refused(alice: Browser, keep: Keep) -> None:
    url = f"/file/{keep('alice', 'a.png', images.drawn())}/thumbnail/1.0"
    answer = alice.client.post(url, headers={"X-CSRFToken": token(alice)})
    assert (answer.status_code, "GET" in answer.headers["Allow"]) == (405, True)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("put", [os.mkfifo, lambda path: path.symlink_to("/etc/hostname")])
def test_what_lies_in_a_blobs_place_is_not_followed(
    alice: Browser, app: Flask, keep: Keep, books: Books, put: Callable[..., None]
) -> None:
    books.closed = "this test replaces a blob"
    id = keep("alice", "a.png", images.drawn())
    with app.app_context():
        blob = service.storage().path(db.session.get_one(File, uuid.UUID(id)).blob_id)
    blob.unlink()
    put(blob)
    shutil.rmtree(Path(app.instance_path, "thumbnails"))
    assert small(alice, id).status_code == 404
    with app.app_context():
        kind = jobs.Job.kind == "thumbnail"
        job = db.session.scalars(select(jobs.Job).where(kind)).one()
        assert (job.state, "no blob" in job.error) == ("waiting", True)
