"""``flask demo``: fill the site with people, files and history, to look at and for tests."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from frontdesk.cli.answers import No, answer, ask_password, json_option, password_option, refusals
from frontdesk.db import db


@click.command("demo")
@click.option("--force", is_flag=True, help="Though the site has other people.")
@password_option
@json_option
@with_appcontext
def demo(force: bool, password_stdin: bool, as_json: bool) -> None:
    """Fill the site with people, files and weeks of history, to look at.

    All get the same password, made up and printed once. Doing it twice adds nothing; those who are
    there already are left as they are.
    """
    from frontdesk.demo import fill, others  # it draws: no server needs that

    strangers = others()
    db.session.remove()
    if strangers and not force:
        raise No(
            f"This site has people of its own, such as {strangers[0]}. Nothing was added. "
            "--force adds the demo's beside them."
        )
    password, is_made_up = ask_password(password_stdin)
    with refusals():
        filled = fill(current_app._get_current_object(), password)  # type: ignore[attr-defined]
    if not filled.names:
        answer(as_json, "The demo is here already. Nothing was added.", changed=False, people=[])
        return
    secret = {"password": password} if is_made_up else {}
    names = ", ".join(filled.names)
    said = f"Here are now: {names}." + (f"\nTheir password is {password}" if secret else "")
    if filled.admin:
        said += f"\nThe admin is {filled.admin}."
    answer(as_json, said, changed=True, people=filled.names, admin=filled.admin, **secret)
