"""How the value of a setting is typed and said: "50 GB", "10 minutes", a line each."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from frontdesk.language import number
from frontdesk.stored_settings.catalogue.setting import LARGEST, LONGEST, Setting

NUMBER = re.compile(r"(\d[\d,_  ]*(?:\.\d+)?)\s*([^\W\d_]*)\.?", re.UNICODE)
BYTES = {"": 1, "b": 1, "byte": 1, "bytes": 1, "字节": 1}
BYTES |= {f"{unit}b": 1000**power for power, unit in enumerate("kmgtp", 1)}
BYTES |= {f"{unit}ib": 1024**power for power, unit in enumerate("kmgtp", 1)}
SECONDS = {"": 1, "s": 1, "second": 1, "seconds": 1, "秒": 1}
SECONDS |= dict.fromkeys(("min", "minute", "minutes", "分", "分钟"), 60)
SECONDS |= dict.fromkeys(("h", "hour", "hours", "时", "小时"), 3_600)
SECONDS |= dict.fromkeys(("d", "day", "days", "天", "日"), 86_400)
SECONDS |= dict.fromkeys(("week", "weeks", "周"), 604_800)
UNITS = {"bytes": BYTES, "seconds": SECONDS, "number": {"": 1}}
MOST = {"bytes": LARGEST, "seconds": LONGEST, "number": 1_000_000_000}
TYPES = {"text": str, "choice": str, "list": list, "flag": bool}
BY_TYPE: dict[type, str] = {bool: "flag", int: "number", list: "list", str: "text"}
DECIMALS = 1_000
LONGEST_TEXT = 300
TOO_MUCH = 1e30


class NotRead(ValueError):
    """It can't be understood; the message says what to write."""


def kind_of(setting: Setting, default: Any) -> str:
    """How it is typed: as the catalogue says, unless config.py has another type for it."""
    wanted = TYPES.get(setting.kind, int)
    return setting.kind if type(default) is wanted else BY_TYPE[type(default)]


def read(setting: Setting, kind: str, text: str) -> Any:
    """The value that was typed.

    :raise NotRead: if it can't be meant
    """
    text = text.strip()
    if kind == "list":
        return [_fitting(setting, line.strip()) for line in text.splitlines() if line.strip()]
    if kind == "flag":
        return text == "yes"
    if kind in UNITS:
        return _count(setting, kind, text)
    return _fitting(setting, text)


def _count(setting: Setting, kind: str, text: str) -> int:
    found = NUMBER.fullmatch(text)
    unit = UNITS[kind].get(found[2].lower()) if found else None
    if found is None or unit is None:
        raise NotRead(_how(kind))
    value = round(min(float(re.sub(r"[,_\s]", "", found[1])), TOO_MUCH) * unit)
    if value < setting.least:
        raise NotRead(_("Enter %(least)s or more", least=say(kind, setting.least)))
    if value > MOST[kind]:
        raise NotRead(_("Enter %(most)s or less", most=say(kind, MOST[kind])))
    return value


def _how(kind: str) -> str:
    if kind == "bytes":
        return str(_("Enter a size, such as 500 MB or 50 GB"))
    if kind == "seconds":
        return str(_("Enter a time, such as 10 minutes or 14 days"))
    return str(_("Enter a whole number"))


def _fitting(setting: Setting, text: str) -> str:
    wrong = len(text) > LONGEST_TEXT or not text.isprintable()  # a line break begins a header
    if wrong or (setting.pattern and text and not re.fullmatch(setting.pattern, text)):
        raise NotRead(such_as(setting))
    return text


def such_as(setting: Setting) -> str:
    """What to write instead of what can't be meant."""
    if setting.example:
        return str(_("Enter it like %(example)s", example=setting.example))
    return str(_("Enter another value"))


def say(kind: str, value: Any) -> str:
    """The value as people read it, and can type it again."""
    if kind == "bytes":
        return _bytes(value)
    if kind == "seconds":
        return _seconds(value)
    if kind == "list":
        return "\n".join(str(line) for line in value)
    if kind == "flag":
        return str(_("yes") if value else _("no"))
    return number(value) if kind == "number" else str(value)


def _bytes(count: int) -> str:
    """In the largest unit that says it exactly."""
    for power, unit in reversed(list(enumerate(("kB", "MB", "GB", "TB"), 1))):
        size = 1000**power
        if count >= size and count * DECIMALS % size == 0:
            return f"{count / size:,.3f}".rstrip("0").rstrip(".") + f" {unit}"
    return str(ngettext("%(num)s byte", "%(num)s bytes", count))


def _seconds(count: int) -> str:
    if count and count % 86_400 == 0:
        return str(ngettext("%(num)s day", "%(num)s days", count // 86_400))
    if count and count % 3_600 == 0:
        return str(ngettext("%(num)s hour", "%(num)s hours", count // 3_600))
    if count and count % 60 == 0:
        return str(ngettext("%(num)s minute", "%(num)s minutes", count // 60))
    return str(ngettext("%(num)s second", "%(num)s seconds", count))
