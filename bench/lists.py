"""What lists and searches cost with a thousand files, and with a million.

Run it by ``make bench`` or ``.venv/bin/python bench/lists.py [FILES [FOLDER]]``. It makes two
sites in a temporary folder (in one that is named they are kept, and found the next time), writes
the rows of their files straight into the databases, lets the migrations index them, and asks
both for the same lists by turns: once from the service, once through the test client, template
and all. The clock decides nothing here; a ratio inside one run is what to trust.
"""

from __future__ import annotations

import random
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from uuid import UUID

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "site"))

from flask import Flask  # noqa: E402
from flask.testing import FlaskClient  # noqa: E402
from flask_migrate import downgrade, upgrade  # noqa: E402
from sqlalchemy import text  # noqa: E402

from frontdesk import create_app  # noqa: E402
from frontdesk.accounts import service as accounts  # noqa: E402
from frontdesk.db import db  # noqa: E402
from frontdesk.files import folders, listing, names  # noqa: E402
from frontdesk.files.listing import View  # noqa: E402
from frontdesk.files.models import Folder  # noqa: E402

FEW, MANY = 1_000, 1_000_000
ROUNDS, GOAL = 30, 1.2
NAME, PASSWORD = "ann", "a bench is to sit on"
BEFORE_THE_INDEX = "0006"  # rows are written faster before there are triggers
THINGS = ("Report", "Invoice", "Contract", "Scan", "Draft", "Minutes", "Budget", "Plan", "Letter")
ABOUT = ("spring", "summer", "customers", "suppliers", "staff", "building", "garden", "press")
CHINESE = ("合同", "发票", "照片", "会议", "预算", "计划", "通知", "名单", "总结", "申请", "证明")
BIG, SAME = "Inbox", "Projects"  # half of a small site lies in one folder, and so does 5 % here
IN_SAME = 200  # files below a folder that is the same in both


def a_name(chance: random.Random, number: int) -> str:
    """As people and their devices name files; one in ten is a 报告, and three are rare."""
    kind = chance.random()
    if number in {317, 417, 517}:
        return f"Quixotic wish {number}.txt"
    if number % 10 == 3:
        return f"{chance.choice(CHINESE)}报告{number}.docx"
    if kind < 0.4:
        return f"IMG_{20_150_101 + chance.randrange(99_999)}_{number}.jpg"
    if kind < 0.85:
        words = f"{chance.choice(THINGS)} {chance.choice(ABOUT)}"
        ending = chance.choice(("pdf", "docx", "xlsx", "txt"))
        return (
            f"{words} {2010 + chance.randrange(16)}-{chance.randrange(12) + 1:02} {number}.{ending}"
        )
    return f"{chance.choice(CHINESE)}{2010 + chance.randrange(16)}年{number}.pdf"


def an_id(chance: random.Random) -> str:
    return f"{chance.getrandbits(128):032x}"


def tree(chance: random.Random, owner: str, count: int) -> Iterator[tuple[str, ...]]:
    """Rows of folders, two levels deep below the outermost: id, owner, parent, name and path."""
    top = an_id(chance)
    yield top, owner, None, "", ""
    for name in (BIG, SAME):
        yield an_id(chance), owner, top, name, name
    made = 0
    while made < count:
        middle, name = an_id(chance), f"{chance.choice(THINGS)}s {made}"
        yield middle, owner, top, name, name
        for inner in range(min(50, count - made)):
            yield an_id(chance), owner, middle, f"Part {inner}", f"{name}/Part {inner}"
        made += 50


def fill(database: Path, owner: str, count: int) -> None:
    """Write the rows; everything is Ann's, and all files share one blob."""
    chance, day = random.Random(count), datetime(2026, 11, 1, tzinfo=UTC)
    blob = an_id(chance)
    rows = list(tree(chance, owner, max(20, count // 50)))
    inner = [row[0] for row in rows if "/" in row[4]]
    big, same = rows[1][0], rows[2][0]

    def folder_of(number: int) -> str:
        if number < IN_SAME:
            return same
        return big if number < IN_SAME + max(500, count // 20) else chance.choice(inner)

    def files() -> Iterator[tuple[object, ...]]:
        for number in range(count):
            name = a_name(chance, number)
            size = int(chance.paretovariate(0.6) * 1_000)
            then = day - timedelta(seconds=(count - number) * 60)
            at = then.strftime("%Y-%m-%d %H:%M:%S.000000")
            yield (an_id(chance), owner, folder_of(number), blob, name, names.key(name), size,
                   "text/plain", at)  # fmt: skip

    at = day.strftime("%Y-%m-%d %H:%M:%S.000000")
    with closing(sqlite3.connect(database)) as connection, connection:
        for pragma in ("synchronous=off", "cache_size=-500000", "foreign_keys=off"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("INSERT INTO blobs VALUES (?, 1, '', ?)", (blob, at))
        connection.executemany(
            "INSERT INTO folders (id, owner_id, parent_id, name, name_key, path, path_key, "
            "created_at) VALUES (?, ?, ?, ?, lower(?4), ?, lower(?5), ?)",
            ((*row, at) for row in rows),
        )
        connection.executemany(
            "INSERT INTO files (id, owner_id, folder_id, blob_id, name, name_key, size, "
            "media_type, created_at, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
            files(),
        )


def build(folder: Path, count: int) -> Flask:
    is_there = (folder / "frontdesk.db").exists()
    app = create_app({"INSTANCE_PATH": str(folder), "TESTING": True, "MIN_FREE_SPACE": 0})
    if is_there:
        return app
    started = time.perf_counter()
    with app.app_context():
        owner = accounts.create(NAME, PASSWORD).id.hex
        db.session.close()
        downgrade(revision=BEFORE_THE_INDEX)
        db.engine.dispose()
        fill(folder / "frontdesk.db", owner, count)
        filled = time.perf_counter()
        upgrade()
        db.engine.dispose()
    size = (folder / "frontdesk.db").stat().st_size / 1e6
    print(f"{count:,} files: rows written in {filled - started:.0f} s, indexed in "
          f"{time.perf_counter() - filled:.0f} s, {size:,.0f} MB")  # fmt: skip
    return app


@dataclass(frozen=True)
class Question:
    """What is asked of both sites: a folder's list, or a search below it."""

    name: str
    path: str = BIG
    key: str = ""
    sort: str = ""  # with a minus: the largest or latest first
    middle: bool = False

    def view(self, app: Flask) -> View:
        """Must be asked inside the site's context."""
        sort = self.sort.lstrip("-") or "name"
        after = a_place(self.path, COLUMNS[sort]) if self.middle else ""
        return View(sort, self.sort.startswith("-"), after)


COLUMNS = {"name": "name_key", "size": "size", "date": "created_at"}
QUESTIONS = (
    Question("by name, first page"),
    Question("by name, in the middle", middle=True),
    Question("by size, first page", sort="-size"),
    Question("by size, in the middle", sort="-size", middle=True),
    Question("by date, first page", sort="-date"),
    Question("by date, in the middle", sort="-date", middle=True),
    Question("rare word", "", "quixotic"),
    Question("frequent word", "", "img_"),
    Question("frequent word, by size", "", "img_", "-size"),
    Question("two Chinese characters", "", "报告"),
    Question("one Chinese character", "", "报"),
    Question("two words", "", "report garden"),
    Question("no match", "", "zebra crossing"),
    Question("no match, frequent pieces", "", "report_summary"),
    Question(f"below a folder of {IN_SAME}", SAME, "img_"),
    Question("below the largest folder", BIG, "img_"),
)


def a_place(path: str, column: str) -> str:
    """The middle of a folder's list, as a page's address names it."""
    folder = db.session.execute(
        text("SELECT id, files_in FROM folders WHERE path = :path"), {"path": path}
    ).one()
    rows = f"SELECT id, {column} FROM files WHERE folder_id = :id ORDER BY {column} LIMIT 1 OFFSET "
    id, value = db.session.execute(text(rows + str(folder.files_in // 2)), {"id": folder.id}).one()
    return f"f.{id}.{value}" + ("+00:00" if column == "created_at" else "")


@dataclass
class Site:
    """A site, who is logged in there, and what each question costs: milliseconds of CPU."""

    app: Flask
    client: FlaskClient
    service: dict[str, list[float]] = field(default_factory=dict)
    page: dict[str, list[float]] = field(default_factory=dict)

    def ask(self, question: Question) -> None:
        """Once from the service, once as a page."""
        with self.app.test_request_context():
            view = question.view(self.app)
            db.session.rollback()
            took = timed(lambda: self.serve(question, view))
            self.service.setdefault(question.name, []).append(took)
        address = listing.address(question.path) + view.query(key=question.key, after=view.after)
        took = timed(lambda: self.fetch(address))
        self.page.setdefault(question.name, []).append(took)

    def serve(self, question: Question, view: View) -> None:
        parts = [question.path] if question.path else []
        folder = folders.look_up(self.owner, parts)
        assert isinstance(folder, Folder)
        listed = (
            listing.search(folder, question.key, view)
            if question.key
            else listing.of_folder(folder, view)
        )
        db.session.rollback()
        assert listed.files or question.name.startswith("no match"), question

    def fetch(self, address: str) -> None:
        answer = self.client.get(address)
        assert answer.status_code == 200, address

    @cached_property
    def owner(self) -> UUID:
        with self.app.app_context():
            member = accounts.find(NAME)
            assert member
            return member.id


def timed(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1_000


def log_in(app: Flask) -> Site:
    client = app.test_client()
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', client.get("/login").text)
    assert token
    answers = {"username": NAME, "password": PASSWORD, "csrf_token": token[1]}
    assert client.post("/login", data=answers).status_code == 303
    return Site(app, client)


def print_table(few: Site, many: Site, counts: tuple[int, int]) -> None:
    few_files, many_files = (f"{count:,}" for count in counts)
    print(f"\nms of CPU, the calmest of {ROUNDS} rounds; goal: <= {GOAL} x\n")
    print(f"{'':<28}{'from the service':^33}{'as a page':^33}")
    head = f"{few_files:>11}{many_files:>12}{'x':>8}  "
    print(f"{'':<28}{head}{head}reached")
    for question in QUESTIONS:
        line, reached = f"{question.name:<28}", True
        for costs in ("service", "page"):
            small, large = (min(getattr(site, costs)[question.name]) for site in (few, many))
            line += f"{small:>11.2f}{large:>12.2f}{large / small:>8.2f}  "
            reached = reached and large / small <= GOAL
        print(line + ("yes" if reached else "no"))


def main() -> None:
    counts = FEW, int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    kept = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as scratch:
        folders_of = [(kept or Path(scratch)) / str(count) for count in counts]
        few, many = (
            log_in(build(folder, count)) for folder, count in zip(folders_of, counts, strict=True)
        )
        for _ in range(ROUNDS):
            for question in QUESTIONS:
                few.ask(question)
                many.ask(question)
        print_table(few, many, counts)


if __name__ == "__main__":
    main()
