"""Downloads through each combination: whole, in parts, if they changed, and under any name."""

from __future__ import annotations

import hashlib
import http.client
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.fronts.front import Front, behind
from tests.fronts.furnished import BIG, BIG_SIZE, CHINESE, TEXT, big_hash
from tests.fronts.guest import Guest

ADDRESS = f"/path/{quote(CHINESE)}?download=1"
HASH = f'"{hashlib.sha256(TEXT).hexdigest()}"'
END = len(TEXT) - 1


def test_a_file_comes_as_it_was_under_its_chinese_name(front: Front, alice: Guest) -> None:
    answer = alice.ask("GET", ADDRESS)
    assert (answer.status, answer.body) == (200, TEXT)
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename=")
    assert f"filename*=UTF-8''{quote(CHINESE, safe='!#$&+-.^_`|~')}" in disposition
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    for name in ("ETag", "Last-Modified", "Content-Security-Policy", "X-Content-Type-Options"):
        assert len(answer.headers.get_all(name)) == 1, name
    assert answer.headers["ETag"] == HASH
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert not {"X-Accel-Redirect", "X-Sendfile"} & set(answer.headers), "where it lies is ours"


def test_head_says_all_but_the_bytes(front: Front, alice: Guest) -> None:
    head, whole = alice.ask("HEAD", ADDRESS), alice.ask("GET", ADDRESS)
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Length", "ETag", "Last-Modified", "Content-Type", "Content-Disposition"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    ("asked", "part", "said"),
    [
        ("bytes=0-9", TEXT[:10], "0-9"),
        ("bytes=1000-1999", TEXT[1000:2000], "1000-1999"),
        ("bytes=-7", TEXT[-7:], f"{END - 6}-{END}"),
        ("bytes=100-", TEXT[100:], f"100-{END}"),
    ],
)
def test_a_part_comes_alone(front: Front, alice: Guest, asked: str, part: bytes, said: str) -> None:
    answer = alice.ask("GET", ADDRESS, Range=asked)
    assert (answer.status, answer.body) == (206, part)
    assert answer.headers["Content-Range"] == f"bytes {said}/{len(TEXT)}"


def test_a_part_beyond_the_end_is_416(front: Front, alice: Guest) -> None:
    answer = alice.ask("GET", ADDRESS, Range=f"bytes={len(TEXT)}-")
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(TEXT)}"


def test_many_parts_at_once_are_the_whole(front: Front, alice: Guest) -> None:
    answer = alice.ask("GET", ADDRESS, Range="bytes=0-1,5-6,9-")
    assert (answer.status, answer.body) == (200, TEXT)


def test_what_did_not_change_is_not_sent_again(front: Front, alice: Guest) -> None:
    answer = alice.ask("GET", ADDRESS, If_None_Match=HASH)
    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", HASH)
    since = alice.ask("GET", ADDRESS).headers["Last-Modified"]
    assert alice.ask("GET", ADDRESS, If_Modified_Since=since).status == 304
    assert alice.ask("GET", ADDRESS, If_None_Match='"other"').body == TEXT
    assert alice.ask("GET", ADDRESS, If_Match='"other"').status == 412


def test_the_rest_comes_only_of_the_same_file(front: Front, alice: Guest) -> None:
    answer = alice.ask("GET", ADDRESS, Range="bytes=5-9", If_Range=HASH)
    assert (answer.status, answer.body) == (206, TEXT[5:10])
    answer = alice.ask("GET", ADDRESS, Range="bytes=5-9", If_Range='"other"')
    assert (answer.status, answer.body) == (200, TEXT)


def test_a_stranger_gets_nothing(front: Front) -> None:
    assert front.guest().ask("GET", ADDRESS, Range="bytes=0-9").title == "Log in to continue"


def blocks(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    while block := answer.read(1_000_000):
        yield block


def test_three_hundred_megabytes_need_no_memory_of_the_site(front: Front, alice: Guest) -> None:
    front.site.forget_peak()
    before, found, size = front.site.peak(), hashlib.sha256(), 0
    with closing(alice.connection()) as connection:
        connection.request("GET", f"/path/{BIG}?download=1", headers=alice.names | alice.cookie)
        answer = connection.getresponse()
        for block in blocks(answer):
            found.update(block)
            size += len(block)
    assert (answer.status, size, found.hexdigest()) == (200, BIG_SIZE, big_hash())
    assert front.site.peak() - before < 16_000_000


@behind
def test_the_front_server_hands_a_big_file_out_itself(front: Front, alice: Guest) -> None:
    """While it goes out the front server has it open, and the site has not."""
    blob = max(front.site.blobs, key=lambda path: path.stat().st_size)
    assert blob.stat().st_size == BIG_SIZE
    with closing(alice.connection()) as connection:
        connection.request("GET", f"/path/{BIG}?download=1", headers=alice.names | alice.cookie)
        connection.getresponse().read(1000)
        assert front.door
        assert holds(front.door.pid, blob), "the front server"
        assert not holds(front.site.process.pid, blob), "the site"


def holds(pid: int, path: Path) -> bool:
    """Whether a process or one of its children has that file open."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for one in (str(pid), *children):
        for descriptor in Path(f"/proc/{one}/fd").iterdir():
            with suppress(OSError):
                if descriptor.samefile(path):
                    return True
    return False
