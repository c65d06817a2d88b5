"""Backups: make one, put one back or only read it, and make a key for them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from frontdesk.backup import keys, making, putting, restoring
from frontdesk.cli.answers import No
from frontdesk.language import size

DAMAGED = 4


@contextmanager
def ended_by_signal() -> Iterator[None]:
    """SIGTERM ends what is being done as Ctrl+C does: with nothing half left."""

    def stop(*_: Any) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@click.command("backup")
@click.argument("target")
@click.option("--key", default="", help="Encrypt: an age1… key, or a file that holds one.")
@click.option(
    "--keep", type=click.IntRange(0), default=0,
    help="In a folder: keep only so many, the latest. 0 keeps all.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")
@with_appcontext
def backup(target: str, key: str, keep: int, as_json: bool) -> None:
    """Make a backup of the whole site, which may run meanwhile.

    TARGET is a folder, with / at its end if it isn't there yet: the next backup in it adds only
    what is new. Or an archive that ends in .tar; - is standard output. Ends with 1 if there is no
    backup, and with 4 if there is one and some files aren't what came, or old ones can't go.
    """
    with ended_by_signal():
        try:
            made = making.make(target, key=key, keep=keep)
        except making.NoBackup as no:
            raise No(str(no)) from no
    _tell(made, as_json, is_err=target == "-")
    sys.exit(DAMAGED if made.damaged or made.rotten or made.unpruned else 0)


def _tell(made: making.Made, as_json: bool, is_err: bool) -> None:
    if as_json:
        click.echo(json.dumps(_facts(made), ensure_ascii=False), err=is_err)
        return
    for member in made.damaged:
        click.echo(f"{member.name} {member.damaged}.", err=True)
    said = f"{made.files} files, {size(made.bytes)} with all else, in {made.seconds:.1f} s"
    click.echo(f"Backed up to {made.where}, as {made.name}: {said}.", err=is_err)
    click.echo("Left out: " + "; ".join(made.left_out) + ".", err=is_err)
    for warning in _warnings(made):
        click.echo(warning, err=True)


def _warnings(made: making.Made) -> list[str]:
    told = {
        f"Older ones can't be removed: {made.unpruned}.": made.unpruned,
        "The site's log can't be written, so its pages don't know of it.": not made.noted,
        f"{len(made.rotten)} objects of earlier ones had rotted. Is that disk well?": made.rotten,
        f"{len(made.damaged)} of them aren't what came. Run flask scrub.": made.damaged,
    }
    return [said for said, is_so in told.items() if is_so]


def _facts(made: making.Made) -> dict[str, Any]:
    damaged = [{"name": one.name, "says": one.damaged} for one in made.damaged]
    names = ["where", "name", "files", "bytes", "seconds", "added", "removed", "rotten", "left_out"]
    names += ["unpruned", "noted"]
    return {**{name: getattr(made, name) for name in names}, "damaged": damaged}


@click.command("backup-key")
@click.argument("file")
def backup_key(file: str) -> None:
    """Make a key for backups, and print for whom to encrypt: BACKUP_KEY.

    FILE gets the secret key. Only who has it can restore: keep it away from this machine.
    """
    secret, public = keys.fresh()
    try:
        new = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise No(f"{file} can't be made: {error.strerror}.") from error
    with os.fdopen(new, "w") as out:
        out.write(f"# public key: {public}\n{secret}\n")
    click.echo(public)
    click.echo(f"The secret key is in {Path(file).absolute()}. Keep it away from here.", err=True)


@click.command("restore")
@click.argument("source")
@click.option("--snapshot", default="", help="Of a folder: that backup, not the latest.")
@click.option("--key", default="", help="The file with the secret key, if it is encrypted.")
@click.option("--check", is_flag=True, help="Only read all of it, and say whether it is whole.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")
@with_appcontext
def restore(source: str, snapshot: str, key: str, check: bool, as_json: bool) -> None:
    """Put a backup back: into an empty instance, while no server runs.

    Every byte is compared with what was backed up before the site may start, then flask scrub
    runs. Ends with 1 if nothing usable is there, and with 4 if a file was damaged already when it
    was backed up, or the scrub finds something.
    """
    do = restoring.check if check else restoring.restore
    with ended_by_signal():
        try:
            done = do(Path(source), key=key, snapshot=snapshot)
        except putting.Refused as no:
            raise No(str(no)) from no
    if as_json:
        click.echo(json.dumps(asdict(done), ensure_ascii=False))
    else:
        _tell_restored(done, check)
    if done.wrong:
        sys.exit(1)
    sys.exit(DAMAGED if done.damaged or not (check or _is_clean(as_json)) else 0)


def _tell_restored(done: restoring.Restored, check: bool) -> None:
    for said in [*done.notes, *done.wrong, *done.damaged]:
        click.echo(said, err=True)
    facts = f"{done.files} files, {size(done.bytes)} with all else, made at {done.made_at}"
    verdict = "It isn't whole" if done.wrong else "All of it is as it was backed up"
    click.echo(f"{verdict}: {facts}." if check else f"Restored and verified: {facts}.")


def _is_clean(as_json: bool) -> bool:
    """Whether a scrub of the restored site, which starts and migrates for it, finds nothing."""
    own = os.environ | {"FRONTDESK_INSTANCE_PATH": current_app.instance_path}
    words = ["-m", "flask", "--app", "site/frontdesk", "scrub", "--rate", "0"]
    done = subprocess.run(  # noqa: S603  our own words
        [sys.executable, *words],
        cwd=current_app.root_path,
        env=own,
        stdout=subprocess.PIPE,
        text=True,
    )
    click.echo(done.stdout, nl=False, err=as_json)
    return done.returncode == 0


COMMANDS = (backup, restore, backup_key)
