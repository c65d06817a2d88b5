"""Passwords that a guesser tries first: the commonest, one's own name, and rows like abcabcabc."""

from __future__ import annotations

import runpy
import string
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from flask import current_app

SHORT_PIECE = 6
SHORTEST_LABEL = 4  # of a host's name: "org" is nobody's secret, and no hint either


def is_well_known(password: str) -> bool:
    """Whether it is one of the 30,000 commonest, also repeated or with digits around it."""
    return bool(_spellings(password) & _commonest())


def is_told_by(password: str, words: Iterable[str]) -> bool:
    """Whether it is one of ``words``, however it is spelt, repeated or with digits around it."""
    told = {spelling for word in words for spelling in (_plain(word), _core(_plain(word)))}
    return bool(_spellings(password) & (told - {""}))


def is_a_row(password: str) -> bool:
    """Whether it is one short piece again and again, or counts on: 2345678…, zyxwvu…"""
    steps = {ord(then) - ord(one) for one, then in pairwise(password)}
    return len(_piece(password.casefold())) <= SHORT_PIECE or steps in ({1}, {-1})


def of_the_site() -> list[str]:
    """What this site is called: its name, its host, and the parts of that."""
    host = urlsplit(current_app.config["PUBLIC_URL"]).hostname or ""
    labels = [label for label in host.split(".") if len(label) >= SHORTEST_LABEL]
    return [current_app.config["SITE_NAME"], host, *labels]


def own_words(*words: str) -> list[str]:
    """Somebody's names and addresses, and of each address what stands before the @."""
    return [*words, *(word.partition("@")[0] for word in words if "@" in word)]


def _spellings(password: str) -> set[str]:
    """The ways it may stand on a list: as it is, its letters and digits, what is within digits."""
    texts = {password.casefold(), _plain(password)}
    texts |= {_core(text) for text in texts}
    return {form for text in texts if text for form in (text, _piece(text), _core(_piece(text)))}


def _plain(word: str) -> str:
    """Letters and digits alone: "Ada.Lovelace" is "adalovelace"."""
    known = unicodedata.normalize("NFKC", word[:1_000]).casefold()
    return "".join(character for character in known if character.isalnum())


def _core(text: str) -> str:
    return text.strip(string.digits + string.punctuation + " ")


def _piece(text: str) -> str:
    """The shortest beginning that gives ``text`` when it is written again and again."""
    for length in range(1, len(text)):
        if text[length:] == text[:-length]:
            return text[:length]
    return text


@cache
def _commonest() -> frozenset[str]:
    """zxcvbn's list, read when it is first needed; importing zxcvbn whole would keep 20 MB."""
    package = str(find_spec("zxcvbn").origin)  # type: ignore[union-attr]  # requirements.in has it
    lists = runpy.run_path(str(Path(package).with_name("frequency_lists.py")))
    return frozenset(word.casefold() for word in lists["FREQUENCY_LISTS"]["passwords"])
