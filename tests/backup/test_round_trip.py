"""backup/ - what is restored is what was backed up: byte by byte, row by row, and it goes on."""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import downgrade
from pyrage import decrypt, x25519
from sqlalchemy import text
from tests.backup.conftest import LARGE, SECRET, Site, clean, empty, modes, tree
from tests.browser import Browser
from tests.conftest import PASSWORD
from tests.files.tus import offset, patch

from frontdesk import startup
from frontdesk.backup import history, keys, making, restoring
from frontdesk.backup.putting import Refused
from frontdesk.db import db

Restore = Callable[..., restoring.Restored]
Key = tuple[str, str]
LOOSE = 0o077


def kept(folder: Path) -> set[str]:
    return {path.name for path in (folder / "objects").rglob("*") if path.is_file()}


@pytest.mark.parametrize("is_sealed", [False, True], ids=["plain", "encrypted"])
@pytest.mark.parametrize("target", ["site.tar", "backups/"])
def test_what_comes_back_is_what_was_there(
    site: Site, restore: Restore, restored: Callable[..., Flask], tmp_path: Path, key: Key,
    target: str, is_sealed: bool,
) -> None:  # fmt: skip
    rows, files = site.rows(), tree(site.folder)
    made = site.back_up(f"{tmp_path}/{target}", key=key[1] if is_sealed else "")
    assert (made.damaged, made.files) == ([], 5)
    done = restore(f"{tmp_path}/{target}", key=key[0] if is_sealed else "")
    assert (done.wrong, done.damaged, done.bytes) == ([], [], made.bytes)
    unacknowledged = f"files/uploads/staging/{site.upload.split('?')[0].split('/')[-1]}"
    assert files[unacknowledged] == b"fournever acknowledged"
    assert tree(tmp_path / "restored") == files | {unacknowledged: b"four"}
    app = restored()
    with app.app_context():
        assert Site(app, site.folder, "", {}).rows() == rows
    assert app.config["SITE_NAME"] == "Studio"
    assert clean(app)


def test_people_log_in_and_find_their_files_and_uploads_go_on(
    site: Site, restore: Restore, restored: Callable[..., Flask], tmp_path: Path
) -> None:
    site.back_up(tmp_path / "x.tar")
    restore(tmp_path / "x.tar")
    client = restored().test_client()
    assert offset(client, site.upload) == 4
    assert patch(client, site.upload, 4, bytes(996)).status_code == 204
    alice = Browser(client)
    alice.log_in("alice", PASSWORD)
    found = client.get("/path/reports/2026 年/large.bin?download=1", buffered=True)
    assert found.data == LARGE
    assert client.get("/path/going-on.bin?download=1", buffered=True).data == b"four" + bytes(996)
    assert "Größe" in str(list((tmp_path / "restored/theme/templates").iterdir()))


def test_a_second_backup_in_a_folder_adds_only_what_is_new(
    site: Site, keep: Callable[..., str], tmp_path: Path
) -> None:
    site.back_up(f"{tmp_path}/b/")
    before = kept(tmp_path / "b")
    assert site.back_up(f"{tmp_path}/b/").added <= 1, "the database, whose log has grown"
    keep("alice", "new.txt", b"new")
    made = site.back_up(f"{tmp_path}/b/")
    assert (made.added, made.removed) == (2, 0)
    assert len(kept(tmp_path / "b")) == len(before) + 3
    assert len(kept(tmp_path / "b")) < made.files + 10, "twins lie there once"


def test_old_backups_go_and_what_the_others_need_stays(
    site: Site, keep: Callable[..., str], restore: Restore, tmp_path: Path, key: Key
) -> None:
    folder = tmp_path / "b"
    site.back_up(f"{folder}/", key=key[1])
    before = kept(folder)
    keep("alice", "new.txt", b"new")
    made = [site.back_up(f"{folder}/", key=key[1], keep=2) for _ in range(2)]
    assert [one.removed for one in made] == [0, 1]
    dates = {name.name.split(".")[0] for name in (folder / "snapshots").iterdir()}
    assert dates == {one.name for one in made}
    assert len(before - kept(folder)) == 1, "the first one's database"
    with site.app.app_context():
        for date in dates:
            assert restoring.check(folder, key=key[0], snapshot=date).wrong == []
    site.back_up(f"{folder}/", key=key[1], keep=1)
    assert restore(folder, key=key[0]).wrong == []


def test_any_of_them_can_be_restored(
    site: Site, restore: Restore, restored: Callable[..., Flask], tmp_path: Path
) -> None:
    first = site.back_up(f"{tmp_path}/b/")
    site.app.test_cli_runner().invoke(args=["user", "create", "ada"])
    second = site.back_up(f"{tmp_path}/b/")
    for made, names in ((first, 3), (second, 4)):
        restore(tmp_path / "b", to=made.name, snapshot=made.name)
        app = restored(made.name)
        with app.app_context():
            assert db.session.scalar(text("SELECT count(*) FROM members")) == names
            db.session.remove()
    with pytest.raises(Refused, match=r"has no backup “2020”\. There are: "):
        restore(tmp_path / "b", to="third", snapshot="2020")


def test_with_a_new_key_all_is_encrypted_anew(site: Site, tmp_path: Path, key: Key) -> None:
    """Else it would open the manifest only: the files would still be under the old one."""
    folder, (secret, public) = tmp_path / "b", keys.fresh()
    (tmp_path / "new.txt").write_text(secret)
    old = site.back_up(f"{folder}/", key=key[1])
    new = site.back_up(f"{folder}/", key=public)
    assert new.added == old.added
    with site.app.app_context():
        assert restoring.check(folder, key=str(tmp_path / "new.txt")).wrong == []
        assert restoring.check(folder, key=key[0], snapshot=old.name).wrong == []


def test_it_is_an_ordinary_tar_in_the_format_of_age(site: Site, tmp_path: Path, key: Key) -> None:
    site.back_up(tmp_path / "x.tar.age", key=key[0])
    secret = Path(key[0]).read_text().split()[-1]
    sealed = (tmp_path / "x.tar.age").read_bytes()
    assert sealed.startswith(b"age-encryption.org/v1\n-> X25519 ")
    plain = decrypt(sealed, [x25519.Identity.from_str(secret)])
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        names = tar.getnames()
        assert {entry.mode for entry in tar} == {0o600}
        config = tar.extractfile("instance/config.py")
        assert config and config.read() == b"SITE_NAME = 'Studio'\n"
    assert names[0] == "instance/config.py" and names[-1] == "manifest.jsonl"


@pytest.mark.parametrize("target", ["x.tar", "b/"])
def test_an_encrypted_one_tells_nothing(site: Site, tmp_path: Path, key: Key, target: str) -> None:
    def all_of_it() -> bytes:
        found = [tmp_path / target, *(tmp_path / target).rglob("*")]
        found = [path for path in found if path.is_file()]
        return b"".join(path.name.encode() + path.read_bytes() for path in found)

    site.back_up(f"{tmp_path}/{target}", key=key[1])
    said, hashed = all_of_it(), site.rows()["blobs"][0]["sha256"].encode()
    assert said and not any(words in said for words in (SECRET[:20], b"large.bin", hashed))
    (tmp_path / "x.tar").unlink(missing_ok=True)
    site.back_up(tmp_path / "plain.tar")
    assert SECRET[:20] in (tmp_path / "plain.tar").read_bytes(), "else this test proves nothing"


def test_nobody_else_reads_a_backup_or_what_it_brings(
    site: Site, restore: Restore, tmp_path: Path
) -> None:
    site.back_up(tmp_path / "x.tar")
    site.back_up(f"{tmp_path}/b/")
    restore(tmp_path / "b")
    for place in ("b", "restored/theme"):
        assert modes(tmp_path / place) == {(True, 0o700), (False, 0o600)}, place
    assert {mode for is_folder, mode in modes(tmp_path / "restored/files") if not is_folder} == {
        0o600
    }
    for name in ("x.tar", "restored/secret-key", "restored/config.py"):
        assert (tmp_path / name).stat().st_mode & LOOSE == 0
    assert not list(site.folder.glob(".backup-*")), "the database's copy is gone"


@pytest.mark.parametrize("version", ["0015", "0013"])  # which knows two tables less
def test_the_backup_of_an_older_version_is_migrated_at_the_start(
    site: Site, restore: Restore, restored: Callable[..., Flask], tmp_path: Path, version: str
) -> None:
    with site.app.app_context():
        downgrade(revision=version)
        db.session.remove()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "note", lambda *_, **__: None)  # that version's log is the same
        site.back_up(tmp_path / "x.tar")
    restore(tmp_path / "x.tar")
    app = restored()
    with app.app_context():
        assert startup.revisions()[0] == startup.newest_revision() != version
        db.engine.dispose()
    assert clean(app)


def test_that_of_a_later_version_is_refused(
    site: Site, restore: Restore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.back_up(tmp_path / "x.tar")
    monkeypatch.setattr(startup, "newest_revision", lambda: "0009")
    with pytest.raises(Refused, match="made by a later version"):
        restore(tmp_path / "x.tar")


# Only into an empty place


def test_a_site_with_members_is_not_overwritten(site: Site, tmp_path: Path) -> None:
    site.back_up(tmp_path / "x.tar")
    before, rows = tree(site.folder), site.rows()
    with site.app.app_context(), pytest.raises(Refused, match="isn't empty"):
        restoring.restore(tmp_path / "x.tar")
    assert (tree(site.folder), site.rows()) == (before, rows)
    assert not (site.folder / "restoring").exists()


def test_a_storage_with_files_is_not_mixed(
    site: Site, restore: Restore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["flask", "restore"])  # any other start is refused before
    site.back_up(tmp_path / "x.tar")
    stray = tmp_path / "restored" / "files" / "ab" / site.blob("a.txt").name
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"of another site")
    with pytest.raises(Refused, match="isn't empty"):
        restore(tmp_path / "x.tar")
    assert stray.read_bytes() == b"of another site"
    assert not {"config.py", "restoring"} & {p.name for p in (tmp_path / "restored").iterdir()}


@pytest.mark.sqlite
def test_a_damaged_database_is_not_overwritten(
    site: Site, restore: Restore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is still in its place where it is what one restores for."""
    monkeypatch.setattr(sys, "argv", ["flask", "restore"])
    site.back_up(tmp_path / "x.tar")
    (tmp_path / "restored").mkdir()
    database, damaged = tmp_path / "restored" / "frontdesk.db", b"what a broken disk gives" * 1_000
    database.write_bytes(damaged)
    with pytest.raises(Refused, match=r"file is not a database\. Move its file away"):
        restore(tmp_path / "x.tar")
    assert database.read_bytes() == damaged


@pytest.mark.sqlite
def test_a_server_that_does_not_answer_is_said(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["flask", "restore"])
    site.back_up(tmp_path / "x.tar")
    nowhere = f"postgresql+psycopg://frontdesk@/frontdesk?host={tmp_path}"
    with (
        empty(tmp_path / "there", DATABASE_URL=nowhere),
        pytest.raises(Refused, match=r"can't be seen: connection .*start its server\."),
    ):
        restoring.restore(tmp_path / "x.tar")


def test_its_own_settings_stay_and_count(site: Site, restore: Restore, tmp_path: Path) -> None:
    site.back_up(tmp_path / "x.tar")
    (tmp_path / "restored").mkdir()
    own = f"STORAGE_URL = 'file:{tmp_path}/elsewhere'\n"
    (tmp_path / "restored" / "config.py").write_text(own)
    done = restore(tmp_path / "x.tar")
    assert "stays" in done.notes[0]
    assert (tmp_path / "restored" / "config.py").read_text() == own
    assert (tmp_path / "restored" / "config.py.restored").read_text() == "SITE_NAME = 'Studio'\n"
    name = site.blob("large.bin").name
    assert (tmp_path / "elsewhere" / name[:2] / name).read_bytes() == LARGE


def test_its_own_folders_named_in_the_backup_are_used(
    site: Site, restore: Restore, tmp_path: Path
) -> None:
    (site.folder / "config.py").write_text(f"STORAGE_URL = 'file:{tmp_path}/far'\n")
    site.back_up(tmp_path / "x.tar")
    restore(tmp_path / "x.tar")
    name = site.blob("large.bin").name
    assert (tmp_path / "far" / name[:2] / name).read_bytes() == LARGE


@pytest.mark.parametrize("target", ["x.zip", "nothing"])
def test_a_target_that_is_neither_is_refused(site: Site, tmp_path: Path, target: str) -> None:
    with pytest.raises(making.NoBackup, match="with / at its end, or an archive"):
        site.back_up(tmp_path / target)
