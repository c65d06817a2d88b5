"""Who is at the site that the browser tests see, and what they keep there."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from PIL import Image
from sqlalchemy import select
from tests.accounts.codes import give_app
from tests.chromium.looks import LOOKS

from frontdesk import create_app
from frontdesk.accounts import secrets
from frontdesk.accounts import service as accounts
from frontdesk.accounts.models import Invite, Member
from frontdesk.db import db, transaction
from frontdesk.files import arrivals
from frontdesk.files import service as files
from frontdesk.files.models import File
from frontdesk.posts import service as posts

LONG_NAME = "Jahresabschlusspruefungsberichtsentwurf" + "X" * 21  # 60 letters, no place to break
MANY = 55  # more than a page of a folder shows
PASSWORD = "a long enough password"
INVITE = "/invite/an-invite-that-many-may-look-at"


def photo(width: int = 640, height: int = 480, *, exif: bool = False) -> bytes:
    """A JPEG; with ``exif`` it says where it was taken: 59.3293 N, 18.0686 E."""
    image = Image.effect_mandelbrot((width, height), (-2.2, -1.2, 1.0, 1.2), 60).convert("RGB")
    data, place = io.BytesIO(), Image.Exif()
    if exif:
        place[0x010F], place[0x0110] = "Frontdesk", "Test camera"
        place[0x8825] = {
            1: "N", 2: (59.0, 19.0, 45.5), 3: "E", 4: (18.0, 4.0, 7.0), 29: "2026:01:02"
        }  # fmt: skip
    image.save(data, "JPEG", quality=88, exif=place)
    return data.getvalue()


def settle(instance: Path) -> None:
    """Alice has many files, Bob none, Dave no room, Frank a post; Erin is disabled, Root admin.

    Heidi has an authenticator app; Grace gets one on the way.
    """
    app = create_app({"TESTING": True, "INSTANCE_PATH": str(instance), "MIN_FREE_SPACE": 0})
    with app.test_request_context():
        for name in ("alice", "bob", "dave", "erin", "frank", "grace", "heidi", "root"):
            accounts.create(name, PASSWORD, is_admin=name == "root")
        give_app(app, "heidi")
        _fill()
        _limit()
        _send()
        _invite()
        db.session.remove()
        db.engine.dispose()


def _fill() -> None:
    alice = accounts.find("alice")
    assert alice
    for number in range(MANY):
        _keep(alice.id, ["many"], f"note {number:02}.txt", b"a note")
    _keep(alice.id, ["reports", "2026"], "summary.pdf", b"%PDF-1.4\n%%EOF\n")
    for draft in range(3):
        _keep(alice.id, ["reports", "2026"], "offer.txt", b"an offer" * draft + b".")
    _keep(alice.id, [LONG_NAME], f"{LONG_NAME}.txt", b"deep")
    _keep(alice.id, [], f"{LONG_NAME}.bin", b"\0" * 1_234_567)
    _keep(alice.id, [], "مرحبا بالعالم.txt", "مرحبا".encode())
    _keep(alice.id, [], "年度报告 2026.pdf", b"%PDF-1.4\n%%EOF\n")
    _keep(alice.id, [], "lake.jpg", photo())
    for name, content in LOOKS.items():
        _keep(alice.id, ["looks"], name, content)


def _keep(owner: UUID, folder: list[str], name: str, content: bytes) -> File:
    """Keep a file, as a new version if one has its name."""
    with files.storage().begin() as staged:
        staged.write(content)
        return arrivals.take_in(owner, folder, name, staged, "version").file


def _limit() -> None:
    with transaction():
        for member in db.session.scalars(select(Member)):
            if member.username == "dave":
                member.quota = 0
            if member.username == "erin":
                member.disabled_at = datetime.now(UTC)


def _send() -> None:
    """Alice sends Frank a file and a message that has no place to break."""
    alice, frank = accounts.find("alice"), accounts.find("frank")
    assert alice and frank
    file = _keep(alice.id, ["Sent"], f"{LONG_NAME}.txt", b"for Frank")
    posts.send(alice.id, [frank], f"{LONG_NAME}{LONG_NAME}\nTwo lines.", [file])


def _invite() -> None:
    """The admin invites many, and one by a long address; somebody waits."""
    root = accounts.find("root")
    assert root
    with transaction() as session:
        for secret, email, most in [
            (INVITE.rpartition("/")[2], "", 99),
            ("x", f"{LONG_NAME}@example.org", 1),
        ]:
            until = datetime.now(UTC) + timedelta(days=3)
            session.add(
                Invite(
                    token_hash=secrets.digest(secret),
                    created_by=root.id,
                    expires_at=until,
                    email=email,
                    most_uses=most,
                )
            )
        waiting_since = datetime.now(UTC)
        email = f"{LONG_NAME}@example.net"
        accounts.add("gina", "", "member", email, waiting_since=waiting_since)
