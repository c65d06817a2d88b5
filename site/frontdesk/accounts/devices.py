"""What a device is, in words, as far as its browser's ``User-Agent`` says.

A hint for people who look at a list of their log-ins, never a proof: anybody can send any. Browsers
freeze and shorten it (https://www.rfc-editor.org/rfc/rfc9110#section-10.1.5), so no versions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from flask_babel import gettext as _

LONGEST = 60
# The first that is found counts: most browsers say that they are Chrome and Safari, too.
BROWSERS = {
    "Edge": r"\bEdg(e|A|iOS)?/",
    "Opera": r"\b(OPR|OPT|Opera)/",
    "Vivaldi": r"\bVivaldi/",
    "Samsung Internet": r"\bSamsungBrowser/",
    "WeChat": r"\bMicroMessenger/",
    "QQ Browser": r"\bM?QQBrowser/",
    "UC Browser": r"\bUC(Web|Browser)/",
    "Huawei Browser": r"\bHuaweiBrowser/",
    "DuckDuckGo": r"\b(DuckDuckGo|Ddg)/",
    "Firefox": r"\b(Firefox|FxiOS)/",
    "Chrome": r"\b(Chrome|CriOS|HeadlessChrome)/",
    "Safari": r"\bVersion/.*\bSafari/",
}
SYSTEMS = {
    "HarmonyOS": r"\b(HarmonyOS|OpenHarmony)\b",
    "Android": r"\bAndroid\b",
    "iPhone": r"\biPhone;",
    "iPad": r"\biPad;",
    "Windows": r"\bWindows\b",
    "ChromeOS": r"\bCrOS\b",
    "macOS": r"\bMacintosh;",
    "Linux": r"\b(Linux|X11)\b",
}
PROGRAM = re.compile(r"(curl|Wget|HTTPie|Werkzeug|python-\w+|Go-http-client|okhttp|Java)/", re.I)


def recognise(agent: str) -> tuple[str, str]:
    """Browser and system, each empty where the text doesn't say."""
    return _first(BROWSERS, agent), _first(SYSTEMS, agent)


def in_words(agent: str) -> str:
    """ "Firefox on Windows", "A program (curl)"; of what nobody knows, the text itself, cut."""
    browser, system = recognise(agent)
    if browser and system:
        return str(_("%(browser)s on %(system)s", browser=browser, system=system))
    if program := PROGRAM.match(agent):
        return str(_("A program (%(name)s)", name=program[1]))
    if browser or system:
        return browser or str(_("A browser on %(system)s", system=system))
    return _cut(agent) or str(_("An unknown device"))


def kind(agent: str) -> str:
    """The same in English, to compare and for the log."""
    return " on ".join(filter(None, recognise(agent))) or _cut(agent)


def _first(patterns: Mapping[str, str], agent: str) -> str:
    return next((name for name, pattern in patterns.items() if re.search(pattern, agent)), "")


def _cut(agent: str) -> str:
    """Without what can't be seen or turns the line around; ``…`` where there was more."""
    seen = "".join(c for c in agent if unicodedata.category(c)[0] != "C")
    said = " ".join(seen.split())
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"
