"""Test the set-up, and remember what was found last: in a file of the instance folder."""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import select

from frontdesk import jobs
from frontdesk.check import inside, outside
from frontdesk.check.finding import OK, Finding, _, from_plain, to_plain, wrong
from frontdesk.check.outside import Way
from frontdesk.check.probe import FILE as PROBE_FILE
from frontdesk.check.visit import House
from frontdesk.db import db, now, reading
from frontdesk.files import service as files
from frontdesk.jobs.models import RUNNING, WAITING, Job
from frontdesk.stored_settings import live
from frontdesk.stored_settings.catalogue import GROUPS

KIND = "check"
LAST = "check.json"
GUNICORNS = "http://127.0.0.1:5000"  # where deploy/gunicorn.conf.py listens unless told otherwise


class Last(NamedTuple):
    """What the last test found, of which address, when."""

    at: datetime
    url: str
    findings: list[Finding]

    def without(self, others: list[Finding]) -> list[Finding]:
        """Those that stand not among ``others``, which are of now."""
        known = {finding.id for finding in others}
        return [finding for finding in self.findings if finding.id not in known]


def house() -> House:
    """What the checks must know of this site."""
    app, config = live.this_app(), current_app.config
    return House(
        max_file_size=min(config["MAX_FILE_SIZE"], config["QUOTA"] or config["MAX_FILE_SIZE"]),
        min_upload_rate=config["MIN_UPLOAD_RATE"],
        trusted_hosts=tuple(config["TRUSTED_HOSTS"] or ()),
        instance=app.instance_path,
        places=_places(app),
        folder=str(files.storage().beside("")),
    )


def _places(app: Flask) -> dict[str, str]:
    """Where each setting was said: a file, a variable, or a page."""
    sources = live.sources(app)
    file = str(Path(app.instance_path) / "config.py")
    places = dict.fromkeys(sources.known, file)
    groups = {one.name: group.key for group in GROUPS for one in group.settings}
    stored = live.state(app).values
    places |= {name: f"/admin/settings/{groups[name]}" for name in stored if name in groups}
    return places | {name: where for name, where in sources.fixed.items() if where}


def address() -> str:
    """The site's own address; empty if no setting says it."""
    return str(current_app.config["PUBLIC_URL"]).rstrip("/")


def default_url() -> str:
    """Where the site is, as far as it knows by itself."""
    host, port = os.environ.get("HOST", ""), os.environ.get("PORT", "")
    return address() or (f"http://{host or '127.0.0.1'}:{port}" if port else GUNICORNS)


def from_outside(way: Way) -> list[Finding]:
    """What a stranger finds; it takes some seconds, and asks for nothing in the database."""
    key = current_app.config["SECRET_KEY"]
    with _stored() as blob:
        return outside.look(way, key, replace(house(), stored=blob))


@contextmanager
def _stored() -> Iterator[UUID | None]:
    """A blob to ask for, as long as that lasts; None where none can be stored."""
    id = None
    try:
        with files.storage().begin() as staged:
            staged.write(PROBE_FILE)
            staged.keep()
        id = staged.id
    except OSError:  # looked at from inside, and said there
        pass
    try:
        yield id
    finally:
        if id is not None:
            files.storage().delete(id)


def everything(way: Way) -> list[Finding]:
    """From outside, from inside, and whether the server there does jobs."""
    with reading():
        found = inside.thorough()
        if current_app.config["JOBS"] == "worker" or not current_app.testing:
            found += inside.a_job()
    return [*from_outside(way), *found]


# For the admin's page


def ask(url: str) -> None:
    """Have the set-up tested from outside, soon."""
    jobs.ask(KIND, url, again=True)


def is_coming() -> bool:
    """Whether a test is under way."""

    going = select(Job.id).where(Job.kind == KIND, Job.state.in_([WAITING, RUNNING])).limit(1)
    return db.session.scalar(going) is not None


@jobs.task(KIND, minutes=5)
def _test(url: str) -> None:
    """Test, and keep what was found. A page tells nothing of what answers elsewhere."""
    db.session.rollback()  # that takes seconds, and must not hold a connection to the database
    found = from_outside(Way(url))
    if [finding.id for finding in found] == ["reach"] and found[0].level != OK:
        found = [_not_there(url)]
    save(url, [*found, *inside.thorough()])


def _not_there(url: str) -> Finding:
    """The same words whatever is there: nobody shall learn about a network by asking here."""
    said = _("The site doesn’t answer at %(url)s.")
    todo = _("Look at its name’s entry and at the front server; flask check tells more.")
    return wrong("reach", said, todo, url=url)


def may_ask(url: str) -> bool:
    """Whether ``url`` is this site's own address: said so by a setting, or on this machine.

    Who is an admin here must not send this machine to look around in its network.
    """
    config = current_app.config
    parts = urlsplit(url)
    if url == address():
        return True
    if parts.hostname in (config["TRUSTED_HOSTS"] or ()) and parts.port in {None, 80, 443}:
        return True
    return _is_here(parts.hostname or "")


def _is_here(host: str) -> bool:
    """Whether ``host`` is an address of this machine: only such can be bound."""
    with suppress(ValueError, OSError):
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        with closing(socket.socket(family, socket.SOCK_STREAM)) as trial:
            trial.bind((str(address), 0))
            return not address.is_unspecified
    return False


# What was found last


def save(url: str, findings: list[Finding]) -> None:
    """Keep it until the next time."""
    folder = Path(current_app.instance_path)
    draft = folder / f".{LAST}-{secrets.token_hex(4)}"
    facts = {"at": now().isoformat(), "url": url, "findings": to_plain(findings)}
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(facts, file)
    draft.rename(folder / LAST)


def last() -> Last | None:
    """None if there was no test yet, or another version made it."""
    path = Path(current_app.instance_path) / LAST
    with suppress(OSError, ValueError, KeyError, TypeError):
        facts = json.loads(path.read_text())
        at = datetime.fromisoformat(facts["at"])
        return Last(at, str(facts["url"]), from_plain(facts["findings"]))
    return None
