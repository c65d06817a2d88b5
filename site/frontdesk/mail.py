"""Letters: written by the verb that has something to say, and sent by a job after it is done.

MAIL_URL says how they leave; while it is empty :func:`is_on` is false, and pages show links to copy
instead. A letter is a template in ``templates/mail/``: its first line is the subject, and
``mail/_letter.txt`` is the frame that says who writes and why.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit
from uuid import UUID

from flask import Flask, current_app, has_request_context
from flask_babel import gettext
from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from frontdesk import jobs, sealing
from frontdesk.db import Base, db, now, transaction
from frontdesk.language import speaking

PORTS = {"smtp": 587, "smtps": 465}
SERVER = "frontdesk.smtp"
BACKENDS = {"smtp": SERVER, "smtps": SERVER, "folder": "file", "memory": "locmem"}
TIMEOUT = 20  # seconds
PURPOSE = "letter"  # for which they are sealed
ONE_ADDRESS = re.compile(r"[^@\s,;:<>()\[\]\\\"]+@[^@\s,;:<>()\[\]\\\"]+")


class Letter(Base):
    """One that is on its way: sealed, since it may carry a secret. It goes once it is sent."""

    __tablename__ = "letters"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    to: Mapped[str] = mapped_column(String(255))
    sealed: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)


def is_on() -> bool:
    """Whether letters leave at all."""
    return bool(current_app.config["MAIL_URL"])


def send(
    to: str, template: str, language: str = "", timezone: str | None = None, **facts: Any
) -> None:
    """Send ``mail/TEMPLATE.txt`` to the address ``to``, once the verb that says so is written.

    ``language`` is ``en`` or ``zh``; empty is the language of who asks. ``timezone`` is the one
    that its dates are said in; None is that of who asks. Without mail, or an address, nothing
    happens. A fact of text is one line: no name writes lines of its own.
    """
    if not is_on() or not to:
        return
    with _a_request(), speaking(language, timezone):
        text = _written(template, facts)
    subject, _, body = text.strip().partition("\n")
    sealed = sealing.seal(json.dumps([" ".join(subject.split()), body.strip() + "\n"]), PURPOSE)
    with transaction() as session:
        letter = Letter(to=to, sealed=sealed)
        session.add(letter)
        session.flush()
        jobs.ask("letter", str(letter.id))


def _a_request() -> AbstractContextManager[Any]:
    """What a template may count on; in a job, or on the command line, there is none."""
    if has_request_context():
        return nullcontext()
    return current_app.test_request_context(base_url=current_app.config["PUBLIC_URL"])


def _written(template: str, facts: Mapping[str, Any]) -> str:
    """A letter's whole text. No request need be there, and nothing is escaped: it is no page."""
    lines = {name: _one_line(fact) for name, fact in facts.items()}
    root = str(current_app.config["PUBLIC_URL"]).rstrip("/")
    written = current_app.jinja_env.get_template(f"mail/{template}.txt")
    return written.render(**lines, _=_said, root=root)


def _one_line(fact: Any) -> Any:
    return " ".join(fact.split()) if isinstance(fact, str) else fact


def _said(message: str, **facts: Any) -> str:
    return str(gettext(message)) % (facts or ())


@jobs.task("letter", minutes=5)
def _deliver(letter_id: str) -> None:
    """Hand a letter to the mail server; what comes of it there is the server's.

    Sent twice if the process ends between the server's yes and ours: better than never.
    """
    letter = db.session.get(Letter, UUID(letter_id))
    if letter is None:
        return
    if not ONE_ADDRESS.fullmatch(letter.to):
        raise jobs.GiveUp(gettext("This is no address, or more than one."))
    try:
        subject, body = json.loads(sealing.unseal(letter.sealed, PURPOSE))
    except sealing.Broken as error:
        raise jobs.GiveUp(str(error)) from error
    _hand_over(letter.to, subject, body)
    with transaction() as session:
        if found := session.get(Letter, UUID(letter_id)):
            session.delete(found)


def _hand_over(to: str, subject: str, body: str) -> None:
    from flask_mailman import EmailMessage  # the e-mail package takes 60 ms to load

    db.session.rollback()  # a slow server must not hold a connection to the database
    headers = {"Auto-Submitted": "auto-generated"}  # RFC 3834: no "I am on holiday" comes back
    connection = _connection()
    try:
        EmailMessage(subject, body, to=[to], headers=headers, connection=connection).send()
    finally:
        with suppress(OSError):  # after a failure Flask-Mailman leaves it open
            connection.close()


def _connection() -> Any:
    from flask_mailman import Mail

    if "mailman" not in current_app.extensions:
        Mail(current_app)
    return current_app.extensions["mailman"].get_connection()


def configured(url: str, sender: str, instance: str) -> dict[str, Any]:
    """Flask-Mailman's settings for a MAIL_URL."""
    parts = urlsplit(url)
    if parts.scheme == "folder":
        return {"MAIL_BACKEND": "file", "MAIL_FILE_PATH": f"{instance}/{parts.path}"}
    return {
        "MAIL_BACKEND": BACKENDS.get(parts.scheme, "dummy"),
        "MAIL_DEFAULT_SENDER": sender,
        **_server(parts),
    }


def _server(parts: SplitResult) -> dict[str, Any]:
    is_local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return {
        "MAIL_SERVER": parts.hostname or "localhost",
        "MAIL_PORT": parts.port or PORTS.get(parts.scheme, 25),
        "MAIL_USERNAME": unquote(parts.username) if parts.username else None,
        "MAIL_PASSWORD": unquote(parts.password) if parts.password else None,
        "MAIL_USE_SSL": parts.scheme == "smtps",
        "MAIL_USE_TLS": parts.scheme == "smtp" and not is_local,
        "MAIL_TIMEOUT": TIMEOUT,
    }


def init_app(app: Flask) -> None:
    """Make Flask-Mailman's settings of MAIL_URL and MAIL_FROM."""
    config = app.config
    config.update(configured(config["MAIL_URL"], config["MAIL_FROM"], app.instance_path))
