"""files/arrivals.py - what happens when a file of that name is there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from tests.browser import Browser
from tests.files.conftest import names_on
from tests.files.tus import Tus, patch

from frontdesk.accounts import service as accounts
from frontdesk.db import db
from frontdesk.files import arrivals, service, uploads
from frontdesk.files.arrivals import Arrival, OnConflict
from frontdesk.files.models import File, Version
from frontdesk.forms import Refused

Take = Callable[..., Arrival]


@pytest.fixture
def take(app: Flask) -> Take:
    """Take a file in for Alice, as any way in does."""

    def take(name: str, content: bytes, on_conflict: OnConflict, folder: str = "") -> Arrival:
        with app.test_request_context(), service.storage().begin() as staged:
            staged.write(content)
            alice = accounts.find("alice")
            assert alice
            arrival = arrivals.take_in(alice.id, folder.split(), name, staged, on_conflict)
            db.session.refresh(arrival.file)
            return arrival

    return take


def test_a_version_keeps_the_file_and_what_it_held(
    app: Flask, take: Take, used: Callable[[str], int]
) -> None:
    first = take("a.txt", b"one", "version")
    second = take("A.TXT", b"three", "version")
    assert (first.came, second.came) == ("new", "version")
    assert (second.file.id, second.file.name, second.file.version) == (first.file.id, "a.txt", 2)
    assert second.file.created_at > first.file.created_at
    assert used("alice") == 8
    with app.app_context():
        (earlier,) = db.session.scalars(select(Version))
        assert (earlier.number, earlier.blob_id, earlier.size) == (1, first.file.blob_id, 3)
        assert earlier.created_at == first.file.created_at


def test_the_same_bytes_are_no_new_version(
    app: Flask, take: Take, used: Callable[[str], int]
) -> None:
    take("a.txt", b"one", "version")
    again = take("a.txt", b"one", "version")
    assert (again.came, again.added, again.file.version) == ("same", 0, 1)
    assert used("alice") == 3
    with app.app_context():
        assert db.session.scalars(select(Version)).all() == []


def test_a_number_is_given_also_to_the_same_bytes(take: Take) -> None:
    take("a.txt", b"one", "number")
    assert take("a.txt", b"one", "number").file.name == "a (2).txt"


def test_refusing_leaves_all_as_it_was(take: Take, used: Callable[[str], int]) -> None:
    take("a.txt", b"one", "refuse")
    with pytest.raises(Refused, match="is there already") as no:
        take("A.txt", b"other", "refuse")
    assert no.value.status == 409
    assert used("alice") == 3


def test_a_folder_has_no_versions(take: Take) -> None:
    take("b.txt", b"one", "version", "a.txt")
    assert take("a.txt", b"two", "version").file.name == "a (2).txt"


def test_what_is_in_the_bin_is_not_a_file_of_that_name(app: Flask, take: Take) -> None:
    first = take("a.txt", b"one", "version")
    with app.test_request_context():
        service.delete(db.session.get_one(File, first.file.id))
    second = take("a.txt", b"two", "version")
    assert (second.came, second.file.name) == ("new", "a.txt")


def test_an_upload_in_pieces_becomes_a_version(
    tus_of_alice: Tus, alice: Browser, used: Callable[[str], int]
) -> None:
    tus_of_alice.send("a.txt", b"one")
    address = tus_of_alice.begin(5, "a.txt", on_conflict="version")
    patch(tus_of_alice.client, address, 0, b"three")
    result = tus_of_alice.client.get(address).json["result"]
    assert (result["version"], result["came"], result["url"]) == (2, "version", "/path/a.txt")
    assert names_on(alice.visit("/path/")) == ["a.txt"]
    assert alice.client.get("/path/a.txt?download=1", buffered=True).data == b"three"
    assert used("alice") == 8


def test_the_same_bytes_in_pieces_are_no_new_version(
    tus_of_alice: Tus, used: Callable[[str], int]
) -> None:
    tus_of_alice.send("a.txt", b"one")
    address = tus_of_alice.send("a.txt", b"one", on_conflict="version")
    result = tus_of_alice.client.get(address).json["result"]
    assert (result["version"], result["came"]) == (1, "same")
    assert used("alice") == 3


def test_a_crash_after_the_same_bytes_does_no_harm(
    app: Flask, tus_of_alice: Tus, alice: Browser
) -> None:
    tus_of_alice.send("a.txt", b"one")
    address = tus_of_alice.send("a.txt", b"one", on_conflict="version")
    with app.test_request_context():
        found = uploads.resumable.uploads.find(UUID(address.partition("?")[0].rpartition("/")[2]))
        found.path.touch()  # as the extension does when it finds no bytes there
        uploads._finish(found)
        found.path.unlink()
    assert names_on(alice.visit("/path/")) == ["a.txt"]


def test_pieces_that_end_at_a_time_are_all_kept(
    app: Flask, tus_of_alice: Tus, used: Callable[[str], int]
) -> None:
    tus_of_alice.send("a.txt", b"0")
    begun = [tus_of_alice.begin(3, "a.txt", on_conflict="version") for _ in range(8)]

    def end(number: int) -> int:
        return patch(app.test_client(), begun[number], 0, b"%03d" % number).status_code

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(end, range(8))) == {204}
    with app.app_context():
        file = db.session.scalars(select(File)).one()
        numbers = db.session.scalars(select(Version.number).order_by(Version.number)).all()
    assert (file.version, numbers) == (9, list(range(1, 9)))
    assert used("alice") == 25


@pytest.fixture
def tus_of_alice(alice: Browser) -> Tus:
    return Tus(alice)
