"""The contract of stores, run on every store that there is."""

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from flask_resumable import LocalStore, Store, Upload
from flask_resumable.store import Busy, Missing, record


@pytest.fixture(params=["local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Another store joins by another name here."""
    yield LocalStore(tmp_path / "uploads", keep_free=0)


def begin(store: Store, **facts: object) -> Upload:
    upload = Upload(id=uuid4(), key="secret", length=10, **facts)  # type: ignore[arg-type]
    store.create(upload)
    return upload


def add(store: Store, upload: Upload, data: bytes, state: bytes = b"") -> None:
    with store.hold(upload.id, 1) as held:
        os.write(held.open(), data)
        held.promise(held.upload.offset + len(data), state)


class TestContract:
    def test_it_keeps_what_it_was_given(self, store: Store) -> None:
        upload = begin(
            store, metadata={"filename": "ä.txt"}, note={"owner": 7}, said="filename w6Q="
        )
        found = store.find(upload.id)
        assert (found.metadata, found.note, found.said) == (
            upload.metadata,
            {"owner": 7},
            upload.said,
        )
        assert (found.offset, found.length, found.key) == (0, 10, "secret")
        assert list(store.ids()) == [upload.id]

    def test_a_missing_one_is_missing(self, store: Store) -> None:
        with pytest.raises(Missing):
            store.find(uuid4())
        with pytest.raises(Missing), store.hold(uuid4(), 0):
            pass

    def test_a_promise_is_kept_with_its_state(self, store: Store) -> None:
        upload = begin(store)
        add(store, upload, b"hello", b"state")
        found = store.find(upload.id)
        assert (found.offset, found.state) == (5, b"state")

    def test_what_was_not_promised_is_cut_off(self, store: Store) -> None:
        upload = begin(store)
        add(store, upload, b"hello")
        with store.hold(upload.id, 1) as held:
            os.write(held.open(), b"lost in a crash")
        assert store.find(upload.id).offset == 5
        add(store, upload, b"world")
        assert store.find(upload.id).path.read_bytes() == b"helloworld"

    def test_changed_facts_are_kept(self, store: Store) -> None:
        upload = begin(store)
        with store.hold(upload.id, 1) as held:
            held.upload.length, held.upload.note["x"] = 99, [1]
            held.save()
        assert (store.find(upload.id).length, store.find(upload.id).note) == (99, {"x": [1]})

    def test_settling_moves_the_bytes_and_may_be_repeated(
        self, store: Store, tmp_path: Path
    ) -> None:
        upload, target = begin(store), tmp_path / "far" / "away"
        add(store, upload, b"helloworld")
        for _ in range(2):
            with store.hold(upload.id, 1) as held:
                held.settle(target)
        assert target.read_bytes() == b"helloworld"
        assert store.find(upload.id).path == target

    def test_an_empty_upload_can_be_settled(self, store: Store, tmp_path: Path) -> None:
        upload = begin(store)
        with store.hold(upload.id, 1) as held:
            held.settle(tmp_path / "empty")
        assert (tmp_path / "empty").read_bytes() == b""

    def test_removing_forgets_all_but_settled_bytes(self, store: Store, tmp_path: Path) -> None:
        for target in (tmp_path / "kept", None):
            upload = begin(store)
            add(store, upload, b"helloworld")
            with store.hold(upload.id, 1) as held:
                if target:
                    held.settle(target)
                held.remove()
            with pytest.raises(Missing):
                store.find(upload.id)
        assert (tmp_path / "kept").read_bytes() == b"helloworld"
        assert not list((tmp_path / "uploads" / "staging").iterdir())

    def test_joining_keeps_the_order(self, store: Store) -> None:
        parts = [begin(store, partial=True) for _ in range(3)]
        for number, part in enumerate(parts):
            add(store, part, str(number).encode() * 4)
        whole = begin(store)
        with store.hold(whole.id, 1) as held:
            held.join([parts[1].id, parts[0].id, parts[2].id])
        assert store.find(whole.id).path.read_bytes() == b"111100002222"
        assert store.find(whole.id).offset == 12

    def test_one_holder_at_a_time(self, store: Store) -> None:
        upload = begin(store)
        with store.hold(upload.id, 0) as held:
            assert not held.wanted()
            with pytest.raises(Busy), store.hold(upload.id, 0.1):
                pass
            assert held.wanted()

    def test_a_newcomer_gets_it_when_the_holder_lets_go(self, store: Store) -> None:
        upload, order = begin(store), []

        def newcomer() -> None:
            with store.hold(upload.id, 5) as held:
                order.append("new")
                assert not held.wanted()

        with store.hold(upload.id, 0) as held:
            thread = threading.Thread(target=newcomer)
            thread.start()
            while not held.wanted():
                time.sleep(0.01)
            order.append("old")
        thread.join()
        assert order == ["old", "new"]

    def test_the_lock_holds_across_processes_and_ends_with_them(self, store: Store) -> None:
        upload = begin(store)
        context = multiprocessing.get_context("fork")
        ready = context.Event()

        def holder() -> None:
            with store.hold(upload.id, 0):
                ready.set()
                time.sleep(60)

        process = context.Process(target=holder)
        process.start()
        assert ready.wait(5)
        with pytest.raises(Busy), store.hold(upload.id, 0.1):
            pass
        process.kill()
        process.join()
        with store.hold(upload.id, 1):
            pass

    def test_waiting_for_one_that_is_removed(self, store: Store) -> None:
        upload, seen = begin(store), []

        def newcomer() -> None:
            try:
                with store.hold(upload.id, 5):
                    seen.append("held")
            except Missing:
                seen.append("missing")

        with store.hold(upload.id, 0) as held:
            thread = threading.Thread(target=newcomer)
            thread.start()
            while not held.wanted():
                time.sleep(0.01)
            held.remove()
        thread.join()
        assert seen == ["missing"]

    def test_sweeping_removes_what_nobody_owns(self, store: Store, tmp_path: Path) -> None:
        upload = begin(store)
        stray = tmp_path / "uploads" / "staging" / str(uuid4())
        stray.write_bytes(b"x")
        assert store.sweep(3600) == 0
        assert store.sweep(-1) == 1
        assert store.find(upload.id)
        assert not stray.exists()


def test_a_torn_record_leaves_the_older_promise(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "record", os.O_RDWR | os.O_CREAT)
    record.write(fd, 1, 100, b"one")
    record.write(fd, 2, 200, b"two")
    assert record.read(fd) == (2, 200, b"two")
    os.pwrite(fd, b"\xff" * 10, 20)  # slot 0 holds the second promise
    assert record.read(fd) == (1, 100, b"one")
    os.close(fd)


def test_files_are_for_our_eyes_only(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "uploads")
    upload = begin(store)
    add(store, upload, b"x")
    modes = {path.stat().st_mode & 0o777 for path in store.staging.iterdir()}
    assert modes == {0o600}
    assert store.staging.stat().st_mode & 0o777 == 0o700


def test_symlinks_are_never_followed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "uploads")
    upload = begin(store)
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    store.file(upload.id).unlink()
    store.file(upload.id).symlink_to(precious)
    with pytest.raises(OSError, match="symbolic links"), store.hold(upload.id, 0) as held:
        held.open()
    assert precious.read_bytes() == b"precious"


def test_a_part_of_the_disk_is_kept_free(tmp_path: Path) -> None:
    disk = os.statvfs(tmp_path)
    greedy = LocalStore(tmp_path, keep_free=1 << 60)
    free, quarter = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize // 4
    assert abs(greedy.room() - max(0, free - quarter)) < 1 << 30
