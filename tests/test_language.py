"""language.py - English or Chinese, light or dark, and how sizes and dates are said."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from flask import Flask
from tests.browser import Browser

from frontdesk.language import LANGUAGES

ROOT = Path(__file__).parents[1]
CATALOGUE = ROOT / "site/frontdesk/translations/zh/LC_MESSAGES/messages.po"
CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")
# Words that shame or scare, and validators' stock phrases (PAGES.md, I3).
NEVER = {
    "en": r"please|sorry|oops|invalid|forbidden|an error occurred|this field is required",
    "zh": r"抱歉|非法|该字段是必填字段|^操作失败[。！]?$",
}
HAN_BESIDE_LATIN = re.compile(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:!?]")


def messages() -> list[Message]:
    with CATALOGUE.open("rb") as file:
        return [message for message in read_po(file, locale="zh") if message.id]


def strings(message: Message, which: str) -> list[str]:
    found = getattr(message, which)
    return [found] if isinstance(found, str) else list(found)


# Which one


def language_of(browser: Browser, **headers: str) -> str:
    return str(browser.visit("/login", **headers).html.html["lang"])


@pytest.mark.parametrize(
    ("accepts", "is_given"),
    [
        ("", "en"),
        ("en-GB", "en"),
        ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("zh-TW,zh;q=0.8", "zh-Hans"),
        ("zh-Hans-CN", "zh-Hans"),
        ("fr,de", "en"),
        ("fr,zh;q=0.5,en;q=0.4", "zh-Hans"),
        ("en,zh", "en"),
        ("*", "en"),
        ("\x00;q=x,,", "en"),
    ],
)
def test_a_stranger_reads_what_the_browser_asks_for(
    carol: Browser, accepts: str, is_given: str
) -> None:
    assert language_of(carol, **{"Accept-Language": accepts}) == is_given


def test_the_cookie_wins_over_the_browser(carol: Browser) -> None:
    carol.client.set_cookie("language", "zh")
    assert language_of(carol, **{"Accept-Language": "en"}) == "zh-Hans"


@pytest.mark.parametrize("value", ["", "fr", "<script>", "../zh"])
def test_a_cookie_that_is_no_language_is_ignored(carol: Browser, value: str) -> None:
    carol.client.set_cookie("language", value)
    assert language_of(carol, **CHINESE) == "zh-Hans"


def test_the_profile_wins_over_the_cookie(alice: Browser) -> None:
    alice.visit("/profile")
    alice.submit("profile", language="zh")
    alice.client.set_cookie("language", "en")
    assert alice.visit("/hello/", **{"Accept-Language": "en"}).html.html["lang"] == "zh-Hans"


@pytest.mark.parametrize("address", ["/", "/login", "/help", "/hello/", "/nowhere"])
def test_every_page_ends_with_both_forms(carol: Browser, address: str) -> None:
    page = carol.visit(address)
    buttons = page.html.select('footer form[action="/language"] button[name=language]')
    assert {(b["value"], b["lang"]) for b in buttons} == {("en", "en"), ("zh", "zh-Hans")}
    choices = page.html.select('footer form[action="/theme"] input[name=theme]')
    assert [choice["value"] for choice in choices] == ["auto", "light", "dark"]


def test_the_form_leads_back_to_the_same_page_in_that_language(carol: Browser) -> None:
    carol.visit("/hello/Ada?x=1")
    page = carol.submit("language", language="zh")
    assert (page.status, page.location) == (303, "/hello/Ada?x=1")
    assert carol.follow().html.html["lang"] == "zh-Hans"


def test_a_member_keeps_the_language_on_every_device(
    alice: Browser, open_browser: Callable[[], Browser]
) -> None:
    alice.visit("/hello/")
    alice.submit("language", language="zh")
    phone = open_browser()
    phone.log_in("alice", "a long enough password")
    assert phone.visit("/hello/").html.html["lang"] == "zh-Hans"


def test_the_theme_is_chosen_the_same_way(carol: Browser) -> None:
    page = carol.visit("/help")
    assert page.html.html["data-bs-theme"] == "auto"
    page = carol.submit("theme", theme="dark")
    assert (page.status, page.location) == (303, "/help")
    page = carol.follow()
    assert page.html.html["data-bs-theme"] == "dark"
    assert page.html.select_one("input[name=theme][checked]")["value"] == "dark"


@pytest.mark.parametrize(("name", "value"), [("theme", "pink"), ("theme", ""), ("language", "fr")])
def test_another_choice_is_refused(carol: Browser, name: str, value: str) -> None:
    assert carol.post(f"/{name}", **{name: value}).status == 400
    assert carol.client.get_cookie(name) is None


@pytest.mark.parametrize("address", ["/theme", "/language"])
def test_they_are_for_forms_only(carol: Browser, address: str) -> None:
    assert carol.visit(address).status == 405


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example"])
def test_they_lead_nowhere_else(carol: Browser, target: str) -> None:
    assert carol.post("/theme", theme="dark", next=target).location == "/"


# How things are said


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (9_949_999, "9.9 MB"),
        (9_960_000, "10 MB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (14_200_000_000, "14 GB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_sizes_are_said_as_people_do(app: Flask, count: int, words: str) -> None:
    with app.test_request_context():
        assert app.jinja_env.filters["size"](count) == words


def test_sizes_and_dates_are_said_in_chinese(app: Flask) -> None:
    noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
    with app.test_request_context(headers=CHINESE):
        assert app.jinja_env.filters["size"](999) == "999 字节"
        assert app.jinja_env.filters["day"](noon) == "2026年1月2日"
    with app.test_request_context():
        assert app.jinja_env.filters["day"](noon) == "2 January 2026"
        assert app.jinja_env.filters["moment"](noon) == "2 January 2026, 12:00 UTC"


# The catalogue


def test_chinese_is_complete() -> None:
    untranslated = [m.id for m in messages() if not all(strings(m, "string"))]
    assert not untranslated
    assert not [m.id for m in messages() if m.fuzzy]


def test_chinese_fills_in_the_same_blanks() -> None:
    for message in messages():
        wanted = {tuple(sorted(PLACEHOLDER.findall(text))) for text in strings(message, "id")[-1:]}
        given = {tuple(sorted(PLACEHOLDER.findall(text))) for text in strings(message, "string")}
        assert given == wanted, message.id


def test_every_word_of_the_site_is_in_the_catalogue(tmp_path: Path) -> None:
    from babel.messages.frontend import CommandLineInterface

    template = tmp_path / "words.pot"
    arguments = ["-q", "extract", "-F", "babel.cfg", "-k", "lazy_gettext", "-k", "_", "-o"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        CommandLineInterface().run(["pybabel", *arguments, str(template), "site", "templates"])
    with template.open("rb") as file:
        wanted = {str(m.id) for m in read_po(file) if m.id}
    assert wanted - {str(m.id) for m in messages()} == set()


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_sentence_shames_or_scares(code: str) -> None:
    texts = [text for m in messages() for text in strings(m, "id" if code == "en" else "string")]
    assert not [text for text in texts if re.search(NEVER[code], text, re.IGNORECASE)]


def test_chinese_is_set_as_chinese_is() -> None:
    texts = [PLACEHOLDER.sub("", text) for m in messages() for text in strings(m, "string")]
    wrong = [text for text in texts if HAN_BESIDE_LATIN.search(text) or HALF_WIDTH.search(text)]
    assert not wrong


def test_a_page_is_chinese_to_the_last_word(carol: Browser) -> None:
    page = carol.visit("/login", **CHINESE)
    assert page.title == "登录"
    page = carol.submit("login", headers=CHINESE, username="alice", password="wrong")
    assert page.problems == ["用户名或密码不正确"]
    assert page.html.title.get_text().startswith("错误：")
