"""``flask user``: the people who have an account. Doing something twice is doing it once."""

from __future__ import annotations

import json
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select

from frontdesk.accounts import people, resets, service
from frontdesk.accounts.models import ADMIN, MEMBER, Member
from frontdesk.cli.answers import (
    No,
    NotSo,
    answer,
    ask_password,
    json_option,
    password_option,
    refusals,
)
from frontdesk.db import db
from frontdesk.pages import absolute

user = AppGroup("user", help="The people who have an account.")


@user.command("create")
@click.argument("name")
@click.option("--admin", is_flag=True, help="May see and change everything.")
@click.option("--email", default="", help="Where mail to them goes.")
@password_option
@json_option
def create(name: str, admin: bool, email: str, password_stdin: bool, as_json: bool) -> None:
    """Make an account for NAME. Without --password-stdin it asks, or makes a password up.

    Ends with 3 if there is one of that name, and changes nothing about it.
    """
    _check_free(name)
    password, is_made_up = ask_password(password_stdin)
    try:
        with refusals():
            made = service.create(name, password, is_admin=admin, email=email)
    except No:
        _check_free(name)  # somebody else may have been faster
        raise
    secret = {"password": password} if is_made_up else {}
    said = f"The account {name} is ready." + (f"\nIts password is {password}" if secret else "")
    answer(as_json, said, **_facts(made), changed=True, **secret)


@user.command("list")
@json_option
def list_them(as_json: bool) -> None:
    """One line each: the name first, then the role and whether they may log in."""
    members = db.session.scalars(select(Member).where(people.HERE).order_by(Member.username_key))
    if as_json:
        click.echo(json.dumps([_facts(member) for member in members], ensure_ascii=False))
        return
    for member in members:
        click.echo(f"{member.username}\t{member.role}\t{_state(member)}")


@user.command("disable")
@click.argument("name")
@json_option
def disable(name: str, as_json: bool) -> None:
    """Log NAME out everywhere, and let them in no more. The last admin stays."""
    member = _member(name)
    changes = member.disabled_at is None
    with refusals():
        service.set_enabled(member, False)
    answer(as_json, f"{member.username} is disabled.", **_facts(member), changed=changes)


@user.command("enable")
@click.argument("name")
@json_option
def enable(name: str, as_json: bool) -> None:
    """Let NAME in again."""
    member = _member(name)
    changes = member.disabled_at is not None
    service.set_enabled(member, True)
    answer(as_json, f"{member.username} is enabled.", **_facts(member), changed=changes)


@user.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice([ADMIN, MEMBER]))
@json_option
def role(name: str, role: str, as_json: bool) -> None:
    """Make NAME an admin or a member, from their next click on. The last admin stays one."""
    member = _member(name)
    changes = member.role != role
    with refusals():
        people.set_role(member, role)
    answer(as_json, f"{member.username} is now: {role}.", **_facts(member), changed=changes)


@user.command("password")
@click.argument("name")
@password_option
@json_option
def password(name: str, password_stdin: bool, as_json: bool) -> None:
    """Give NAME a new password, and log them out everywhere."""
    member = _member(name)
    chosen, is_made_up = ask_password(password_stdin)
    with refusals():
        service.set_password(member, chosen)
    secret = {"password": chosen} if is_made_up else {}
    said = f"{member.username} has a new password." + (f" It is {chosen}" if secret else "")
    answer(as_json, said, **_facts(member), changed=True, **secret)


@user.command("reset-link")
@click.argument("name")
@json_option
def reset_link(name: str, as_json: bool) -> None:
    """Print a link by which NAME chooses a new password, once."""
    member = _member(name)
    root = current_app.config["PUBLIC_URL"]
    if not root:
        raise No("Set PUBLIC_URL first: it is how the link begins.")
    with refusals(), current_app.test_request_context(base_url=root):
        link = absolute("accounts.reset", secret=resets.admin_link(member))
    answer(as_json, link, username=member.username, link=link)


def _member(name: str) -> Member:
    member = service.find(name)
    db.session.commit()  # else it holds the lock that visitors need while somebody types a password
    if member is None:
        raise NotSo(f"There is no account {name}. `flask user list` shows them.")
    return member


def _check_free(name: str) -> None:
    is_taken = service.find(name) is not None
    db.session.commit()
    if is_taken:
        raise NotSo(f"The username {name} is taken. Try another.")


def _state(member: Member) -> str:
    if member.disabled_at:
        return "disabled"
    return "waiting" if member.waiting_since else "leaving" if member.leaves_at else "enabled"


def _facts(member: Member) -> dict[str, Any]:
    """What programs are told; ``quota`` null is the site's."""
    return {
        "username": member.username,
        "display_name": member.display_name,
        "email": member.email,
        "role": member.role,
        "state": _state(member),
        "used": member.used,
        "quota": member.quota,
        "created_at": member.created_at.isoformat(timespec="seconds"),
    }
