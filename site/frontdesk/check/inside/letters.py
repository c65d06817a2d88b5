"""The mail server: reached, over TLS, and logged in to; nothing is sent."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from flask import current_app

from frontdesk import mail
from frontdesk.check.finding import Finding, Line, _, ok, warn, wrong
from frontdesk.db import db

SERVERS = ("smtp:", "smtps:")


def letters() -> Iterator[Finding]:
    """Whether letters would leave."""
    url = str(current_app.config["MAIL_URL"])
    file = str(Path(current_app.instance_path) / "config.py")
    line = Line(file, 'MAIL_URL = "smtp://USER:PASSWORD@HOST:587"')
    if not mail.is_on():
        said = _("No mail leaves: who forgets a password must come to you.")
        yield warn("inside.mail", said, _("Name a mail server."), line)
    elif not url.startswith(SERVERS):
        said = _("Letters are written into a folder, not sent.")
        yield warn("inside.mail", said, _("Name a mail server."), line)
    else:
        yield _greeted(line)


def _greeted(line: Line) -> Finding:
    db.session.rollback()  # a slow server must not hold a connection to the database
    server = current_app.config["MAIL_SERVER"]
    try:
        _greet(server)
    except smtplib.SMTPAuthenticationError:
        said = _("The mail server %(server)s refuses the name or the password.")
        return wrong("inside.mail", said, _("Look at both."), line, server=server)
    except ssl.SSLError as error:
        said = _("The mail server %(server)s can’t prove that it is itself: %(why)s.")
        todo = _("Name it as its certificate does.")
        why = getattr(error, "verify_message", "") or str(error.reason)
        return wrong("inside.mail", said, todo, line, server=server, why=why)
    except (OSError, smtplib.SMTPException, socket.gaierror) as error:
        said = _("The mail server %(server)s isn’t reached: %(why)s.")
        why = getattr(error, "strerror", None) or type(error).__name__
        todo = _("Look at its name and port, and at the firewall.")
        return wrong("inside.mail", said, todo, line, server=server, why=why)
    return ok("inside.mail", _("The mail server %(server)s takes our letters."), server=server)


def _greet(server: str) -> None:
    """As a letter does, up to where it would be handed over."""
    config, context = current_app.config, ssl.create_default_context()
    port, patience = config["MAIL_PORT"], mail.TIMEOUT
    connection: smtplib.SMTP
    if config["MAIL_USE_SSL"]:
        connection = smtplib.SMTP_SSL(server, port, timeout=patience, context=context)
    else:
        connection = smtplib.SMTP(server, port, timeout=patience)
    with closing(connection) as line:
        line.ehlo()
        if config["MAIL_USE_TLS"]:
            line.starttls(context=context)
            line.ehlo()
        if config["MAIL_USERNAME"]:
            line.login(config["MAIL_USERNAME"], config["MAIL_PASSWORD"] or "")
        line.docmd("QUIT")


PATIENT = (letters,)
