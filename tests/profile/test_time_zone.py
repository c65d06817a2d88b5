"""/profile/time-zone - dates are said as the member's own clock has them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from tests.browser import Browser

from frontdesk import zones
from frontdesk.language import day, moment, speaking

EVENING = datetime(2026, 1, 2, 20, 30, tzinfo=UTC)


def choose(browser: Browser, zone: str) -> None:
    browser.visit("/profile/time-zone")
    assert browser.submit("time-zone", timezone=zone).status == 303
    assert browser.follow().messages == ["Your time zone is saved."]


def chosen(browser: Browser) -> str:
    option = browser.visit("/profile/time-zone").html.select_one("option[selected]")
    assert option
    return str(option["value"])


def test_the_profile_leads_there(alice: Browser) -> None:
    assert alice.visit(alice.visit("/profile").link("Time zone")).title == "Time zone"


def test_it_is_utc_until_another_is_chosen(alice: Browser) -> None:
    assert chosen(alice) == ""
    assert alice.page.html.select_one("main time").get_text().endswith(" UTC")  # type: ignore[union-attr]
    choose(alice, "Asia/Shanghai")
    assert chosen(alice) == "Asia/Shanghai"
    choose(alice, "")
    assert chosen(alice) == ""


def test_a_files_page_says_the_time_there_and_the_zone(
    app: Flask, alice: Browser, keep: Callable[..., str]
) -> None:
    keep("alice", "a.txt")
    choose(alice, "Asia/Shanghai")
    shown = alice.visit("/path/a.txt").html.select_one(".facts time")
    assert shown and shown.get_text().endswith(" UTC+8")
    assert str(shown["datetime"]).endswith("+00:00"), "programs read the exact moment"


@pytest.mark.parametrize(
    ("zone", "language", "words"),
    [
        ("", "en", "2 January 2026, 20:30 UTC"),
        ("Asia/Shanghai", "en", "3 January 2026, 04:30 UTC+8"),
        ("Asia/Shanghai", "zh", "2026年1月3日 04:30 UTC+8"),
        ("America/St_Johns", "en", "2 January 2026, 17:00 UTC−3:30"),
        ("Asia/Calcutta", "en", "3 January 2026, 02:00 UTC+5:30"),
        ("Nowhere/Else", "en", "2 January 2026, 20:30 UTC"),
    ],
)
def test_a_moment_is_said_in_the_readers_zone(
    app: Flask, zone: str, language: str, words: str
) -> None:
    with app.test_request_context(), speaking(language, zone):
        assert moment(EVENING) == words
        assert words.startswith(day(EVENING))


def test_a_letter_to_somebody_else_changes_nothing_for_who_asks(app: Flask) -> None:
    with app.test_request_context():
        with speaking("zh", "Asia/Shanghai"):
            pass
        assert moment(EVENING) == "2 January 2026, 20:30 UTC"


def test_summer_time_is_known(app: Flask) -> None:
    summer = datetime(2026, 7, 2, 12, tzinfo=UTC)
    with app.test_request_context(), speaking("en", "Europe/Berlin"):
        assert (moment(EVENING)[-5:], moment(summer)[-5:]) == ("UTC+1", "UTC+2")


@pytest.mark.parametrize("zone", ["Nowhere/Else", "../etc/passwd", "CET", "Asia/Calcutta"])
def test_another_is_refused(alice: Browser, zone: str) -> None:
    page = alice.post("/profile/time-zone", timezone=zone)
    assert (page.status, page.errors) == (422, {"timezone": "Select a city from the list"})
    assert chosen(alice) == ""


def test_every_zone_of_the_list_is_one(app: Flask, alice: Browser) -> None:
    values = [str(tag["value"]) for tag in alice.visit("/profile/time-zone").html.select("option")]
    assert len(values) == len(set(values)) > 300
    assert all(zones.find(value) for value in values)


def test_cities_are_named_in_chinese(alice: Browser) -> None:
    page = alice.visit("/profile/time-zone")
    assert page.html.select_one("option[value='Europe/Berlin']").get_text() == "Berlin"  # type: ignore[union-attr]
    alice.submit("language", language="zh")
    page = alice.visit("/profile/time-zone")
    assert page.html.select_one("option[value='Europe/Berlin']").get_text() == "柏林"  # type: ignore[union-attr]
    assert page.html.select_one("optgroup[label='欧洲']")


def test_strangers_have_none(carol: Browser) -> None:
    assert carol.visit("/profile/time-zone").status == 401
