"""scrub --repair-from - damaged files get their bytes back, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import Result
from sqlalchemy import select
from tests.backup.conftest import LARGE, Site, flip
from tests.files.tus import patch

from frontdesk.audit import LogEntry
from frontdesk.db import db, transaction
from frontdesk.files.models import Blob

Key = tuple[str, str]
Run = Callable[..., Result]


@pytest.fixture
def scrub(site: Site) -> Run:
    return lambda *words: site.app.test_cli_runner().invoke(args=["scrub", "--rate", "0", *words])


def spoil(site: Site) -> dict[Path, bytes]:
    """Flip a bit, cut, delete, add; what was there before."""
    paths = {name: site.blob(name) for name in ("a.txt", "large.bin", "gone.txt", "twin.bin")}
    before = {path: path.read_bytes() for path in paths.values()}
    flip(paths["a.txt"])
    paths["large.bin"].write_bytes(LARGE[:1000])
    paths["gone.txt"].unlink()
    paths["twin.bin"].write_bytes(LARGE + b"x")
    return before


@pytest.mark.parametrize("is_sealed", [False, True], ids=["plain", "encrypted"])
@pytest.mark.parametrize("target", ["x.tar", "b/"])
def test_all_that_is_damaged_comes_back(
    site: Site, scrub: Run, tmp_path: Path, key: Key, target: str, is_sealed: bool
) -> None:
    site.back_up(f"{tmp_path}/{target}", key=key[1] if is_sealed else "")
    before = spoil(site)
    words = ["--key", key[0]] if is_sealed else []
    found = scrub("--repair-from", f"{tmp_path}/{target}", *words)
    assert found.exit_code == 0, found.output
    assert "4 blobs have their bytes back from the backup." in found.output
    assert {path: path.read_bytes() for path in before} == before
    aside = sorted(len(path.read_bytes()) for path in (site.folder / "files/damaged").iterdir())
    assert aside == [6, 1000, len(LARGE) + 1], "what was there is kept"
    assert scrub().exit_code == 0
    with site.app.app_context():
        assert not db.session.scalars(select(Blob).where(Blob.lost_at.is_not(None))).all()
        words_of_log = db.session.scalars(select(LogEntry.what)).all()
    assert words_of_log.count("blob.lost") == words_of_log.count("blob.found") == 4


def test_what_the_backup_has_wrong_is_not_taken(site: Site, scrub: Run, tmp_path: Path) -> None:
    path = site.blob("a.txt")
    flip(path)
    site.back_up(f"{tmp_path}/b/")
    site.back_up(tmp_path / "x.tar")
    bad = path.read_bytes()
    for source in ("b", "x.tar"):
        found = scrub("--repair-from", f"{tmp_path}/{source}")
        assert found.exit_code == 1 and "its SHA-256 is another" in found.output
    assert path.read_bytes() == bad and not (site.folder / "files" / "damaged").exists()


def test_an_older_backup_of_the_folder_is_asked_too(site: Site, scrub: Run, tmp_path: Path) -> None:
    site.back_up(f"{tmp_path}/b/")
    good = site.blob("a.txt").read_bytes()
    flip(site.blob("a.txt"))
    with site.app.app_context(), transaction() as session:  # so that the second has the bad bytes
        blob = session.get_one(Blob, _id(site, "a.txt"))
        right, blob.sha256 = blob.sha256, ""
    site.back_up(f"{tmp_path}/b/")
    with site.app.app_context(), transaction() as session:
        session.get_one(Blob, _id(site, "a.txt")).sha256 = right
    assert scrub("--repair-from", f"{tmp_path}/b").exit_code == 0
    assert site.blob("a.txt").read_bytes() == good


@pytest.mark.parametrize("is_sealed", [False, True], ids=["plain", "encrypted"])
def test_one_that_rotted_does_not_keep_those_before_it_from_helping(
    site: Site, scrub: Run, tmp_path: Path, key: Key, is_sealed: bool
) -> None:
    for _ in range(2):
        site.back_up(f"{tmp_path}/b/", key=key[1] if is_sealed else "")
    flip(sorted((tmp_path / "b" / "snapshots").glob("*.jsonl*"))[-1])
    before = spoil(site)
    words = ["--key", key[0]] if is_sealed else []
    found = scrub("--repair-from", f"{tmp_path}/b", *words)
    assert found.exit_code == 0, found.output
    assert {path: path.read_bytes() for path in before} == before


def _id(site: Site, name: str) -> UUID:
    return UUID(site.blob(name).name)


def test_files_that_are_well_are_never_written(site: Site, scrub: Run, tmp_path: Path) -> None:
    site.back_up(f"{tmp_path}/b/")
    flip(site.blob("a.txt"))
    before = {
        path: path.stat().st_ino
        for path in site.folder.glob("files/??/*")
        if path != site.blob("a.txt")
    }
    assert scrub("--repair-from", f"{tmp_path}/b").exit_code == 0
    assert {path: path.stat().st_ino for path in before} == before


def test_a_backup_that_cannot_be_read_is_said(site: Site, scrub: Run, tmp_path: Path) -> None:
    site.blob("a.txt").unlink()
    (tmp_path / "x.tar").write_text("no archive")
    (tmp_path / "no backups").mkdir()
    for source in ("x.tar", "nothing.tar", "no backups"):
        done = scrub("--repair-from", f"{tmp_path}/{source}")
        assert done.exit_code == 1 and f"Error: {tmp_path}/{source}: " in done.output
        assert "Traceback" not in done.output


def test_uploads_and_others_work_meanwhile(site: Site, scrub: Run, tmp_path: Path) -> None:
    site.back_up(f"{tmp_path}/b/")
    site.blob("a.txt").unlink()
    assert scrub("--repair-from", f"{tmp_path}/b").exit_code == 0
    assert patch(site.app.test_client(), site.upload, 4, bytes(996)).status_code == 204
    assert scrub().exit_code == 0
