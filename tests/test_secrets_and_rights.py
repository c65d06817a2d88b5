"""What must not be told, and what a change of password ends."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from frontdesk.accounts import sessions


def test_the_token_of_a_link_stays_out_of_the_log(stdout, alice, keep):
    file = keep("alice", "a.txt")
    alice.visit(f"/file/{file}/change/link")
    alice.submit("link")
    alice.follow()
    address = alice.page.link("Revoke")
    token = address.rpartition("/")[2]
    alice.visit(address)
    alice.submit("revoke")
    assert token not in stdout.getvalue()


@pytest.mark.sqlite
def test_nobody_else_on_the_machine_reads_the_database(tmp_path, start):
    folder = tmp_path / "made by the admin"
    folder.mkdir(mode=0o755)
    before = os.umask(0o022)
    try:
        start(INSTANCE_PATH=str(folder))
    finally:
        os.umask(before)
    mode = stat.S_IMODE((folder / "frontdesk.db").stat().st_mode)
    assert not mode & 0o077


def test_a_member_can_read_while_nothing_can_be_written(app, alice, monkeypatch):
    """Noting when somebody was last seen is no reason to show them no page."""
    from datetime import timedelta

    monkeypatch.setattr(sessions, "SEEN_EVERY", timedelta(0))

    def locked(token):
        raise OperationalError("UPDATE sessions", {}, Exception("database is locked"))

    # as transaction() does when the lock or the disk isn't given
    from contextlib import contextmanager

    @contextmanager
    def no_writing():
        raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))
        yield

    monkeypatch.setattr(sessions, "transaction", no_writing)
    assert alice.visit("/path/").status == 200


def test_every_file_that_was_taken_in_can_be_reached(alice):
    folder = "/".join("卷" * 85 for _ in range(8))
    alice.visit("/upload")
    from io import BytesIO

    alice.submit("upload", the_file=(BytesIO(b"x"), "a.txt"), folder=folder)
    assert alice.page.errors == {"folder": "The folder’s path is too long. Choose shorter names."}


def test_the_longest_path_fits_into_what_the_server_reads(alice):
    from frontdesk.files.folders import LONGEST_PATH

    conf = (Path(__file__).parents[1] / "deploy" / "gunicorn.conf.py").read_text()
    limit = int(re.search(r"limit_request_line = (\d+)", conf)[1])
    assert limit > 3 * (LONGEST_PATH + 255) + 500  # each byte may become %XX


def test_every_folder_is_listed_somewhere(app, alice, keep):
    for number in range(502):
        keep("alice", "a.txt", folder=f"f{number:03}")
    page, seen = alice.visit("/path/"), set()
    for _ in range(20):
        seen |= {words for words in page.links if re.fullmatch(r"f\d{3}", words)}
        onward = [a["href"] for a in page.html.select("a[rel=next]")]
        if not onward:
            break
        page = alice.visit(onward[0])
    assert len(seen) == 502
