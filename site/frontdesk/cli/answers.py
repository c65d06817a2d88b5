"""How commands answer: sentences for people, one JSON object for programs, and exit codes.

0 done (also when there was nothing left to do), 1 refused, 2 wrongly typed, 3 there already (make)
or not there (all else).
"""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from frontdesk.forms import Refused

json_option: Callable[[Any], Any] = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object, for programs."
)
password_option: Callable[[Any], Any] = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input."
)


class No(click.ClickException):
    """Nothing was done, and here is why; as ``{"error": …}`` where --json was asked for."""

    exit_code = 1

    def __init__(self, why: str) -> None:
        super().__init__(why)
        context = click.get_current_context(silent=True)
        self.as_json = bool(context and context.params.get("as_json"))

    def show(self, file: Any = None) -> None:
        """Say it."""
        if self.as_json:
            click.echo(json.dumps({"error": self.message}, ensure_ascii=False))
        else:
            super().show(file)


class NotSo(No):
    """What should be made is there already, or what is named isn't there."""

    exit_code = 3


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a service's no into the command's."""
    try:
        yield
    except Refused as no:
        raise No(no.why) from no


def answer(as_json: bool, sentence: str, **facts: Any) -> None:
    """Say what was done."""
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else sentence)


def ask_password(from_stdin: bool) -> tuple[str, bool]:
    """The password, and whether it was made up here."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True)), False
    return secrets.token_urlsafe(15), True
