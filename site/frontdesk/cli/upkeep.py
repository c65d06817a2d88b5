"""A fresh secret key, the removal of what is over, the reading of every byte, and jobs."""

from __future__ import annotations

import json
import secrets
import sys
from functools import partial
from pathlib import Path

import click
from flask.cli import with_appcontext

from frontdesk import jobs
from frontdesk.backup import repairing
from frontdesk.cli.answers import No
from frontdesk.db import db
from frontdesk.files import purge as cleaning
from frontdesk.files import scrub as scrubbing


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
                "clock: the purge half a day from now believes it, or this one with --force."
            )
        click.echo(f"Removed: {removed}.")


@click.command("scrub")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")
@click.option("--rate", default=200.0, help="MB to read a second at most.", show_default=True)
@click.option("--repair-from", default="", help="A backup: what is damaged comes back from it.")
@click.option("--key", default="", help="The file with the secret key, if that is encrypted.")
@with_appcontext
def scrub(as_json: bool, rate: float, repair_from: str, key: str) -> None:
    """Read every stored byte again, and check that all the books are right.

    The site may run meanwhile. Ends with 1 if something is wrong, and says what. One that was
    interrupted goes on where it was.
    """
    try:
        repair = partial(repairing.repair, Path(repair_from), key) if repair_from else None
        report = scrubbing.scrub(rate * 1_000_000, repair)
    except repairing.NoRepair as no:
        raise No(str(no)) from no
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


COMMANDS = (secret_key, purge, scrub, worker)
