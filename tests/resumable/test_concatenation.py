"""tus, concatenation: a file that went up over several connections."""

import hashlib
from typing import Any
from uuid import UUID

import pytest
from tests.resumable.conftest import Site
from tests.resumable.test_tus import create, patch
from tests.resumable.tools import TUS


def part(site: Site, data: bytes) -> str:
    address = create(site, len(data), Upload_Concat="partial")
    patch(site, address, 0, data)
    return address


def join(site: Site, *parts: str) -> Any:
    return site.client.post(
        "/uploads/", headers={**TUS, "Upload-Concat": "final;" + " ".join(parts)}
    )


def test_parts_become_a_whole_in_their_order(site: Site) -> None:
    parts = [part(site, data) for data in (b"one", b"two", b"three")]
    answer = join(site, parts[2], "http://localhost" + parts[0], parts[1])
    assert answer.status_code == 201
    [whole] = site.finished
    assert whole.path.read_bytes() == b"threeonetwo"
    assert whole.sha256 == hashlib.sha256(b"threeonetwo").hexdigest()
    head = site.client.head(answer.headers["Location"], headers=TUS).headers
    assert head["Upload-Concat"].startswith("final;")
    assert (head["Upload-Offset"], head["Upload-Length"]) == ("11", "11")


def test_a_part_shows_that_it_is_one(site: Site) -> None:
    head = site.client.head(part(site, b"x"), headers=TUS).headers
    assert (head["Upload-Concat"], head["Upload-Offset"]) == ("partial", "1")
    assert site.finished == []


def test_asking_again_gives_the_same_whole(site: Site) -> None:
    parts = [part(site, b"a"), part(site, b"b")]
    first, again = join(site, *parts), join(site, *parts)
    assert first.headers["Location"] == again.headers["Location"]
    assert len(site.finished) == 1


def test_the_parts_of_others_are_refused(site: Site) -> None:
    mine, theirs = part(site, b"a"), part(site, b"b")
    for address in (theirs.partition("?")[0], theirs[:-3] + "xyz"):
        assert join(site, mine, address).status_code == 404
    assert site.finished == []


def test_unfinished_and_ordinary_uploads_are_no_parts(site: Site) -> None:
    begun = create(site, 5, Upload_Concat="partial")
    for address in (begun, create(site, 5)):
        assert join(site, part(site, b"a"), address).status_code == 400


def test_a_whole_takes_no_bytes(site: Site) -> None:
    whole = join(site, part(site, b"a")).headers["Location"]
    assert patch(site, whole, 1, b"x").status_code == 403


def test_the_parts_bytes_are_let_go(site: Site) -> None:
    join(site, part(site, b"a"), part(site, b"b"))
    assert len(site.removed) == 2
    staging = site.finished[0].path.parent.parent / "staging"
    assert all(path.suffix for path in staging.iterdir())


@pytest.mark.parametrize("marked", [1, 2], ids=["between its marks", "before the whole was taken"])
def test_a_crash_while_they_are_put_together_leaves_one_whole(site: Site, marked: int) -> None:
    """Found by killing the site: for a client that asked again the parts were no parts any more."""
    parts = [part(site, b"one"), part(site, b"two")]
    site.resumable.finished(lambda upload: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        join(site, *parts)
    unmark(site, *parts[marked:])
    site.resumable.finished(site.finished.append)
    assert [join(site, *parts).status_code for _ in range(2)] == [201, 201]
    [whole] = site.finished
    assert whole.path.read_bytes() == b"onetwo"
    assert len(list(whole.path.parent.parent.glob("staging/*.json"))) == 3


def test_a_crash_before_the_whole_was_made_leaves_the_parts(site: Site) -> None:
    parts = [part(site, b"one"), part(site, b"two")]
    unmark(site, parts[0], joined="3f0d7a52-6a3c-4be4-a1e0-6fd1f0b3c1aa")
    assert join(site, *parts).status_code == 201
    assert site.finished[0].path.read_bytes() == b"onetwo"


def unmark(site: Site, *parts: str, joined: str = "") -> None:
    """As if the crash had come before it was written where these parts go."""
    with site.app.app_context():
        for address in parts:
            id = UUID(address.partition("?")[0].rpartition("/")[2])
            with site.resumable.uploads.hold(id) as held:
                held.upload.joined = joined
                held.save()
