"""mail.py - letters reach a real server, in the reader's language; what can't be sent waits."""

from __future__ import annotations

import email
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import time_machine
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask, current_app
from sqlalchemy import select
from tests import contents

from frontdesk import jobs, mail
from frontdesk.db import db, now, transaction
from frontdesk.jobs.models import Job
from frontdesk.mail import Letter
from frontdesk.settings import BadSetting

ON = {"MAIL_FROM": "Front desk <desk@example.org>", "PUBLIC_URL": "https://files.example.org"}
ADDRESS = "ada@example.net"


@pytest.fixture(autouse=True)
def template(instance: Path) -> None:
    """A letter of the tests' own, in the theme's folder."""
    folder = instance / "theme" / "templates" / "mail"
    folder.mkdir(parents=True)
    (folder / "test.txt").write_text(
        "{% extends 'mail/_letter.txt' %}"
        "{% block subject %}{{ _('Log in') }}: {{ name }}{% endblock %}"
        "{% block body %}{{ _('Logged in as %(name)s', name=name) }} {{ secret }}{% endblock %}"
    )


class Box:
    """A real mail server on this machine, and what it was given."""

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.to: list[list[str]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.letters.append(email.message_from_bytes(envelope.content, policy=default))
        self.to.append(envelope.rcpt_tos)
        return "250 OK"


@contextmanager
def mail_server(host: str = "127.0.0.1", port: int = 0, **more: Any) -> Iterator[tuple[Box, int]]:
    box = Box()
    running = Controller(box, hostname=host, port=port or free_port(), **more)
    running.start()
    try:
        yield box, running.port
    finally:
        running.stop()


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def asked_by(app: Flask, language: str = "en") -> Iterator[None]:
    """Inside a request of somebody who reads that language."""
    with app.test_request_context(headers={"Accept-Language": language}):
        yield


def send(to: str = ADDRESS, language: str = "", **facts: str) -> None:
    """A verb that has something to say."""
    with transaction():
        mail.send(to, "test", language, **{"name": "Ada", "secret": "", **facts})


def outbox() -> list[Any]:
    return list(current_app.extensions["mailman"].outbox)


def waiting() -> list[Letter]:
    db.session.rollback()
    return list(db.session.scalars(select(Letter)))


def letter_job() -> Job:
    db.session.rollback()
    return db.session.scalars(select(Job).where(Job.kind == "letter")).one()


# A real server


def test_a_letter_reaches_the_server_whole(start: Callable[..., Flask]) -> None:
    with mail_server() as (box, port):
        app = start(MAIL_URL=f"smtp://127.0.0.1:{port}", **ON)
        with asked_by(app):
            send(name="Zoë 你好", secret="https://files.example.org/x?a=1&b='2'")
            assert letter_job().state == "done" and not waiting()
    [letter], [to] = box.letters, box.to
    assert to == [ADDRESS] and letter["To"] == ADDRESS
    assert letter["From"] == ON["MAIL_FROM"] and letter["Subject"] == "Log in: Zoë 你好"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"] and letter["Message-ID"]
    said = letter.get_content().replace("\r", "")  # type: ignore[attr-defined]
    assert "Logged in as Zoë 你好 https://files.example.org/x?a=1&b='2'" in said
    assert said.rstrip().endswith("\n\n-- \nFrontdesk\nhttps://files.example.org")


def test_a_server_that_is_away_gets_it_later(start: Callable[..., Flask]) -> None:
    port = free_port()
    app = start(MAIL_URL=f"smtp://127.0.0.1:{port}", **ON)
    with asked_by(app), time_machine.travel(datetime.now(UTC)) as clock:
        send()
        job = letter_job()
        assert (job.state, job.tries) == ("waiting", 1) and "Refused" in job.error
        assert len(waiting()) == 1 and job.due_at > now()
        with mail_server(port=port) as (box, _):
            jobs.runner().look()
            assert not box.letters, "not before the pause is over"
            clock.shift(timedelta(minutes=5))
            db.session.rollback()
            jobs.runner().look()
            assert len(box.letters) == 1
        assert letter_job().state == "done" and not waiting()


def test_a_server_that_says_no_is_asked_again(start: Callable[..., Flask]) -> None:
    class Full(Box):
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            return "452 No room"

    running = Controller(Full(), hostname="127.0.0.1", port=free_port())
    running.start()
    try:
        app = start(MAIL_URL=f"smtp://127.0.0.1:{running.port}", **ON)
        with asked_by(app):
            send()
            job = letter_job()
            assert job.state == "waiting" and "No room" in job.error and waiting()
    finally:
        running.stop()


def certificate(folder: Path) -> ssl.SSLContext:
    """One that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.2")])
    made = x509.CertificateBuilder(
        name, name, key.public_key(), 1, datetime.now(UTC), datetime.now(UTC) + timedelta(days=1)
    ).add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.2"))]), critical=False
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context


def test_a_server_that_nobody_vouches_for_gets_nothing(
    start: Callable[..., Flask], tmp_path: Path
) -> None:
    """Whoever stands between could read a link that opens an account."""
    tls = {"tls_context": certificate(tmp_path), "require_starttls": True}
    with mail_server("127.0.0.2", **tls) as (box, port):
        app = start(MAIL_URL=f"smtp://127.0.0.2:{port}", **ON)
        with asked_by(app):
            send()
            assert letter_job().state == "waiting" and "CERTIFICATE" in letter_job().error
    assert not box.letters


def test_a_server_that_somebody_vouches_for_gets_it_by_tls(
    start: Callable[..., Flask], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = {"tls_context": certificate(tmp_path), "require_starttls": True}
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    with mail_server("127.0.0.2", **tls) as (box, port):
        app = start(MAIL_URL=f"smtp://127.0.0.2:{port}", **ON)
        with asked_by(app):
            send()
    assert len(box.letters) == 1


# What stands in it


@pytest.fixture
def app(start: Callable[..., Flask]) -> Flask:
    return start(MAIL_URL="memory:", **ON)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_speaks_the_readers_language(app: Flask, language: str) -> None:
    with asked_by(app, "en"):
        send(language=language)
        send()
        named, own = outbox()
    assert named.subject.startswith({"en": "Log in", "zh": "登录"}[language])
    assert own.subject.startswith("Log in"), "the page goes on in its own"


def test_a_job_writes_letters_too(app: Flask) -> None:
    """Where no request is, nobody asks in a language."""
    with app.app_context():
        send(language="zh")
        send()
        assert [letter.subject[:2] for letter in outbox()] == ["登录", "Lo"]


@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n", "\x0b", "\u2028", "\x85"])
def test_a_name_writes_no_lines_of_its_own(app: Flask, newline: str) -> None:
    with asked_by(app):
        send(name=f"Ada{newline}Bcc: eve@example.com{newline}{newline}Buy this")
        [letter] = outbox()
        assert letter.message()["Bcc"] is None
    assert letter.subject == "Log in: Ada Bcc: eve@example.com Buy this"
    assert letter.recipients() == [ADDRESS]
    assert not [line for line in letter.body.splitlines() if line.startswith(("Bcc", "Buy"))]


@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n"])
def test_an_address_with_a_line_in_it_gets_nothing(app: Flask, newline: str) -> None:
    with asked_by(app):
        send(f"ada@example.net{newline}Bcc: eve@example.com")
        assert (letter_job().state, letter_job().tries) == ("failed", 1)
    assert "mailman" not in app.extensions


def test_two_addresses_are_none(app: Flask) -> None:
    with asked_by(app):
        send("ada@example.net, eve@example.com")
        assert letter_job().state == "failed"


# What the database holds


def test_it_lies_sealed_until_it_is_sent(start: Callable[..., Flask]) -> None:
    app = start(MAIL_URL=f"smtp://127.0.0.1:{free_port()}", **ON)
    with asked_by(app):
        send(secret="open-sesame")
        assert "open-sesame" not in str(contents.rows())
    for file in Path(app.instance_path).rglob("*.db*"):
        assert b"open-sesame" not in file.read_bytes(), file


def test_under_another_key_it_is_given_up(start: Callable[..., Flask]) -> None:
    url = f"smtp://127.0.0.1:{free_port()}"
    with asked_by(start(MAIL_URL=url, SECRET_KEY="k" * 32, **ON)):
        send()
        id = letter_job().id
    other = start(MAIL_URL=url, SECRET_KEY="other" * 8, **ON)
    with other.app_context():
        with transaction() as session:
            session.get_one(Job, id).due_at = now()
        db.session.rollback()
        jobs.runner().look()
        assert (letter_job().state, letter_job().tries) == ("failed", 2)
        assert "SECRET_KEY" in letter_job().error


def test_the_key_before_still_opens_it(start: Callable[..., Flask]) -> None:
    url = f"smtp://127.0.0.1:{free_port()}"
    with asked_by(start(MAIL_URL=url, SECRET_KEY="k" * 32, **ON)):
        send()
        id = letter_job().id
    keys = {"SECRET_KEY": "other" * 8, "SECRET_KEY_FALLBACKS": ["k" * 32]}
    with start(MAIL_URL="memory:", **keys, **ON).app_context():
        with transaction() as session:
            session.get_one(Job, id).due_at = now()
        db.session.rollback()
        jobs.runner().look()
        assert letter_job().state == "done" and len(outbox()) == 1


def test_a_verb_that_fails_says_nothing(app: Flask) -> None:
    with asked_by(app):
        with pytest.raises(RuntimeError), transaction():
            mail.send(ADDRESS, "test", name="Ada", secret="")
            raise RuntimeError
        assert not waiting() and not db.session.scalars(select(Job)).all()
    assert "mailman" not in app.extensions


# The settings


def test_without_mail_nothing_happens(start: Callable[..., Flask]) -> None:
    with asked_by(start()):
        assert not mail.is_on()
        send()
        assert not waiting() and not db.session.scalars(select(Job)).all()


def test_without_an_address_neither(app: Flask) -> None:
    with asked_by(app):
        send(to="")
        assert not waiting()


def test_a_folder_keeps_them_to_look_at(start: Callable[..., Flask]) -> None:
    app = start(MAIL_URL="folder:mail", **ON)
    with asked_by(app):
        send()
    [file] = Path(app.instance_path, "mail").iterdir()
    assert "Logged in as Ada" in file.read_text()


@pytest.mark.parametrize("missing", ["MAIL_FROM", "PUBLIC_URL"])
def test_mail_without_a_sender_or_an_address_stops_the_start(
    start: Callable[..., Flask], missing: str
) -> None:
    with pytest.raises(BadSetting, match=r"MAIL_FROM.*PUBLIC_URL"):
        start(MAIL_URL="memory:", **{**ON, missing: ""})


@pytest.mark.parametrize("url", ["mail.example.org", "imap://x", "smtp://", "folder:"])
def test_an_address_that_means_nothing_stops_the_start(
    start: Callable[..., Flask], url: str
) -> None:
    with pytest.raises(BadSetting, match="MAIL_URL must be"):
        start(MAIL_URL=url, **ON)
