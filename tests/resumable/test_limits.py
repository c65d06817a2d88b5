"""Limits hold while uploading, not at the end."""

import os
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tests.resumable.conftest import Site
from tests.resumable.tools import OCTETS, TUS, chunk

from flask_resumable.store import LocalStore

Make = Callable[..., Site]


def create(site: Site, **headers: str) -> Any:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return site.client.post("/uploads/", headers={**TUS, **more})


def endless(site: Site, address: str, offset: int, data: bytes) -> Any:
    """A body without Content-Length."""
    return site.client.patch(
        address, headers=chunk(offset), input_stream=BytesIO(data), content_length=None,
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )  # fmt: skip


def test_an_upload_that_is_too_large_is_refused_at_once(make_site: Make) -> None:
    site = make_site(RESUMABLE_MAX_SIZE=100)
    assert create(site, Upload_Length="100").status_code == 201
    answer = create(site, Upload_Length="101")
    assert (answer.status_code, answer.json["max-size"]) == (413, 100)
    assert site.client.options("/uploads/").headers["Tus-Max-Size"] == "100"


def test_a_deferred_length_does_not_get_around_the_size(make_site: Make) -> None:
    site = make_site(RESUMABLE_MAX_SIZE=100)
    address = create(site, Upload_Defer_Length="1").headers["Location"]
    assert site.client.patch(address, headers=chunk(0), data=bytes(101)).status_code == 413
    for at in range(0, 100, 25):
        assert site.client.patch(address, headers=chunk(at), data=bytes(25)).status_code == 204
    assert site.client.patch(address, headers=chunk(100), data=b"x").status_code == 413
    assert endless(site, address, 100, b"x").status_code == 413
    too_long = chunk(100, Upload_Length="101")
    assert site.client.patch(address, headers=too_long, data=b"x").status_code == 413


def test_parts_do_not_get_around_the_size(make_site: Make) -> None:
    site = make_site(RESUMABLE_MAX_SIZE=10)
    parts = []
    for _ in range(2):
        made = create(site, Upload_Length="8", Upload_Concat="partial")
        parts.append(made.headers["Location"])
        site.client.patch(parts[-1], headers=chunk(0), data=bytes(8))
    assert create(site, Upload_Concat="final;" + " ".join(parts)).status_code == 413


def test_more_bytes_than_declared(site: Site) -> None:
    address = create(site, Upload_Length="5").headers["Location"]
    assert site.client.patch(address, headers=chunk(0), data=b"123456").status_code == 413
    assert endless(site, address, 0, b"123456").status_code == 413
    assert site.client.get(address).json["offset"] == 0
    assert site.client.patch(address, headers=chunk(0), data=b"12345").status_code == 204
    assert site.client.patch(address, headers=chunk(5), data=b"6").status_code == 413


def test_more_bytes_than_declared_at_creation(site: Site) -> None:
    headers = {**TUS, "Upload-Length": "2", "Content-Type": OCTETS}
    assert site.client.post("/uploads/", headers=headers, data=b"abc").status_code == 413
    assert site.finished == []


def test_a_refused_creation_leaves_nothing_behind(site: Site) -> None:
    wrong = {"Upload-Checksum": "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA="}
    headers = {**TUS, "Upload-Length": "9", "Content-Type": OCTETS, **wrong}
    assert site.client.post("/uploads/", headers=headers, data=b"abc").status_code == 460
    with site.app.app_context():
        assert list(site.resumable.store.ids()) == []
    assert len(site.removed) == 1


def test_an_interrupted_creation_keeps_what_arrived(site: Site) -> None:
    headers = {**TUS, "Upload-Length": "9", "Content-Type": OCTETS}
    cut = {"CONTENT_LENGTH": "9"}
    answer = site.client.post("/uploads/", headers=headers, data=b"abc", environ_overrides=cut)
    assert answer.status_code == 400
    with site.app.app_context():
        [upload_id] = site.resumable.store.ids()
        assert site.resumable.store.find(upload_id).offset == 3


@pytest.mark.parametrize("offset", ["-1", "1e1", "", "0x0", "9" * 30, "18446744073709551616"])
def test_offsets_that_are_none(site: Site, offset: str) -> None:
    address = create(site, Upload_Length="5").headers["Location"]
    headers = {**TUS, "Upload-Offset": offset, "Content-Type": OCTETS}
    assert site.client.patch(address, headers=headers, data=b"x").status_code == 400


@pytest.mark.parametrize("offset", ["1", "5", "6", "9223372036854775807"])
def test_offsets_that_are_elsewhere(site: Site, offset: str) -> None:
    address = create(site, Upload_Length="5").headers["Location"]
    headers = {**TUS, "Upload-Offset": offset, "Content-Type": OCTETS}
    assert site.client.patch(address, headers=headers, data=b"x").status_code == 409


def test_metadata_bombs(site: Site) -> None:
    for said in ("a " + "A" * 9000, ",".join(f"k{i}" for i in range(1000)), "a b c"):
        assert create(site, Upload_Length="1", Upload_Metadata=said).status_code == 400


def test_too_many_parts(site: Site) -> None:
    one = "/uploads/00000000-0000-0000-0000-{:012d}"
    said = "final;" + " ".join(one.format(i) for i in range(200))
    assert create(site, Upload_Concat=said).status_code == 400


def test_the_disk_is_refused_before_it_is_full(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    address = create(site, Upload_Length="1000").headers["Location"]
    monkeypatch.setattr(LocalStore, "room", lambda self: 10)
    assert create(site, Upload_Length="11").status_code == 507
    assert site.client.patch(address, headers=chunk(0), data=bytes(11)).status_code == 507
    assert site.client.patch(address, headers=chunk(0), data=bytes(10)).status_code == 204


def test_places_are_limited(make_site: Make) -> None:
    site = make_site(RESUMABLE_SLOTS=1)
    address = create(site, Upload_Length="5").headers["Location"]
    with site.app.app_context():
        slots = site.resumable.uploads._slots
    assert slots is not None and slots.acquire(blocking=False)
    answer = site.client.patch(address, headers=chunk(0), data=b"abcde")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    slots.release()
    assert site.client.patch(address, headers=chunk(0), data=b"abcde").status_code == 204


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Eight MiB that can really be full."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() or os.system(f"mount -t tmpfs -o size=8m tmpfs {folder} 2>/dev/null"):
        pytest.skip("mounting a small tmpfs needs root")
    yield folder
    os.system(f"umount {folder}")


def test_a_full_disk_is_507_and_keeps_what_was_promised(make_site: Make, small_disk: Path) -> None:
    site = make_site(RESUMABLE_FOLDER=str(small_disk), RESUMABLE_KEEP_FREE=0)
    address = create(site, Upload_Defer_Length="1").headers["Location"]
    assert site.client.patch(address, headers=chunk(0), data=bytes(4 << 20)).status_code == 204
    assert endless(site, address, 4 << 20, bytes(6 << 20)).status_code == 507
    assert site.client.get(address).json["offset"] == 4 << 20
    assert site.client.patch(address, headers=chunk(4 << 20), data=b"x").status_code == 204
    again = create(site, Upload_Length=str(5 << 20))
    assert again.status_code == 507
