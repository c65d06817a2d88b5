"""Small requests that would keep the machine busy for long."""

from __future__ import annotations

import time
from tempfile import TemporaryFile

import pytest
from sqlalchemy import event
from tests.browser import Browser

from frontdesk.db import db
from frontdesk.files import names

MARKS = "a" + "\u0301" * 40_000 + "\u0316" * 40_000  # sorting them is quadratic in CPython


def _seconds(deed):
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


def test_a_stranger_cannot_stop_the_site_with_a_username_of_marks(carol: Browser):
    carol.visit("/login")
    form = carol.page.html.select_one("form#login")
    token = form.select_one("[name=csrf_token]")["value"]
    data = {"username": MARKS, "password": "x", "csrf_token": token}
    spent = _seconds(
        lambda: carol.client.post("/login", data=data, content_type="multipart/form-data")
    )
    assert spent < 2


@pytest.mark.parametrize("raw", [MARKS, "x" + " ." * 20_000 + "x", "x" + "." * 100_000 + "x"])
def test_no_name_takes_long_to_clean(raw):
    assert _seconds(lambda: names.clean(raw)) < 0.2
    assert _seconds(lambda: names.folder_parts(raw)) < 0.2


def test_the_hundredth_file_of_one_name_costs_as_much_as_the_second(app, keep):
    for _ in range(100):
        keep("alice", "a.txt")
    count = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *_: count.append(1))
    keep("alice", "a.txt")
    assert len(count) < 60


def test_a_recipient_named_a_thousand_times_is_asked_for_once(app):
    from frontdesk.posts import service

    count = []
    with app.test_request_context():
        event.listen(db.engine, "before_cursor_execute", lambda *_: count.append(1))
        assert len(service.find_recipients("bob," * 1_000)) == 1
    assert len(count) < 20


def test_a_refused_form_of_many_fields_is_not_written_back(carol: Browser):
    body = "a&" * 100_000
    answer = carol.client.post(
        "/login",
        data=body,
        content_type="application/x-www-form-urlencoded",
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 400
    assert len(answer.data) < 2 * len(body)


def test_pictures_in_line_do_not_take_all_threads(app):
    """With all places taken and some in line the next is told to come back."""
    from concurrent.futures import ThreadPoolExecutor, wait

    from frontdesk import pictures

    places = [pictures.lane.places.acquire(blocking=False) for _ in range(2)]
    with ThreadPoolExecutor(64) as pool:
        asked = [pool.submit(_refused_at_once, pictures) for _ in range(64)]
        try:
            done, _ = wait(asked, timeout=3)
        finally:
            for _ in places:
                pictures.lane.places.release()
        assert len(done) > 40, "64 threads wait for two places"


def _refused_at_once(pictures):
    with TemporaryFile() as nothing, pytest.raises(Exception):  # noqa: B017
        pictures.render(nothing, {"a": 1}, square=True)
