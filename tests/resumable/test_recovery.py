"""Never the length before the application has it; and after a crash the truth."""

import hashlib
import os
from collections.abc import Callable
from typing import Any

import pytest
from tests.resumable.conftest import Site
from tests.resumable.tools import TUS, chunk

from flask_resumable import Upload
from flask_resumable.store import disk, local

Make = Callable[..., Site]


def create(site: Site, length: int = 10) -> str:
    headers = {**TUS, "Upload-Length": str(length)}
    return str(site.client.post("/uploads/", headers=headers).headers["Location"])


def broken(*args: Any) -> Any:
    raise RuntimeError("The database is away")


@pytest.fixture
def quiet(site: Site) -> Site:
    """Its errors are answers."""
    site.app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    return site


def test_the_end_is_not_shown_until_the_application_has_it(quiet: Site) -> None:
    address = create(quiet)
    quiet.resumable.finished(broken)
    assert quiet.client.patch(address, headers=chunk(0), data=b"helloworld").status_code == 500
    for method in ("HEAD", "GET"):
        answer = quiet.client.open(address, method=method, headers=TUS)
        assert answer.status_code == 500
        assert "Upload-Offset" not in answer.headers
    quiet.resumable.finished(quiet.finished.append)
    assert quiet.client.head(address, headers=TUS).headers["Upload-Offset"] == "10"
    assert quiet.finished[0].path.read_bytes() == b"helloworld"
    assert quiet.finished[0].sha256 == hashlib.sha256(b"helloworld").hexdigest()


def test_a_failed_rename_is_made_good_at_the_next_look(
    quiet: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = create(quiet)
    with monkeypatch.context() as patch:
        patch.setattr(disk, "move", lambda *paths: broken())
        assert quiet.client.patch(address, headers=chunk(0), data=b"helloworld").status_code == 500
        assert quiet.client.head(address, headers=TUS).status_code == 500
    assert quiet.client.head(address, headers=TUS).headers["Upload-Offset"] == "10"


def test_a_crash_between_rename_and_record(quiet: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    address = create(quiet)
    with monkeypatch.context() as patch:
        patch.setattr(local.LocalStore, "write", broken)
        assert quiet.client.patch(address, headers=chunk(0), data=b"helloworld").status_code == 500
    assert quiet.client.patch(address, headers=chunk(10), data=b"").status_code == 204
    assert quiet.finished[0].path.read_bytes() == b"helloworld"
    assert quiet.finished[0].sha256 == hashlib.sha256(b"helloworld").hexdigest()


def test_the_next_start_finishes_what_a_crash_left(make_site: Make) -> None:
    before, address = make_site(TESTING=False), ""
    before.app.config["PROPAGATE_EXCEPTIONS"] = False
    before.resumable.finished(broken)
    address = create(before)
    before.client.patch(address, headers=chunk(0), data=b"helloworld")
    after = make_site()
    after.client.options("/uploads/")
    assert [upload.offset for upload in after.finished] == [10]
    assert after.client.get(address).json["finished"]
    with after.app.app_context():
        assert after.resumable.recover() == 0


def test_a_failed_flush_promises_nothing(quiet: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    address = create(quiet)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", lambda fd: (_ for _ in ()).throw(OSError(5, "EIO")))
        assert quiet.client.patch(address, headers=chunk(0), data=b"hello").status_code == 500
    assert quiet.client.head(address, headers=TUS).headers["Upload-Offset"] == "0"
    assert quiet.client.patch(address, headers=chunk(0), data=b"helloworld").status_code == 204


def test_the_promise_is_raised_only_after_the_flush(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    flush, write = os.fdatasync, local.record.write
    monkeypatch.setattr(os, "fdatasync", lambda fd: (order.append("flush"), flush(fd))[1])
    monkeypatch.setattr(
        local.record, "write", lambda *what: (order.append("promise"), write(*what))[1]
    )
    site.client.patch(create(site), headers=chunk(0), data=b"hello")
    assert order == ["flush", "promise", "flush"]


def test_the_unacknowledged_tail_is_cut_off(site: Site) -> None:
    address = create(site)
    site.client.patch(address, headers=chunk(0), data=b"hello")
    with site.app.app_context():
        [upload_id] = site.resumable.store.ids()
        path = site.resumable.store.find(upload_id).path
    with path.open("ab") as file:
        file.write(b"written but never promised")
    assert site.client.get(address).json["offset"] == 5
    site.client.patch(address, headers=chunk(5), data=b"world")
    assert site.finished[0].path.read_bytes() == b"helloworld"


def test_a_lost_hash_state_is_made_up_for(make_site: Make) -> None:
    site = make_site()
    address = create(site)
    site.client.patch(address, headers=chunk(0), data=b"hello")
    with site.app.app_context():
        [upload_id] = site.resumable.store.ids()
        with site.resumable.store.hold(upload_id, 0) as held:
            held.open()
            held.promise(5, b"openssl:pdp11:" + bytes(112))
    site.client.patch(address, headers=chunk(5), data=b"world")
    assert site.finished[0].sha256 == hashlib.sha256(b"helloworld").hexdigest()


def test_a_file_too_large_to_read_again_has_no_hash_yet(make_site: Make) -> None:
    site = make_site(RESUMABLE_REREAD=4)
    address = create(site)
    site.client.patch(address, headers=chunk(0), data=b"hello")
    with site.app.app_context():
        [upload_id] = site.resumable.store.ids()
        with site.resumable.store.hold(upload_id, 0) as held:
            held.open()
            held.promise(5, b"")
    site.client.patch(address, headers=chunk(5), data=b"world")
    assert site.finished[0].sha256 is None


def test_finishing_costs_the_same_for_any_size(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local.LocalStore, "room", lambda self: 1 << 50)
    address = create(site, 1 << 40)  # a sparse terabyte: copying or reading it would never end
    with site.app.app_context():
        [upload_id] = site.resumable.store.ids()
        with site.resumable.store.hold(upload_id, 0) as held:
            os.ftruncate(held.open(), (1 << 40) - 1)
            held.promise((1 << 40) - 1, b"")
    kept: list[Upload] = site.finished
    answer = site.client.patch(address, headers=chunk((1 << 40) - 1), data=b"x")
    assert answer.status_code == 204
    assert kept[0].path.stat().st_size == 1 << 40
