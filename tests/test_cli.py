"""cli/ - the ``flask`` command's own: people, and a fresh secret key."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import NullPool, create_engine, text
from tests import postgresql
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk.cli import people

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    """Types a command; ``said`` goes to its standard input."""
    return lambda *words, said="": app.test_cli_runner().invoke(args=words, input=said)


def lines(run: Run) -> dict[str, list[str]]:
    out = run("user", "list").output
    return {line.split("\t")[0]: line.split("\t")[1:] for line in out.splitlines()}


def test_the_list_has_a_name_at_the_start_of_each_line(run: Run) -> None:
    assert lines(run) == {
        "alice": ["member", "enabled"], "bob": ["member", "enabled"], "root": ["admin", "enabled"],
    }  # fmt: skip


def test_a_member_is_made_with_a_password_from_standard_input(run: Run, carol: Browser) -> None:
    done = run(
        "user",
        "create",
        "ada",
        "--email",
        "ada@example.com",
        "--password-stdin",
        said=PASSWORD + "\n",
    )
    assert (done.exit_code, done.output) == (0, "The account ada is ready.\n")
    assert lines(run)["ada"] == ["member", "enabled"]
    assert carol.log_in("ada", PASSWORD).status == 303


def test_an_admin_is_made_by_asking_for_one(run: Run) -> None:
    run("user", "create", "ada", "--admin", "--password-stdin", said=PASSWORD)
    assert lines(run)["ada"] == ["admin", "enabled"]


def test_without_a_terminal_a_password_is_made_up(run: Run, carol: Browser) -> None:
    out = run("user", "create", "ada").output
    made_up = out.split("Its password is ")[1].strip()
    assert len(made_up) >= 20
    assert carol.log_in("ada", made_up).status == 303


@pytest.mark.parametrize(
    ("name", "password", "code", "said"),
    [
        ("ALICE", PASSWORD, 3, "The username ALICE is taken"),
        ("ada lovelace", PASSWORD, 1, "Username must be letters"),
        ("ada", "short", 1, "Password must be at least 12 characters"),
        ("ada", "", 1, "Password must be at least 12 characters"),
    ],
)
def test_what_cannot_be_is_said_in_words(
    run: Run, name: str, password: str, code: int, said: str
) -> None:
    done = run("user", "create", name, "--password-stdin", said=password)
    assert done.exit_code == code and said in done.output
    assert "Traceback" not in done.output and len(lines(run)) == 3


def test_who_is_disabled_is_out_and_may_come_back(run: Run, alice: Browser) -> None:
    assert run("user", "disable", "alice").output == "alice is disabled.\n"
    assert alice.visit("/profile").status == 401
    assert lines(run)["alice"] == ["member", "disabled"]
    assert run("user", "enable", "Alice").exit_code == 0
    assert alice.log_in("alice", PASSWORD).status == 303


def test_the_last_admin_stays(run: Run, root: Browser) -> None:
    done = run("user", "disable", "root")
    assert done.exit_code == 1 and "root is the last admin" in done.output
    assert root.visit("/admin/").status == 200


def test_another_admin_may_go(run: Run) -> None:
    run("user", "create", "ada", "--admin", "--password-stdin", said=PASSWORD)
    assert run("user", "disable", "root").exit_code == 0


def test_a_new_password_logs_out_the_old(run: Run, alice: Browser) -> None:
    done = run("user", "password", "alice", "--password-stdin", said="another long password\n")
    assert done.output == "alice has a new password.\n"
    assert alice.visit("/profile").status == 401
    assert alice.log_in("alice", PASSWORD).status == 422
    assert alice.log_in("alice", "another long password").status == 303


@pytest.mark.parametrize("verb", ["disable", "enable", "password"])
def test_an_unknown_name_is_said_in_words(run: Run, verb: str) -> None:
    done = run("user", verb, "nobody")
    assert done.exit_code == 3 and "There is no account nobody" in done.output


@pytest.mark.parametrize(
    ("verb", "changed"), [("disable", [True, False]), ("enable", [False, False])]
)
def test_twice_is_once(run: Run, verb: str, changed: list[bool]) -> None:
    answers = [run("user", verb, "alice", "--json") for _ in range(2)]
    assert [done.exit_code for done in answers] == [0, 0]
    assert [json.loads(done.output)["changed"] for done in answers] == changed


def test_what_is_there_is_not_made_again_and_stays_as_it_is(run: Run, carol: Browser) -> None:
    done = run("user", "create", "alice", "--admin", "--json", "--password-stdin", said="x" * 20)
    assert done.exit_code == 3 and "taken" in json.loads(done.output)["error"]
    assert lines(run)["alice"][0] == "member" and carol.log_in("alice", PASSWORD).status == 303


def test_roles_are_given_and_taken(run: Run) -> None:
    assert run("user", "role", "alice", "admin").output == "alice is now: admin.\n"
    done = run("user", "role", "root", "member", "--json")
    assert json.loads(done.output)["role"] == "member" and json.loads(done.output)["changed"]
    done = run("user", "role", "alice", "member")
    assert done.exit_code == 1 and "alice is the last admin" in done.output
    assert lines(run)["alice"][0] == "admin"


@pytest.mark.parametrize(
    "words", [["role", "alice", "king"], ["role", "alice"], ["create"], ["crate", "x"]]
)
def test_what_is_wrongly_typed_ends_with_2(run: Run, words: list[str]) -> None:
    assert run("user", *words).exit_code == 2


def test_programs_get_one_object(run: Run) -> None:
    made = json.loads(run("user", "create", "ada", "--email", "a@example.com", "--json").output)
    assert len(made.pop("password")) >= 20 and made.pop("created_at")
    assert made == {
        "username": "ada", "display_name": "", "email": "a@example.com", "role": "member",
        "state": "enabled", "used": 0, "quota": None, "changed": True,
    }  # fmt: skip
    listed = json.loads(run("user", "list", "--json").output)
    assert [person["username"] for person in listed] == ["ada", "alice", "bob", "root"]
    error = json.loads(run("user", "password", "nobody", "--json").output)
    assert "There is no account nobody" in error["error"]


def test_a_reset_link_is_printed(start: Callable[..., Flask]) -> None:
    runner = start(PUBLIC_URL="https://desk.example").test_cli_runner()
    done = runner.invoke(args=["user", "reset-link", "alice"])
    assert done.exit_code == 0 and done.output.startswith("https://desk.example/")


def test_the_site_goes_on_while_somebody_types_a_password(
    run: Run, instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the command has read must not keep the lock that every visitor's write needs."""

    def type_slowly(from_stdin: bool) -> tuple[str, bool]:
        if postgresql.is_used():
            with create_engine(postgresql.url_of(instance), poolclass=NullPool).begin() as visitor:
                assert visitor.scalar(text("SELECT pg_try_advisory_xact_lock(4603)"))
        else:
            with closing(sqlite3.connect(instance / "frontdesk.db", timeout=0)) as visitor:
                visitor.execute("BEGIN IMMEDIATE")
        return "another long password", False

    monkeypatch.setattr(people, "ask_password", type_slowly)
    done = run("user", "password", "alice")
    assert done.exit_code == 0, done.exception


def test_secret_keys_are_long_and_never_the_same(run: Run) -> None:
    keys = {run("secret-key").output.strip() for _ in range(3)}
    assert len(keys) == 3 and all(len(key) == 64 for key in keys)
