"""What every storage does, tried on each that there is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from frontdesk.storage import Storage, from_url

BACKENDS: dict[str, Callable[[Path], Storage]] = {
    "local": lambda folder: from_url("file:files", folder),
}


@pytest.fixture(params=BACKENDS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return BACKENDS[request.param](tmp_path)


def put(storage: Storage, data: bytes) -> UUID:
    with storage.begin() as staged:
        staged.write(data)
        staged.keep()
        return staged.id


def read(storage: Storage, id: UUID) -> bytes:
    with storage.open(id) as blob:
        return blob.read()


@pytest.mark.parametrize(
    "data", [b"", b"a", bytes(range(256)) * 300, b"not so short" * 250_000], ids=len
)
def test_what_is_kept_comes_back(storage: Storage, data: bytes) -> None:
    with storage.begin() as staged:
        for start in range(0, len(data), 65_537):
            piece = data[start : start + 65_537]
            assert staged.write(piece) == len(piece)
        staged.keep()
    assert staged.size == len(data)
    assert read(storage, staged.id) == data
    assert storage.path(staged.id).read_bytes() == data


def test_the_hash_is_that_of_the_bytes_so_far(storage: Storage) -> None:
    with storage.begin() as staged:
        staged.write(b"a" * 100_000)
        assert staged.sha256 == hashlib.sha256(b"a" * 100_000).hexdigest()
        staged.write(b"b")
        assert staged.sha256 == hashlib.sha256(b"a" * 100_000 + b"b").hexdigest()


def test_all_blobs_are_told_once_they_are_old_enough(storage: Storage) -> None:
    kept = {put(storage, b"a"), put(storage, b"b")}
    with storage.begin() as staged:
        staged.write(b"not kept")
        assert set(storage.ids(-1)) == kept
    assert not list(storage.ids(60))


def test_what_is_received_beside_becomes_a_blob_by_a_rename(storage: Storage) -> None:
    folder = storage.beside("elsewhere")
    folder.mkdir()
    (folder / "bytes").write_bytes(b"content")
    id = uuid4()
    storage.path(id).parent.mkdir(exist_ok=True)
    (folder / "bytes").rename(storage.path(id))
    assert read(storage, id) == b"content"
    assert set(storage.ids(-1)) == {id}


def test_bytes_that_change_after_writing_are_hashed_as_written(storage: Storage) -> None:
    changing = bytearray(1_000_000)
    with storage.begin() as staged:
        staged.write(changing)
        changing[:] = b"x" * len(changing)
        assert staged.sha256 == hashlib.sha256(bytes(1_000_000)).hexdigest()


def test_what_is_not_kept_never_was(storage: Storage) -> None:
    with storage.begin() as staged:
        staged.write(b"secret")
    with pytest.raises(FileNotFoundError):
        storage.open(staged.id)
    assert storage.sweep(0) == 0


def test_until_it_is_kept_nobody_can_open_it(storage: Storage) -> None:
    with storage.begin() as staged:
        staged.write(b"half")
        with pytest.raises(FileNotFoundError):
            storage.open(staged.id)


def test_what_is_discarded_is_empty_and_frees_the_disk_at_once(storage: Storage) -> None:
    with storage.begin() as staged:
        staged.write(b"a" * 100_000)
        staged.discard()
        assert (staged.size, staged.read(), staged.tell()) == (0, b"", 0)
        assert staged.sha256 == hashlib.sha256(b"").hexdigest()
        assert os.fstat(staged.fileno()).st_nlink == 0
        assert os.fstat(staged.fileno()).st_blocks == 0


def test_what_is_kept_can_not_be_discarded(storage: Storage) -> None:
    with storage.begin() as staged:
        staged.write(b"a")
        staged.keep()
        staged.discard()
    assert read(storage, staged.id) == b"a"


def test_it_reads_while_it_is_written_and_after(storage: Storage) -> None:
    with storage.begin() as staged:
        staged.write(b"0123456789")
        assert staged.read() == b"0123456789"
        assert staged.seek(2) == 2
        assert staged.read(3) == b"234"
        staged.write(b"ab")
        assert staged.read() == b"56789ab"
        assert staged.seek(-1, os.SEEK_END) == 11
        assert staged.seek(-1, os.SEEK_CUR) == 10
        staged.keep()
        assert staged.read() == b"ab"
        with pytest.raises(ValueError, match="before"):
            staged.seek(-1)


def test_each_has_its_own_name_and_closing_twice_is_fine(storage: Storage) -> None:
    first, second = storage.begin(), storage.begin()
    assert first.id != second.id
    for staged in (first, second, first):
        staged.close()


def test_deleting_twice_is_fine(storage: Storage) -> None:
    id = put(storage, b"a")
    storage.delete(id)
    storage.delete(id)
    storage.delete(uuid4())
    with pytest.raises(FileNotFoundError):
        storage.open(id)


def test_a_blob_that_is_being_read_survives_its_deletion(storage: Storage) -> None:
    id = put(storage, b"a" * 100_000)
    with storage.open(id) as blob:
        storage.delete(id)
        assert blob.read() == b"a" * 100_000


def test_it_knows_how_much_fits(storage: Storage) -> None:
    assert storage.free() > 1024 * 1024


def test_sweeping_leaves_alone_what_somebody_holds(storage: Storage) -> None:
    with storage.begin() as staged:
        staged.write(b"slow")
        assert storage.sweep(-10) == 0
        staged.keep()
    assert read(storage, staged.id) == b"slow"


def test_other_urls_are_refused_in_words(tmp_path: Path) -> None:
    for url in ("ftp://x/y", "files", "file:", ""):
        with pytest.raises(ValueError, match="STORAGE_URL"):
            from_url(url, tmp_path)
