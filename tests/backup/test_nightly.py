"""The server's own jobs, a backup each night and each file read monthly; what the admin sees."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update
from tests.backup.conftest import Site, flip
from tests.browser import Browser

from frontdesk import jobs
from frontdesk.audit import LogEntry
from frontdesk.backup import making, nightly, restoring
from frontdesk.db import db, now, transaction
from frontdesk.files.models import Blob
from frontdesk.files.scrub import daily, rereading
from frontdesk.files.scrub import scrub as scrub_all
from frontdesk.files.scrub.verified import verified

DAY = timedelta(days=1)


def in_days(days: float) -> time_machine.travel:
    return time_machine.travel(now() + timedelta(days=days))


def logged(app: Flask, what: str) -> list[LogEntry]:
    with app.app_context():
        return list(db.session.scalars(select(LogEntry).where(LogEntry.what == what)))


# Backups


def back_up(app: Flask) -> None:
    with app.app_context():
        nightly.back_up("today")


def dates(folder: Path) -> int:
    return len(list((folder / "snapshots").glob("*.jsonl*")))


@pytest.fixture
def to(site: Site, tmp_path: Path) -> Path:
    site.app.config["BACKUP_TO"] = str(tmp_path / "nightly")
    return tmp_path / "nightly"


def test_without_a_folder_there_is_none(site: Site) -> None:
    back_up(site.app)
    assert logged(site.app, "backup") == []


def test_one_is_made_each_night_and_so_many_are_kept(
    site: Site, to: Path, tmp_path: Path, key: tuple[str, str]
) -> None:
    site.app.config.update(BACKUP_KEEP=2, BACKUP_KEY=key[1])
    back_up(site.app)
    back_up(site.app)
    assert dates(to) == 1, "not twice a day"
    for day in (1, 2, 3):
        with in_days(day):
            back_up(site.app)
    assert (dates(to), len(logged(site.app, "backup"))) == (2, 4)
    with site.app.app_context():
        assert restoring.check(to, key=key[0]).wrong == []


def test_what_rots_in_the_folder_is_found_within_a_month_and_stored_anew(
    site: Site, to: Path
) -> None:
    back_up(site.app)
    large = max((to / "objects").rglob("*"), key=lambda path: path.stat().st_size)
    flip(large)
    with site.app.app_context():
        assert restoring.check(to).wrong
    its_turn = (int(large.parent.name, 16) - now().toordinal()) % 30 or 30
    other = its_turn - 1 or 2
    for day, rotten in sorted({other: 0, its_turn: 1}.items()):
        with in_days(day):
            back_up(site.app)
            assert logged(site.app, "backup")[-1].facts["rotten"] == rotten
    assert large.with_name(f"{large.name}.damaged").exists() and large.exists()
    with site.app.app_context():
        assert restoring.check(to).wrong == []


def test_a_clock_that_was_ahead_does_not_end_the_backups(site: Site, to: Path) -> None:
    """Else there would be none until that day."""
    back_up(site.app)
    with in_days(400):
        back_up(site.app)
    back_up(site.app)
    assert dates(to) == 3
    with in_days(1):
        back_up(site.app)
    assert dates(to) == 4
    with site.app.app_context():
        assert restoring.check(to).wrong == []


def test_what_cannot_be_read_there_is_stored_anew_and_stops_no_backup(site: Site, to: Path) -> None:
    """A link, which isn't followed, or a bad sector: an OSError both."""
    back_up(site.app)
    large = max((to / "objects").rglob("*"), key=lambda path: path.stat().st_size)
    large.unlink()
    large.symlink_to("/etc/hostname")
    with in_days((int(large.parent.name, 16) - now().toordinal()) % 30 or 30):
        back_up(site.app)
        assert logged(site.app, "backup")[-1].facts["rotten"] == 1
    with site.app.app_context():
        assert restoring.check(to).wrong == []


def test_one_by_hand_elsewhere_does_not_stand_in_for_it(
    site: Site, to: Path, tmp_path: Path
) -> None:
    site.back_up(tmp_path / "x.tar")
    back_up(site.app)
    assert dates(to) == 1


def test_a_disk_that_is_not_mounted_is_not_filled(site: Site, to: Path) -> None:
    back_up(site.app)
    shutil.rmtree(to)
    to.mkdir()
    with in_days(2), pytest.raises(making.NoBackup, match="Mount its disk"):
        back_up(site.app)
    assert list(to.iterdir()) == []


def test_it_is_asked_for_each_day(site: Site, to: Path) -> None:
    with site.app.app_context():
        jobs.runner().look()
        assert jobs.state("backup", now().date().isoformat()) == "done"
        assert jobs.state("scrub", now().date().isoformat()) == "done"
    assert dates(to) == 1


# Reading again


def scrub(app: Flask, subject: str = "2026-01-01") -> None:
    with app.app_context():
        daily.scrub_some(subject)


def test_each_file_is_read_when_it_is_a_day_old_then_once_a_month(site: Site) -> None:
    scrub(site.app)
    with site.app.app_context():
        assert (verified().right, verified().waiting) == (0, 5)
    moments = list[object]()
    for days in (2, 3, 20, 33, 34):
        with in_days(days):
            scrub(site.app)
        with site.app.app_context():
            found = verified()
        assert (found.right, found.damaged) == (5, 0)
        moments.append(found.oldest)
    assert moments[0] == moments[1] == moments[2] != moments[3] == moments[4]


def test_what_was_read_while_the_clock_was_ahead_is_read_again(site: Site) -> None:
    for days in (400, 0):
        with in_days(days):
            scrub(site.app)
    with site.app.app_context():
        oldest = verified().oldest
        assert oldest and oldest < now() + DAY


def test_what_rotted_is_found_by_the_server_itself(site: Site, root: Browser) -> None:
    flip(site.blob("large.bin"))
    with in_days(2):
        scrub(site.app)
        assert logged(site.app, "scrub.part")[0].facts["findings"] == 1
        with site.app.app_context():
            found = verified()
            assert (found.right, found.damaged) == (4, 1)
    assert "4 of 5 verified; 1 damaged: large.bin (alice)" in told(root)
    assert "Run flask scrub with --repair-from and a backup." in told(root)


def test_a_turn_ends_and_asks_for_the_next(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daily, "MOST", 2)
    read = list[int]()
    with in_days(2):
        for subject in ("2026-01-01", "2026-01-01 2", "2026-01-01 3"):
            scrub(site.app, subject)
            with site.app.app_context():
                read.append(verified().right)
                is_asked = [jobs.state("scrub", f"2026-01-01 {turn}") for turn in (2, 3, 4)]
    assert (read, is_asked) == ([2, 4, 5], ["waiting", "waiting", None])


def test_where_no_priority_may_be_set_all_is_read_too(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under systemd's filter of system calls, or in a container."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "setpriority", refuse)
    with in_days(2):
        scrub(site.app)
    with site.app.app_context():
        assert verified().right == 5


def test_zero_days_is_never(site: Site) -> None:
    site.app.config["SCRUB_EVERY"] = 0
    with in_days(2):
        scrub(site.app)
    with site.app.app_context():
        assert verified().right == 0


def test_one_that_was_interrupted_goes_on_where_it_was(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_at, seen = rereading.look_at, list[object]()

    def killed(id: object, *about: object) -> object:
        if len(seen) == 3:
            raise KeyboardInterrupt
        seen.append(id)
        return look_at(id, *about)  # type: ignore[arg-type]

    with site.app.app_context():
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(rereading, "look_at", killed)
            scrub_all()
        with in_days(1):
            again = scrub_all()
            assert (again.before, again.blobs) == (3, 2)
            new = scrub_all()
        assert (new.before, new.blobs) == (0, 5)


def test_what_a_clock_that_jumped_has_seen_is_read_again(site: Site) -> None:
    with in_days(400), site.app.app_context():
        scrub_all()
    flip(site.blob("large.bin"))
    with site.app.app_context():
        again = scrub_all()
        assert (again.before, again.blobs, again.counts["blob.changed"]) == (0, 5, 1)


def test_the_server_reads_that_again_too(site: Site) -> None:
    with in_days(400), site.app.app_context():
        scrub_all()
    flip(site.blob("large.bin"))
    scrub(site.app)
    with site.app.app_context():
        assert (verified().right, verified().damaged) == (4, 1)


# What the admin sees


def told(root: Browser) -> str:
    return " ".join(root.visit("/admin/space").html.select_one("section[aria-labelledby=proof]")
                    .get_text(" ").split())  # type: ignore[union-attr]  # fmt: skip


def test_the_admin_reads_that_all_is_verified_and_backed_up(
    site: Site, root: Browser, tmp_path: Path
) -> None:
    assert "5 files, not read again yet" in told(root)
    assert "Last backup never Set the folder for backups, BACKUP_TO" in told(root)
    with site.app.app_context():
        scrub_all()
    site.back_up(f"{tmp_path}/b/")
    assert "5 files, all verified today" in told(root)
    assert f", in {tmp_path}/b It lies on the disk that the files" in told(root)
    assert "Verified 5 files, all verified today" in root.visit("/admin/").text
    with site.app.app_context(), transaction() as session:
        session.execute(update(Blob).values(verified_at=now() - 3 * DAY))
        session.execute(update(LogEntry).values(at=now() - 9 * DAY))
    assert "5 files, all verified 3 days ago" in told(root)
    assert "It is old." in told(root)


def test_the_admin_reads_that_a_backup_failed(site: Site, root: Browser, tmp_path: Path) -> None:
    (tmp_path / "x.tar").touch()
    with pytest.raises(making.NoBackup):
        site.back_up(tmp_path / "x.tar")
    assert "is there already. Choose another name." in told(root)
    site.back_up(tmp_path / "y.tar")
    assert "is there already" not in told(root)


def test_the_admin_reads_that_old_backups_rotted(site: Site, root: Browser, tmp_path: Path) -> None:
    site.back_up(f"{tmp_path}/b/")
    with site.app.app_context(), transaction() as session:
        entry = session.scalars(select(LogEntry).where(LogEntry.what == "backup")).one()
        entry.facts = entry.facts | {"rotten": 1}
    assert "Earlier backups there had rotted. Look after that disk." in told(root)


def test_the_admin_reads_it_in_chinese(
    site: Site, root: Browser, set_language: Callable[[str], None]
) -> None:
    with site.app.app_context():
        scrub_all()
    set_language("zh")
    assert "5 个文件，全部已于今天核对" in told(root)


@pytest.fixture
def set_language(root: Browser) -> Callable[[str], None]:
    def choose(language: str) -> None:
        root.visit("/admin/")
        root.submit("language", language=language)

    return choose
