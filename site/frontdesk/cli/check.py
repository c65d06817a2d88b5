"""``flask check``: test the set-up, from outside through the real proxy, and inside."""

from __future__ import annotations

import json
import sys

import click
from flask.cli import with_appcontext

from frontdesk.check import service
from frontdesk.check.finding import OK, WARNING, WRONG, Finding, worst
from frontdesk.check.outside import Way
from frontdesk.cli.answers import json_option

SIGNS = {OK: "ok     ", WARNING: "warning", WRONG: "WRONG  "}


@click.command("check")
@click.option("--url", default="", help="The site's address; PUBLIC_URL if none is named.")
@click.option("--connect", default="", help="Connect there, whatever the address's name leads to.")
@click.option("--insecure", is_flag=True, help="Take a certificate that nobody vouches for.")
@click.option("--http-port", type=int, help="Where http should lead to https.  [default: 80]")
@click.option("--slow", is_flag=True, help="Also what takes two minutes: long answers and pauses.")
@click.option("--all", "show_all", is_flag=True, help="Tell what is well, too.")
@json_option
@with_appcontext
def check(
    url: str,
    connect: str,
    insecure: bool,
    http_port: int | None,
    slow: bool,
    show_all: bool,
    as_json: bool,
) -> None:
    """Test the set-up: from outside, as a stranger through the real proxy, and inside.

    Each finding says which line to change in which file. Ends with 1 if something is wrong, and
    with 0 if all is well or could merely be better.
    """
    url = (url or service.default_url()).rstrip("/")
    found = service.everything(Way(url, connect, http_port, insecure, slow))
    service.save(url, found)
    if as_json:
        told = [_facts(finding) for finding in found]
        clean = worst(found) == OK
        click.echo(json.dumps({"clean": clean, "url": url, "findings": told}, ensure_ascii=False))
    else:
        _tell(url, found, show_all)
    sys.exit(worst(found) == WRONG)


def _facts(finding: Finding) -> dict[str, str]:
    return {
        "id": finding.id,
        "level": finding.level,
        "says": finding.words,
        "todo": finding.advice,
        "file": finding.change.file,
        "line": finding.change.line,
    }


def _tell(url: str, found: list[Finding], show_all: bool) -> None:
    click.echo(f"{url}: {len(found)} things were looked at.")
    for finding in found:
        if show_all or finding.level != OK:
            click.echo(f"\n{SIGNS[finding.level]}  {finding.words}")
            for line in (finding.advice, finding.change.file, f"  {finding.change.line}"):
                if line.strip():
                    click.echo(f"         {line}")
    count = {level: sum(finding.level == level for finding in found) for level in SIGNS}
    click.echo(f"\n{count[OK]} well, {count[WARNING]} could be better, {count[WRONG]} wrong.")
