"""search/ - what each index finds: SQLite's pieces, PostgreSQL's trigrams, and plain looking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from frontdesk.accounts import service as accounts
from frontdesk.db import db, now, rows
from frontdesk.files import names, search
from frontdesk.files.models import File, Folder
from frontdesk.files.search import Below, Index, pieces
from frontdesk.files.search.pieces import Pieces
from frontdesk.files.search.plain import Plain
from frontdesk.files.search.trigrams import Trigrams

Keep = Callable[..., str]
Find = Callable[..., list[str]]


INDEXES = [
    pytest.param(Pieces, id="pieces", marks=pytest.mark.sqlite),
    pytest.param(Trigrams, id="trigrams", marks=pytest.mark.postgresql),
]
FILL = """
    INSERT INTO files (id, owner_id, folder_id, name, name_key, blob_id, size, media_type, version,
                       created_at)
    SELECT gen_random_uuid(), owner_id, folder_id, made, made, blob_id, 0, '', 1,
           created_at + n * interval '1 second'
    FROM files, generate_series(1, 20000) AS n,
         LATERAL (SELECT 'photo ' || md5(n::text)) AS called (made)
"""


@pytest.fixture(params=[*INDEXES, pytest.param(Plain, id="plain")])
def index(request: pytest.FixtureRequest) -> Index:
    return request.param()  # type: ignore[no-any-return]


@pytest.fixture
def find(app: Flask, index: Index) -> Find:
    """The names that a search finds, sorted."""

    def find(
        key: str, below: str = "", *, owner: str = "alice", folders: bool = False
    ) -> list[str]:
        with app.app_context():
            member = accounts.find(owner)
            assert member
            where, model = Below(member.id, names.key(below)), Folder if folders else File
            ask = index.folders if folders else index.files
            found = ask(where, search.words(key))
            ids = [row.id for row in rows(found.statement, **found.facts)]
            return sorted(db.session.scalars(select(model.name).where(model.id.in_(ids))))

    return find


ODD = [
    "100% a_b.txt", "axb.txt", '"quoted" AND.txt', "star*.txt", "it's (NOT) near^2.txt",
    "-minus:colon.txt", "semi;colon {x} +y.txt", "back\\slash.txt",
    "family 👨‍👩‍👧 🎉.txt", "报告 2026.docx",
    "Ünïcode ẞ.txt", "I.txt", "一.txt", "!bang.txt", "a  b.txt",
]  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_every_piece_of_a_name_finds_it(find: Find, keep: Keep, name: str) -> None:
    """Operators of FTS5, wildcards of LIKE, marks and emoji are letters like others."""
    keep("alice", name)
    kept = names.clean(name)
    for length in (1, 2, 3, 4, 7, len(kept)):
        for start in range(max(1, len(kept) - length + 1)):
            key = kept[start : start + length]
            if key.strip():
                assert find(key) == [kept], key


@pytest.mark.parametrize("name", ODD)
def test_an_odd_key_finds_only_names_that_hold_it(find: Find, keep: Keep, name: str) -> None:
    keep("alice", "plain.txt")
    words = names.key(name).removesuffix(".txt").split()
    assert find(name.removesuffix(".txt")) == (
        ["plain.txt"] if all(word in "plain.txt" for word in words) else []
    )


@pytest.mark.parametrize("key", ["%", "_", "*", '"', "'", "\\", "^", "\x00", "\x01", "\x02d\x02",
                                 "a\x00b", "a\x01b", "AND", "NOT a", "a OR b", "name:a", "(", "{a",
                                 "NEAR(a b)", "-", "a*", "!", "\ufffd", "🎉"])  # fmt: skip
def test_what_is_in_no_name_finds_nothing(find: Find, keep: Keep, key: str) -> None:
    keep("alice", "uvwxyz", folder="ghijk")
    assert find(key) == [] == find(key, folders=True)


def test_all_words_must_be_there_in_any_order(find: Find, keep: Keep) -> None:
    keep("alice", "Report spring 2026.pdf")
    keep("alice", "Report autumn.pdf")
    assert find("2026 report") == ["Report spring 2026.pdf"]
    assert find("报 report") == []
    assert find("re spring 6 pdf") == ["Report spring 2026.pdf"]


@pytest.mark.parametrize("key", ["REPORT", "übung", "STRASSE", "straße", "οδος", "ΟΔΌΣ", "é"])
def test_case_and_composition_do_not_matter(find: Find, keep: Keep, key: str) -> None:
    for name in ("report", "U\u0308BUNG", "Straße", "ΟΔΟΣ", "ΟΔΟ\u0301Σ", "CAFE\u0301"):
        keep("alice", name)
    assert len(find(key)) == 1


def test_pieces_in_other_places_are_not_the_word(find: Find, keep: Keep) -> None:
    """The index gives this name for that word; it doesn't hold it."""
    keep("alice", "ort rep por epo.txt")
    assert find("report") == []


def test_names_and_keys_may_be_long(find: Find, keep: Keep) -> None:
    name = "报" * 80 + ".doc"
    keep("alice", name)
    assert find(name) == [name]
    assert find("报" * 81) == []
    assert find(" ".join("报告" * 60)) == []


def test_it_looks_below_the_folder_only(find: Find, keep: Keep) -> None:
    keep("alice", "one.pdf", folder="Müll")
    keep("alice", "two.pdf", folder="Müll/2026/q 1")
    keep("alice", "three.pdf", folder="Müll 2")
    keep("alice", "four.pdf", folder="müll0")
    keep("bob", "five.pdf", folder="Müll")
    assert find("pdf", "müll") == ["one.pdf", "two.pdf"]
    assert find("pdf", "Müll/2026") == ["two.pdf"]
    assert find("pdf", owner="bob") == ["five.pdf"]
    assert find("pdf", owner="root") == []


def test_it_finds_folders(find: Find, keep: Keep) -> None:
    keep("alice", "a.pdf", folder="Reports/Old reports/2026")
    keep("alice", "report.pdf", folder="x")
    assert find("report", folders=True) == ["Old reports", "Reports"]
    assert find("report", "reports", folders=True) == ["Old reports"], "not the folder itself"
    assert find("2", folders=True) == ["2026"]


def test_a_large_folder_is_searched_by_whichever_way(
    find: Find, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        keep("alice", f"photo {number}.jpg", folder=f"in/{number % 3}")
        keep("alice", f"photo {number}.png", folder="out")
    wanted = sorted(f"photo {number}.jpg" for number in range(12))
    for files, folders, given, cheaper in [
        (0, 0, 100, 8),
        (0, 0, 1, 8),
        (0, 0, 1, 1),
        (99, 9, 1, 1),
    ]:
        monkeypatch.setattr(pieces, "FEW_FILES", files)
        monkeypatch.setattr(pieces, "FEW_FOLDERS", folders)
        monkeypatch.setattr(pieces, "FEW_NAMES", given)
        monkeypatch.setattr(pieces, "CHEAPER", cheaper)
        assert find("photo", "in") == wanted


def test_the_bin_is_never_found(app: Flask, find: Find, keep: Keep) -> None:
    keep("alice", "gone.pdf")
    keep("alice", "inside.pdf", folder="bin/deep")
    keep("alice", "stays.pdf", folder="other")
    with app.app_context():
        db.session.execute(update(File).where(File.name == "gone.pdf").values(deleted_at=now()))
        gone = Folder.path.in_(["bin", "bin/deep"])
        db.session.execute(update(Folder).where(gone).values(deleted_at=now()))
        db.session.commit()
    assert find("pdf") == ["stays.pdf"] == find("pdf", "other")
    assert find("pdf", "bin") == [] == find("e", "bin", folders=True)


def test_of_many_it_gives_the_most_and_one_more(app: Flask, index: Index, keep: Keep) -> None:
    """One more tells that there are others."""
    id = keep("alice", "same 0.txt", folder="in")
    with app.app_context():
        first = db.session.scalars(select(File)).one()
        assert str(first.id) == id
        for number in range(1, search.MOST + 9):
            name = f"same {number}.txt"
            db.session.add(File(owner_id=first.owner_id, folder_id=first.folder_id, name=name,
                                name_key=name, blob_id=first.blob_id, size=0, media_type="a/b")
            )  # fmt: skip
        db.session.commit()
        for below in ("", "in"):
            found = index.files(Below(first.owner_id, below), ["same"])
            assert len(rows(found.statement, **found.facts).all()) == search.MOST + 1
        db.session.execute(delete(File).where(File.id != first.id))  # they count for nobody
        db.session.commit()


@pytest.mark.parametrize("index", INDEXES, indirect=True)
def test_of_many_it_gives_the_latest(app: Flask, index: Index, keep: Keep) -> None:
    keep("alice", "same 0.txt")
    with app.app_context():
        first = db.session.scalars(select(File)).one()
        for number in range(1, search.MOST + 5):
            name, moment = f"same {number}.txt", first.created_at + timedelta(seconds=number)
            db.session.add(File(owner_id=first.owner_id, folder_id=first.folder_id, name=name,
                                name_key=name, blob_id=first.blob_id, size=0, media_type="a/b",
                                created_at=moment)
            )  # fmt: skip
            if number % 100 == 0:
                db.session.flush()
        db.session.commit()
        found = index.files(Below(first.owner_id), ["same"])
        names = [row.name_key for row in rows(found.statement, **found.facts)]
        wanted = [f"same {number}.txt" for number in range(search.MOST + 4, 3, -1)]
        assert (set(names), names[0]) == (set(wanted), wanted[0])
        db.session.execute(delete(File).where(File.id != first.id))  # they count for nobody
        db.session.commit()


@pytest.mark.postgresql
def test_the_index_is_used_for_three_letters(app: Flask, keep: Keep) -> None:
    """Of 20,000 names; a word that all have is found by looking at the latest instead."""
    keep("alice", "first.txt")
    with app.app_context():
        owner = db.session.scalars(select(File.owner_id)).one()
        connection = db.session.connection()
        connection.exec_driver_sql(FILL)
        connection.exec_driver_sql("SELECT gin_clean_pending_list('ix_files_search')")
        connection.exec_driver_sql("ANALYZE files")

        def plan(word: str) -> str:
            found = Trigrams().files(Below(owner), [word])
            words = found.statement.compile(connection)
            facts = words.construct_params(found.facts)
            return "\n".join(connection.exec_driver_sql(f"EXPLAIN {words}", facts).scalars())

        for word in ("fir", "first", "b6d7"):
            assert "Bitmap Index Scan on ix_files_search" in plan(word), plan(word)
        for word in ("to", "报"):
            assert "ix_files_search" not in plan(word), plan(word)
        db.session.rollback()
