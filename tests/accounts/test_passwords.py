"""passwords.py - kept so that a stolen database tells none."""

from __future__ import annotations

import inspect
import unicodedata
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from flask import Flask
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk.accounts import passwords, service
from frontdesk.accounts.models import Member
from frontdesk.db import transaction
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
    "password", ["正确的马电池订书钉用了很久", "  spaces at both ends  ", "long" + "x" * 996]
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


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("Password1234", "fewer people use"),
        ("P@ssw0rd!2026", "fewer people use"),
        ("password123password123", "fewer people use"),
        ("2026 iloveyou 2026", "fewer people use"),
        ("qwerty123456", "fewer people use"),
        ("123456789012", "fewer people use"),
        ("x" * 1000, "does not repeat"),
        ("abcabcabcabca", "does not repeat"),
        ("abcdefghijkl", "does not repeat or count up"),
        ("\u4e00" * 12, "does not repeat"),
        ("ADA.lovelace1815", "not your username"),
        ("1234adalovelace", "not your username"),
        ("frontdesk2026", "this site’s name"),
        ("files.example.org", "this site’s name"),
    ],
)
def test_what_a_guesser_tries_first_is_refused(
    start: Callable[..., Flask], password: str, said: str
) -> None:
    app = start(PUBLIC_URL="https://files.example.org")
    with app.app_context(), pytest.raises(Refused, match=said):
        passwords.check_new_password(password, "ada.lovelace")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "84629173650218",
        "ada likes long walks",
        "zebra zebra zebra crossing",
        "aaaaaaaaaaaaB then more",
    ],
)
def test_no_other_rule_is_made(app: Flask, password: str) -> None:
    """No composition: ASVS 6.2.5."""
    with app.app_context():
        passwords.check_new_password(password, "ada.lovelace")


@pytest.mark.parametrize(
    "password", ["Ada Lovelace 1815", "countess@post.example", "1countess!!!!!!!!"]
)
def test_names_and_addresses_of_ones_own_are_refused(
    app: Flask, member: Callable[[str], Member], password: str
) -> None:
    alice = member("alice")
    with transaction():
        alice.display_name, alice.email = "Ada Lovelace", "countess@post.example"
    with pytest.raises(Refused, match="your name"):
        service.set_password(alice, password)


@pytest.mark.parametrize("typed", ["pass\u00e9 compose is", "pass\u0065\u0301 compose is"])
def test_it_is_checked_as_it_was_typed(app: Flask, typed: str) -> None:
    """Nothing is trimmed, folded or normalised: ASVS 6.2.8."""
    with app.test_request_context():
        service.create("ada", typed)
        other = unicodedata.normalize("NFD" if len(typed) == 16 else "NFC", typed)
        for wrong in (other, typed.upper(), f" {typed}"):
            with pytest.raises(Refused):
                service.recognise("ada", wrong, "")
        assert service.recognise("ada", typed, "").username == "ada"


@pytest.fixture
def grown(app: Flask, monkeypatch: pytest.MonkeyPatch) -> PasswordHasher:
    """Members were made with (1, 8, 1); the parameters have grown since."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(2, 16, 1))
    return passwords._hasher


def kept(app: Flask, name: str) -> str:
    with app.app_context():
        found = service.find(name)
        assert found
        return found.password_hash


def test_the_next_log_in_keeps_it_as_new_ones_are(
    app: Flask, carol: Browser, grown: PasswordHasher
) -> None:
    before = kept(app, "alice")
    carol.log_in("alice", "wrong")
    assert kept(app, "alice") == before
    assert carol.log_in("alice", PASSWORD).status == 303
    after = kept(app, "alice")
    assert grown.check_needs_rehash(before) and not grown.check_needs_rehash(after)
    assert grown.verify(after, PASSWORD)
    assert carol.visit("/profile").status == 200


def test_so_does_a_proof(app: Flask, alice: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(2, 16, 1))
    alice.visit("/proof")
    alice.submit("proof", password=PASSWORD)
    assert not passwords.is_outgrown(kept(app, "alice"))


def test_who_may_not_log_in_costs_no_more_for_it(
    app: Flask, carol: Browser, grown: PasswordHasher
) -> None:
    before = kept(app, "bob")
    with app.app_context():
        bob = service.find("bob")
        assert bob
        service.set_enabled(bob, False)
    assert carol.log_in("bob", PASSWORD).status == 422
    assert kept(app, "bob") == before
