"""What is true of a site on disk: its rows, its bytes, and whether the two agree."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import NullPool, create_engine, text
from tests import postgresql

HELD = "select size from files union all select size from versions"


class Ledger:
    """The database and the storage of ``folder``/instance, read from outside."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/instance/frontdesk.db"
        if postgresql.is_used():
            self.url = postgresql.url_of(folder / "instance")
        self.files = folder / "instance/files"

    def ask(self, statement: str) -> list[Any]:
        """Its rows; ids are text, with or without their dashes."""
        with create_engine(self.url, poolclass=NullPool).connect() as connection:
            found = connection.exec_driver_sql(statement).fetchall()
        return [tuple(str(one) if isinstance(one, UUID) else one for one in row) for row in found]

    def number(self, statement: str) -> int:
        return int(self.ask(f"select coalesce(({statement}), 0)")[0][0])

    def path(self, id: str) -> Path:
        id = id.replace("-", "")
        return self.files / id[:2] / str(UUID(id))

    def check(self) -> None:
        """What holds at any moment: no row without bytes, and the sums agree."""
        used, held = (
            self.number("select sum(used) from members"),
            f"select sum(size) from ({HELD}) held",
        )
        assert used == self.number(held), "used is the sum of the sizes"
        reserved = self.number("select sum(reserved) from members")
        assert reserved == self.number("select sum(reserved) from uploads")
        for id, size in self.ask("select id, size from blobs"):
            assert self.path(id).stat().st_size == size, f"the bytes of {id}"
        if not postgresql.is_used():
            assert self.ask("pragma integrity_check") == [("ok",)]
            assert self.ask("pragma foreign_key_check") == []

    def check_all(self, sent: set[str]) -> None:
        """What holds once purge has run: no bytes without a row either, and each file is whole."""
        self.check()
        rows = dict(self.ask("select id, sha256 from blobs"))
        blobs = {path.name: path for path in self.files.glob("[0-9a-f][0-9a-f]/*")}
        assert set(blobs) == {str(UUID(id)) for id in rows}, "bytes without a row"
        for id, sha256 in rows.items():
            with self.path(id).open("rb") as file:
                assert hashlib.file_digest(file, "sha256").hexdigest() == sha256
            assert sha256 in sent, f"{id} is nothing that anybody sent"
        in_use = "select blob_id from files union select blob_id from versions"
        assert {id for (id,) in self.ask(in_use)} == set(rows), "a blob that no file needs"
        assert not list((self.files / "staging").iterdir()), "a form's leftovers"
        self.check_uploads()

    def check_uploads(self) -> None:
        """Each unfinished upload holds its length, and has a row; none other does."""
        rows = {str(UUID(id)): held for id, held in self.ask("select id, reserved from uploads")}
        records = [json.loads(path.read_text()) | {"id": path.stem} for path in self.records]
        ids = {one["id"] for one in records}
        done = {one["id"] for one in records if one["finished"]}
        over = done | {one["id"] for one in records if one["joined"] in done}
        held = {one["id"]: 0 if one["parts"] else one["length"] for one in records}
        held = {id: held[id] for id in ids - over}
        rows = {id: size for id, size in rows.items() if size or id not in over}
        assert held == rows, held.items() ^ rows.items()
        stray = {path.name for path in self.staging.iterdir() if path.name[:36] not in ids}
        assert not stray, f"no upload's: {stray}"

    @property
    def staging(self) -> Path:
        return self.files / "uploads/staging"

    @property
    def records(self) -> list[Path]:
        return list(self.staging.glob("*.json"))

    def age(self, seconds: float) -> None:
        """Let time pass, as far as rows and files can tell; nothing is weakened for it."""
        for path in self.files.rglob("*"):
            if path.is_file():
                os.utime(path, (time.time() - seconds, path.stat().st_mtime - seconds))
        with create_engine(self.url, poolclass=NullPool).begin() as connection:
            connection.execute(
                text("update uploads set created_at = created_at - make_interval(secs => :seconds)")
                if postgresql.is_used()
                else text(
                    "update uploads set created_at = strftime("
                    "'%Y-%m-%d %H:%M:%f', created_at, -:seconds || ' seconds') || '000'"
                ),
                {"seconds": seconds},
            )
