"""passwords.py - kept so that a stolen database tells none."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
from argon2 import Type, extract_parameters
from flask import Flask

from frontdesk.accounts import passwords, service
from frontdesk.accounts.models import Member
from frontdesk.forms import Refused


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hasher that the site uses, made again from its own line."""
    (line,) = [
        line for line in inspect.getsource(passwords).splitlines() if line.startswith("_hasher =")
    ]
    made: dict[str, object] = {}
    exec(line, vars(passwords), made)
    monkeypatch.setattr(passwords, "_hasher", made["_hasher"])


def test_they_are_kept_as_argon2id_with_the_work_owasp_asks(real: None) -> None:
    kept = extract_parameters(passwords.hash_password("a long enough password"))
    assert kept.type is Type.ID
    assert kept.memory_cost >= 19 * 1024 and kept.time_cost >= 2


def test_the_same_password_is_kept_differently_each_time() -> None:
    assert passwords.hash_password("the same words") != passwords.hash_password("the same words")


def test_an_unknown_name_costs_the_work_of_a_wrong_password(real: None) -> None:
    """By the parameters, not by the clock: a shared machine's clock proves nothing."""
    passwords._nobody.cache_clear()
    nobody = extract_parameters(passwords._nobody())
    passwords._nobody.cache_clear()
    assert nobody == extract_parameters(passwords.hash_password("a long enough password"))


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "Password must be at least 12 characters"),
        ("eleven char", "Password must be at least 12 characters"),
        ("x" * 1001, "Password must be 1000 characters or fewer"),
        ("Ada.Lovelace", "Choose a password that is not your username"),
    ],
)
def test_a_weak_one_is_refused_in_words(app: Flask, password: str, said: str) -> None:
    with app.app_context(), pytest.raises(Refused) as no:
        service.create("ada.lovelace", password)
    assert (no.value.why, no.value.field) == (said, "password")


@pytest.mark.parametrize(
    "password", ["正确的马电池订书钉用了很久", "  spaces at both ends  ", "x" * 1000]
)
def test_any_characters_and_spaces_count(app: Flask, password: str) -> None:
    with app.test_request_context():
        service.create("ada", password)
        assert service.recognise("ada", password, "").username == "ada"
        with pytest.raises(Refused):
            service.recognise("ada", password.strip() + "!", "")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "Enter a username"),
        ("   ", "Enter a username"),
        ("a" * 33, "Username must be 32 characters or fewer"),
        ("ada lovelace", "Username must be letters, digits"),
        ("../etc", "Username must be letters, digits"),
        ("<b>ada</b>", "Username must be letters, digits"),
        ("ada\nb", "Username must be letters, digits"),
        ("ada\u202e", "Username must be letters, digits"),
        (".ada", "Username must be letters, digits"),
        ("ALICE", "The username ALICE is taken"),
        ("ａｌｉｃｅ", "is taken"),
    ],
)
def test_a_name_that_is_none_is_refused_in_words(app: Flask, name: str, said: str) -> None:
    with app.app_context(), pytest.raises(Refused, match=said) as no:
        service.create(name, "a long enough password")
    assert no.value.field == "username"


@pytest.mark.parametrize("name", ["a", "ada.lovelace", "李雷", "Zoë", "x_1-2", "a" * 32])
def test_a_name_in_any_script_is_taken(
    app: Flask, member: Callable[[str], Member], name: str
) -> None:
    service.create(name, "a long enough password")
    assert member(name.upper()).username == name
