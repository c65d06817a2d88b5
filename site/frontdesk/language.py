"""Which language, theme and time zone a visitor sees, and how dates and sizes are said in them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from secrets import token_hex

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_app_context, has_request_context, request
from flask_babel import Babel, Domain, refresh
from flask_login import current_user

from frontdesk import zones
from frontdesk.security import read_cookie

LANGUAGES = {"en": "English", "zh": "中文"}
TAGS = {"en": "en", "zh": "zh-Hans"}  # what <html lang> says
LOCALES = {code: Locale(code) for code in LANGUAGES}
DAYS = {"en": "d MMMM y", "zh": "long"}
THEMES = ("auto", "light", "dark")
LANGUAGE_COOKIE, THEME_COOKIE = "language", "theme"
YEAR = 365 * 86_400
SOURCE = Path(__file__).parent / "translations"
UNITS = ("bytes", "kB", "MB", "GB", "TB")


class Words(Domain):
    """Catalogues that are read once in a process; Flask-Babel would read them in each request."""

    def __init__(self, folder: Path) -> None:
        super().__init__([str(folder)])
        self.loaded: dict[str, NullTranslations] = {}
        try:
            compile_catalogues(SOURCE, folder)
        except OSError as error:  # as on a full disk
            logging.getLogger(__name__).warning("The translations can't be kept: %s", error)
            for catalogue in _catalogues(SOURCE):
                words = Translations(BytesIO(_compiled(catalogue)))
                self.loaded[catalogue.parent.parent.name] = words
        for code in LANGUAGES:
            self.loaded.setdefault(code, Translations.load(str(folder), [code]))

    def get_translations(self) -> NullTranslations:
        return self.loaded[language()]


class Speech(Babel):
    """Flask-Babel with one :class:`Words` for the whole process."""

    domain_instance: Words | None = None


def language() -> str:
    """``en`` or ``zh``: by the profile, the cookie, then ``Accept-Language``."""
    if not has_request_context():
        return g.get("language", "en") if has_app_context() else "en"
    chosen: str | None = g.get("language")
    if chosen is None:
        chosen = g.language = _choose_language()
    return chosen


def speak(choice: str) -> None:
    """Say the rest of this request in the language just chosen."""
    g.language = choice
    refresh()


def zone() -> tzinfo:
    """The member's time zone; UTC for a stranger, and for who has chosen none."""
    if not has_request_context():
        return UTC
    chosen: tzinfo | None = g.get("zone")
    if chosen is None:
        chosen = g.zone = zones.find(_profile("timezone"))
    return chosen


@contextmanager
def speaking(choice: str, timezone: str | None = None) -> Iterator[None]:
    """Say what is said inside in that language and zone, to somebody else.

    An empty ``choice`` is the reader's own language; None is their own zone.
    """
    if not has_request_context():
        yield
        return
    before = language(), zone()
    speak(choice or before[0])
    g.zone = before[1] if timezone is None else zones.find(timezone)
    try:
        yield
    finally:
        speak(before[0])
        g.zone = before[1]


def _choose_language() -> str:
    for choice in (_profile("language"), read_cookie(LANGUAGE_COOKIE)):
        if choice in LANGUAGES:
            return choice
    return request.accept_languages.best_match(LANGUAGES, "en") or "en"


def theme() -> str:
    """``auto``, ``light`` or ``dark``: by the profile, then the cookie."""
    for choice in (_profile("theme"), read_cookie(THEME_COOKIE)):
        if choice in THEMES:
            return choice
    return "auto"


def forget_member() -> None:
    """For the rest of this request don't ask the database what the member likes."""
    g.member_is_out_of_reach = True
    g.pop("language", None)
    g.pop("zone", None)
    refresh()


def size(count: int) -> str:
    """``count`` bytes as people say it: 1,234,567 is "1.2 MB"."""
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    if unit == 0:
        return (
            f"{count} {'byte' if count == 1 else 'bytes'}"
            if language() == "en"
            else f"{count} 字节"
        )
    return f"{value:.1f} {UNITS[unit]}" if value < 9.95 else f"{value:.0f} {UNITS[unit]}"


def number(count: int) -> str:
    """``count`` as people write it: 1,204, in both languages."""
    return f"{count:,}"


def day(moment: datetime) -> str:
    """The date in words, in the member's zone: 2 January 2026, 2026年1月2日."""
    return _day(moment.astimezone(zone()).date(), language())


def moment(moment: datetime) -> str:
    """Date and time in words, in the member's zone, which is said."""
    there = moment.astimezone(zone())
    at = f"{there:%H:%M} {zones.said(there)}"
    return f"{day(moment)}, {at}" if language() == "en" else f"{day(moment)} {at}"


@lru_cache(1_000)  # a list says few days many times
def _day(date: date, language: str) -> str:
    return format_date(date, DAYS[language], locale=LOCALES[language])


def _profile(name: str) -> str:
    return "" if g.get("member_is_out_of_reach") else getattr(current_user, name, "")


def compile_catalogues(source: Path, target: Path) -> None:
    """Compile each ``.po`` below ``source`` that is newer than its ``.mo`` below ``target``.

    So translators edit one text file and need no build step.
    """
    for catalogue in _catalogues(source):
        compiled = target / catalogue.relative_to(source).with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= catalogue.stat().st_mtime:
            continue
        compiled.parent.mkdir(parents=True, exist_ok=True)
        draft = compiled.with_suffix(f".{token_hex(8)}")
        try:
            draft.write_bytes(_compiled(catalogue))
            draft.replace(compiled)
        finally:
            draft.unlink(missing_ok=True)


def _catalogues(source: Path) -> Iterator[Path]:
    return source.glob("*/LC_MESSAGES/*.po")


def _compiled(catalogue: Path) -> bytes:
    binary = BytesIO()
    with catalogue.open("rb") as text:
        write_mo(binary, read_po(text, locale=catalogue.parent.parent.name))
    return binary.getvalue()


def init_app(app: Flask) -> None:
    compiled = Path(app.instance_path) / "translations"
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(compiled)
    babel = Speech(app, locale_selector=lambda: LOCALES[language()])
    babel.domain_instance = Words(compiled)
    app.jinja_env.filters.update(size=size, day=day, moment=moment)
