"""devices.py - a User-Agent in words."""

from __future__ import annotations

import pytest
from flask import Flask

from frontdesk.accounts.devices import in_words

AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:146.0) Gecko/20100101 Firefox/146.0": (
        "Firefox on Windows"
    ),
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/143.0.0.0 Mobile Safari/537.36": "Chrome on Android",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/26.1 Safari/605.1.15": "Safari on macOS",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/26.0 Mobile/15E148 Safari/604.1": "Safari on iPhone",
    "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "CriOS/143.0.0 Mobile/15E148 Safari/604.1": "Chrome on iPad",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) FxiOS/146.0 Mobile/15E148 Safari/605.1.15": "Firefox on iPhone",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0": "Edge on Windows",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 "
    "Safari/537.36 OPR/125.0.0.0": "Opera on Linux",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/143.0.0.0 Safari/537.36": "Chrome on ChromeOS",
    "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) "
    "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36": "Samsung Internet on Android",
    "Mozilla/5.0 (Linux; Android 13; 22011211C Build/TP1A) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/130.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.50": "WeChat on Android",
    "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile": "Chrome on HarmonyOS",
    "Mozilla/5.0 (Windows NT 10.0)": "A browser on Windows",
    "curl/8.14.1": "A program (curl)",
    "Werkzeug/3.1.9": "A program (Werkzeug)",
    "python-requests/2.34.2": "A program (python-requests)",
    "MyOwnThing 1.0": "MyOwnThing 1.0",
    "x" * 300: "x" * 59 + "…",
    "a\u202eb\x00c  d": "abc d",
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    "": "An unknown device",
}


@pytest.mark.parametrize("agent", AGENTS)
def test_a_device_is_said_in_words(app: Flask, agent: str) -> None:
    with app.test_request_context():
        assert in_words(agent) == AGENTS[agent]


def test_in_chinese_too(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "zh"}):
        assert in_words(next(iter(AGENTS))) == "Windows 上的 Firefox"
