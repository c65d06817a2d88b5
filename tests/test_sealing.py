"""sealing.py - what the site must read again lies encrypted."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from flask import Flask

from frontdesk.sealing import Broken, seal, unseal


@pytest.mark.parametrize("words", ["", "JBSWY3DPEHPK3PXP", "你好\n\x00"])
def test_it_opens_again(app: Flask, words: str) -> None:
    with app.app_context():
        sealed = seal(words, "letter")
        assert sealed.isascii() and (not words or words not in sealed)
        assert unseal(sealed, "letter") == words


def test_the_same_text_is_never_sealed_alike(app: Flask) -> None:
    with app.app_context():
        assert seal("x", "letter") != seal("x", "letter")


def test_for_another_purpose_it_stays_shut(app: Flask) -> None:
    with app.app_context(), pytest.raises(Broken):
        unseal(seal("x", "letter"), "authenticator")


def test_a_changed_bit_is_noticed(app: Flask) -> None:
    with app.app_context():
        data = bytearray(base64.urlsafe_b64decode(seal("a secret", "letter")))
        for place in (0, 12, len(data) - 1):
            changed = bytearray(data)
            changed[place] ^= 1
            with pytest.raises(Broken):
                unseal(base64.urlsafe_b64encode(bytes(changed)).decode(), "letter")


@pytest.mark.parametrize("junk", ["", "x", "AAAA", "~~~~", "é"])
def test_what_never_was_sealed_is_broken_too(app: Flask, junk: str) -> None:
    with app.app_context(), pytest.raises(Broken):
        unseal(junk, "letter")


def test_another_key_does_not_open_it_and_an_older_one_does(start: Callable[..., Flask]) -> None:
    with start(SECRET_KEY="a" * 32).app_context():
        sealed = seal("x", "letter")
    with start(SECRET_KEY="b" * 32).app_context(), pytest.raises(Broken):
        unseal(sealed, "letter")
    with start(SECRET_KEY="b" * 32, SECRET_KEY_FALLBACKS=["a" * 32]).app_context():
        assert unseal(sealed, "letter") == "x"
