"""The configurations of front servers and units, written for the owner's host."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from frontdesk import deploying
from frontdesk.cli.answers import No

STOCK = deploying.Place()
PORT = click.IntRange(1, deploying.LAST_PORT)


@click.command("deploy")
@click.argument("what", type=click.Choice(sorted(deploying.FILES)))
@click.option("--host", default=STOCK.host, help="The name of the site.", show_default=True)
@click.option("--listen", default="", help="The address to listen at; empty is all of them.")
@click.option(
    "--listen-http", "http", type=PORT, default=STOCK.http, help="Its port.", show_default=True
)
@click.option(
    "--listen-https", "https", type=PORT, default=STOCK.https, help="And of TLS.", show_default=True
)
@click.option("--certificate", default="", help="The file with its chain; empty is certbot's.")
@click.option("--key", default="", help="The file with its key; empty is certbot's.")
@click.option("--upstream", default=STOCK.upstream, help="unix:/PATH or HOST:PORT of the server.")
@click.option("--way", type=click.Choice(deploying.WAYS), default=STOCK.way, help="It speaks that.")
@click.option("--root", default="", help="The folder of the site; empty is this one.")
@click.option("--instance", default="", help="Its instance folder; empty is this site's.")
@click.option("--user", default=STOCK.user, help="Who runs it.", show_default=True)
@click.option("--log", default="", help="The front server's log; empty is Debian's place for it.")
@click.option("--output", type=click.Path(path_type=Path), help="A file or a folder to write to.")
@click.option("--alone", type=click.Path(path_type=Path), help="A folder to run it in by itself.")
@with_appcontext
def deploy(what: str, output: Path | None, alone: Path | None, **said: Any) -> None:
    """Print the configuration of WHAT for your host, or write it.

    docs/deploying.md says where it belongs, and what else there is to do.
    """
    place = _place(said)
    try:
        deploying.refuse_odd(place)
        if alone:
            _alone(what, place, alone.resolve())
        elif output is None:
            click.echo("\n".join(deploying.render(what, place).values()), nl=False)
        else:
            _write(deploying.render(what, place), output)
    except deploying.BadPlace as no:
        raise No(str(no)) from no
    except OSError as error:
        raise No(f"{output or alone} can't be written: {error.strerror}.") from error


def _place(said: dict[str, Any]) -> deploying.Place:
    """What was said, and what this site knows by itself."""
    said["root"] = said["root"] or current_app.root_path
    said["instance"] = said["instance"] or current_app.instance_path
    said["files"] = str(Path(said["instance"]) / current_app.config["STORAGE_URL"][len("file:") :])
    for name in ("certificate", "key"):
        stock = str(getattr(STOCK, name))
        said[name] = said[name] or stock.replace(STOCK.host, said["host"])
    return deploying.Place(**said)


def _alone(what: str, place: deploying.Place, folder: Path) -> None:
    if what not in deploying.ALONE:
        raise No(f"Only {' and '.join(deploying.ALONE)} run by themselves. Leave --alone out.")
    click.echo(f"Wrote {deploying.write_alone(what, place, folder)}.")


def _write(files: dict[str, str], output: Path) -> None:
    if len(files) > 1 and output.is_file():
        raise No(f"These are {len(files)} files. Name a folder in --output.")
    is_folder = len(files) > 1 or output.is_dir()
    if is_folder:
        output.mkdir(parents=True, exist_ok=True)
        _refuse_anothers(output.stat(), output)
    for name, text in files.items():
        path = output / name if is_folder else output
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o644), "w") as file:
            _refuse_anothers(os.fstat(file.fileno()), path)
            file.truncate()
            file.write(text)
        click.echo(f"Wrote {path}.")


def _refuse_anothers(stat: os.stat_result, path: Path) -> None:
    """In /tmp any name can be taken first, and root installs what is written here."""
    if stat.st_uid not in {0, os.geteuid()}:
        raise No(f"{path} is somebody else's. Remove it, or name another place in --output.")
