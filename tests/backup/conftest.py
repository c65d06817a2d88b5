"""A site with something of every kind, backups of it, and empty places to restore them into."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from tests import contents
from tests.browser import Browser
from tests.files.tus import Tus, patch

from frontdesk import create_app
from frontdesk.backup import keys, making, restoring
from frontdesk.db import db, transaction
from frontdesk.files import removal, service
from frontdesk.files.models import File

Keep = Callable[..., str]
# What a backup leaves out: made again by the site, or a lock.
MADE_AGAIN = {"assets", "jobs", "previews", "templates", "thumbnails", "translations", "backups"}
MADE_AGAIN |= {"counts"}  # of requests since the beginning: figures for a monitor
LOCKS = {".backing-up", ".migrating", "removing", "clock"}
SECRET = b"a sentence that nobody but its owner may read. "
LARGE = SECRET * 40_000


@dataclass
class Site:
    """A site with members' things, and what they are."""

    app: Flask
    folder: Path
    upload: str  # the address of an unfinished upload of 1000 bytes, four of which are there
    files: dict[str, str]

    def blob(self, name: str) -> Path:
        """Where the bytes of a file lie."""
        with self.app.app_context():
            file = db.session.get_one(File, UUID(self.files[name]))
            return service.storage().path(file.blob_id)

    def back_up(self, target: object, **how: Any) -> making.Made:
        with self.app.app_context():
            return making.make(str(target), **how)

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        with self.app.app_context():
            return contents.rows()


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"TESTING": True}


@pytest.fixture
def site(app: Flask, instance: Path, keep: Keep, alice: Browser) -> Site:
    """Versions, a bin, twins, a theme, settings, and an upload on its way."""
    (instance / "config.py").write_text("SITE_NAME = 'Studio'\n")
    (instance / "theme" / "templates").mkdir(parents=True)
    (instance / "theme" / "templates" / "Größe.html").write_text("{{ a }}")
    files = {
        "a.txt": keep("alice", "a.txt", b"first"),
        "large.bin": keep("alice", "large.bin", LARGE, "reports/2026 年"),
        "twin.bin": keep("bob", "twin.bin", LARGE),
        "gone.txt": keep("alice", "gone.txt", b"in the bin"),
    }
    files["a.txt"] = keep("alice", "a.txt", b"second", on_conflict="version")
    with app.test_request_context(), transaction():
        service.delete(db.session.get_one(File, UUID(files["gone.txt"])))
    tus = Tus(alice)
    address = tus.begin(1000, "going-on.bin")
    assert patch(tus.client, address, 0, b"four").status_code == 204
    staged = instance / "files" / "uploads" / "staging" / address.split("?")[0].split("/")[-1]
    with staged.open("ab") as file:
        file.write(b"never acknowledged")
    return Site(app, instance, address, files)


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A secret key's file, and for whom to encrypt."""
    secret, public = keys.fresh()
    path = tmp_path_factory.mktemp("key") / "key.txt"
    path.write_text(f"# public key: {public}\n{secret}\n")
    return str(path), public


@contextmanager
def empty(folder: Path, **settings: Any) -> Iterator[Flask]:
    """A site in a fresh folder, that has only been started once."""
    chosen = {"TESTING": True, "INSTANCE_PATH": str(folder), "MIN_FREE_SPACE": 0}
    app = create_app(chosen | settings)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def restore(tmp_path: Path) -> Callable[..., restoring.Restored]:
    """Restores into a folder, ``restored`` unless one is named."""

    def restore(source: object, to: str = "restored", **how: Any) -> restoring.Restored:
        with empty(tmp_path / to):
            return restoring.restore(Path(str(source)), **how)

    return restore


@pytest.fixture
def restored(start: Callable[..., Flask], tmp_path: Path) -> Callable[..., Flask]:
    """The site that was restored, started."""
    return lambda to="restored": start(INSTANCE_PATH=str(tmp_path / to))


def tree(folder: Path) -> dict[str, bytes]:
    """What is kept in an instance: each file by its name, but for the database."""
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if path.is_file() and name.parts[0] not in MADE_AGAIN and path.name not in LOCKS:
            found[name.as_posix()] = path.read_bytes()
    return {name: data for name, data in found.items() if not name.startswith("frontdesk.db")}


def modes(folder: Path) -> set[tuple[bool, int]]:
    """Of all that lies in a folder whether it is one, and its mode."""
    return {(path.is_dir(), path.stat().st_mode & 0o777) for path in [folder, *folder.rglob("*")]}


def clean(app: Flask) -> bool:
    """Whether a scrub finds nothing."""
    done = app.test_cli_runner().invoke(args=["scrub", "--rate", "0"])
    return done.exit_code == 0


def remove_for_good(site: Site, name: str) -> None:
    """Out of the bin, as its owner does it."""
    with site.app.test_request_context():
        file = db.session.get_one(File, UUID(site.files[name]))
        removal.remove_file(file.owner_id, file.id)


def flip(path: Path, at: int = -1) -> None:
    """Change one bit of one byte, and nothing that a listing shows."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    before = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
