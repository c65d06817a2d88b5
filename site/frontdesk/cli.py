"""What the ``flask`` command adds: people, a fresh secret key, and the removal of what is over."""

from __future__ import annotations

import json
import secrets
import sys

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from frontdesk import jobs
from frontdesk.accounts import service
from frontdesk.accounts.models import ADMIN, Member
from frontdesk.db import db
from frontdesk.files import purge as cleaning
from frontdesk.files import scrub as scrubbing
from frontdesk.forms import Refused

user = AppGroup("user", help="The people who have an account.")


@user.command("create")
@click.argument("name")
@click.option("--admin", is_flag=True, help="May see and change everything.")
@click.option("--email", default="", help="Where mail to them goes.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create(name: str, admin: bool, email: str, password_stdin: bool) -> None:
    """Make an account for NAME. Without --password-stdin it asks, or makes a password up."""
    password, is_made_up = _password(password_stdin)
    try:
        service.create(name, password, is_admin=admin, email=email)
    except Refused as no:
        raise click.ClickException(no.why) from no
    click.echo(f"The account {name} is ready.")
    if is_made_up:
        click.echo(f"Its password is {password}")


@user.command("list")
def list_them() -> None:
    """One line each: the name first, then the role and whether they may log in."""
    for member in db.session.scalars(select(Member).order_by(Member.username_key)):
        state = "disabled" if member.disabled_at else "enabled"
        click.echo(f"{member.username}\t{member.role}\t{state}")


@user.command("disable")
@click.argument("name")
def disable(name: str) -> None:
    """Log NAME out everywhere, and let them in no more."""
    member = _member(name)
    if member.role == ADMIN and _is_last_admin(member):
        raise click.ClickException(f"{name} is the last admin. Make another admin first.")
    service.set_enabled(member, False)
    click.echo(f"{name} is disabled.")


@user.command("enable")
@click.argument("name")
def enable(name: str) -> None:
    """Let NAME in again."""
    service.set_enabled(_member(name), True)
    click.echo(f"{name} is enabled.")


@user.command("password")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def password(name: str, password_stdin: bool) -> None:
    """Give NAME a new password, and log them out everywhere."""
    member = _member(name)
    chosen, is_made_up = _password(password_stdin)
    try:
        service.set_password(member, chosen)
    except Refused as no:
        raise click.ClickException(no.why) from no
    click.echo(f"{name} has a new password." + (f" It is {chosen}" if is_made_up else ""))


@click.command("secret-key")
def secret_key() -> None:
    """Print a fresh secret key."""
    click.echo(secrets.token_hex(32))


@click.command("purge")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")
@click.option("--force", is_flag=True, help="Believe the clock, though it jumped.")
@with_appcontext
def purge(as_json: bool, force: bool) -> None:
    """Remove what has expired, what lay 30 days in the bin, and bytes that nothing needs.

    The server does it once a day; how many of each kind it removed is printed.
    """
    removed = cleaning.purge(force=force)
    if as_json:
        click.echo(json.dumps({**removed.counts, "waited": removed.waited}))
    else:
        if removed.waited:
            click.echo(
                "The clock jumped since the last purge, so nothing expires this time. Check the "
                "clock, then run it again, or at once with --force."
            )
        click.echo(f"Removed: {removed}.")


@click.command("scrub")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")
@click.option("--rate", default=200.0, help="MB to read a second at most.", show_default=True)
@with_appcontext
def scrub(as_json: bool, rate: float) -> None:
    """Read every stored byte again, and check that all the books are right.

    The site may run meanwhile. Ends with 1 if something is wrong, and says what.
    """
    report = scrubbing.scrub(rate * 1_000_000)
    if as_json:
        click.echo(json.dumps(scrubbing.as_json(report), ensure_ascii=False))
    else:
        scrubbing.told(click.echo, report)
    sys.exit(bool(report.findings))


@click.command("worker")
@click.option("--threads", default=2, help="How many jobs to run at a time.", show_default=True)
@with_appcontext
def worker(threads: int) -> None:
    """Do what is done later, until it is stopped, beside the server or instead of it.

    As many as you like may run, on the server's machine and user.
    """
    click.echo("Waiting for jobs. Press Ctrl+C to stop.")
    db.session.remove()
    jobs.runner().work(threads)


def _password(from_stdin: bool) -> tuple[str, bool]:
    """The password, and whether it was made up here."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True)), False
    return secrets.token_urlsafe(15), True


def _member(name: str) -> Member:
    member = service.find(name)
    db.session.commit()  # else it holds the lock that visitors need while somebody types a password
    if member is None:
        raise click.ClickException(f"There is no account {name}. `flask user list` shows them.")
    return member


def _is_last_admin(member: Member) -> bool:
    others = select(Member.id).where(
        Member.role == ADMIN, Member.disabled_at.is_(None), Member.id != member.id
    )
    return db.session.scalar(others.limit(1)) is None


def init_app(app: Flask) -> None:
    app.cli.add_command(user)
    app.cli.add_command(secret_key)
    app.cli.add_command(purge)
    app.cli.add_command(scrub)
    app.cli.add_command(worker)
