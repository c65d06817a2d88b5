"""The process that answers: who it runs as, how many there are, and whether its clock is right."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

from frontdesk.check.finding import Finding, Line, _, ok, warn, wrong
from frontdesk.check.fronts import KNOWN_AS
from frontdesk.check.visit import PAGE, Visit

FEW_FILES = 4_096
FAR_OFF = 30.0  # seconds
UNIT = "/etc/systemd/system/frontdesk.service"


def who(visit: Visit) -> Iterator[Finding]:
    """Not root, and no debugger."""
    server = visit.server
    if server["uid"] == 0:
        yield warn(
            "server.user",
            _("The app runs as root: whoever finds a hole in it has the whole machine."),
            _("Give it a user of its own."),
            Line(UNIT, "User=frontdesk"),
        )
    else:
        yield ok("server.user", _("The app runs as a user without rights."))
    if server["debug"]:
        yield wrong(
            "server.debug",
            _("The debugger is on, and hands out a console to anybody."),
            _("Stop it, and start the site with make run or gunicorn."),
            Line(_("the environment"), "FLASK_DEBUG=0"),
        )
    else:
        yield ok("server.debug", _("The debugger is off."))


def limits(visit: Visit) -> Iterator[Finding]:
    """Room for many visitors at once."""
    server = visit.server
    if server["files"] < FEW_FILES:
        yield warn(
            "server.files",
            _("The app may open %(count)s files: each visitor and each upload needs one."),
            _("Let it open more."),
            Line(UNIT, "LimitNOFILE=65536"),
            count=server["files"],
        )
    else:
        yield ok("server.files", _("The app may open %(count)s files."), count=server["files"])
    if server["many"] or server["threads"]:
        yield ok("server.workers", _("The app answers several visitors at a time."))
        return
    file = KNOWN_AS["uwsgi" if server["uwsgi"] else "gunicorn"]
    line = "threads = 64"
    said = _("The app answers one visitor at a time: one slow upload stops all others.")
    yield wrong("server.workers", said, _("Start threads and workers."), Line(file, line))


def clock(visit: Visit) -> Iterator[Finding]:
    """The site's clock against ours, and the front server's against both; asked just now."""
    answer = visit.stranger.ask("GET", PAGE)
    if not answer.is_ours:
        return
    off = [answer.facts["server"]["time"] - time.time() + answer.seconds / 2]
    if date := answer.get("Date"):
        off.append(parsedate_to_datetime(date).timestamp() - time.time())
    if max(map(abs, off)) < FAR_OFF:
        yield ok("server.clock", _("The clocks agree."))
        return
    yield wrong(
        "server.clock",
        _("The clocks differ by %(seconds)s seconds: log-ins and links end at the wrong time."),
        _("Let the machine set its clock: timedatectl set-ntp true."),
        seconds=round(max(map(abs, off))),
    )


def settings(visit: Visit) -> Iterator[Finding]:
    """Whether what runs is what is asked about."""
    if Path(visit.server["instance"]) == Path(visit.house.instance):
        yield ok("server.instance", _("The site that answers is this one."))
        return
    yield warn(
        "server.instance",
        _("The site that answers keeps its things in %(folder)s, not where this command looks."),
        _("Ask about the same."),
        Line(_("the environment"), f"FRONTDESK_INSTANCE_PATH={visit.server['instance']}"),
        folder=visit.server["instance"],
    )


CHECKS = (who, limits, clock, settings)
