"""put.py - what a program stores at an address, and takes away."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from tests.browser import Browser
from tests.files.conftest import token as csrf_token
from tests.files.program import Program, says

from frontdesk.accounts.models import Member
from frontdesk.db import db
from frontdesk.files import receive
from frontdesk.files.models import File
from frontdesk.storage import LocalStorage


def test_it_is_stored_at_its_address(program: Program) -> None:
    answer = program.put("/path/reports/2026/a%20b.txt", b"hello")
    assert (answer.status_code, answer.headers["Location"]) == (201, "/path/reports/2026/a%20b.txt")
    said = answer.json
    assert said["path"] == "reports/2026/a b.txt" and said["name"] == "a b.txt"
    assert (said["size"], said["type"], said["version"]) == (5, "text/plain", 1)
    assert said["sha256"] == hashlib.sha256(b"hello").hexdigest()
    assert program.bytes_of(answer.headers["Location"]) == b"hello"
    assert program.ask("GET", said["url"]).data == b"hello"


def test_a_second_time_it_is_another_version(program: Program, used: Callable[..., int]) -> None:
    first = program.put("/path/a.txt", b"one").json
    answer = program.put("/path/a.txt", b"three")
    assert (answer.status_code, answer.json["version"]) == (200, 2)
    assert answer.json["id"] == first["id"]
    assert program.bytes_of("/path/a.txt") == b"three"
    assert used("alice") == 8, "the first is kept"


def test_the_same_bytes_again_change_nothing(program: Program, used: Callable[..., int]) -> None:
    program.put("/path/a.txt", b"one")
    answer = program.put("/path/A.TXT", b"one")
    assert (answer.status_code, answer.json["version"], used("alice")) == (200, 1, 3)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_whatever_the_body_says_it_is_it_is_a_file(program: Program, kind: str) -> None:
    """``curl -d @file -X PUT`` calls everything a form."""
    assert program.put("/path/a.txt", b"a=b&c=d", Content_Type=kind).status_code == 201
    assert program.bytes_of("/path/a.txt") == b"a=b&c=d"


def test_it_may_come_without_a_length(program: Program) -> None:
    chunked, data = {"wsgi.input_terminated": True}, random.Random(1).randbytes(3_500_000)
    answer = program.client.put(
        "/path/a.txt",
        input_stream=BytesIO(data),
        headers={"Authorization": f"Bearer {program.secret}"},
        environ_overrides=chunked,
    )
    assert (answer.status_code, answer.json["size"]) == (201, len(data))
    assert answer.json["sha256"] == hashlib.sha256(data).hexdigest()
    assert program.bytes_of("/path/a.txt") == data


def test_a_page_shows_it_to_its_member(program: Program, alice: Browser) -> None:
    program.put("/path/in/a.txt")
    assert "a.txt" in alice.visit("/path/in/").text


# What is refused


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/path/", 409),
        ("/path/new/", 409),
        ("/path/there/", 409),
        ("/path/there", 409),
        ("/path/THERE", 409),
        ("/path/there/a.txt/b.txt", 422),
        ("/path/..", 422),
        ("/path/../a.txt", 422),
        ("/path/..%2f..%2fetc%2fpasswd", 422),
        ("/path/there/%2e%2e/a.txt", 422),
        ("/path/./a.txt", 422),
        ("/path/a%0aSet-Cookie:%20x=1.txt", 404),
    ],
)
def test_an_address_that_is_no_place_for_a_file(
    program: Program, address: str, status: int
) -> None:
    program.put("/path/there/a.txt")
    says(program.put(address, b"more"), status)


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("/path/%00a.txt", "a.txt"),
        ("/path/a%0dSet-Cookie:%20x=1.txt", "aSet-Cookie: x=1.txt"),
        ("/path/..%5c..%5ca.txt", "a.txt"),
        ("/path/.htaccess", "htaccess"),
        ("/path/%E2%80%AEgpj.exe", "gpj.exe"),
        ("/path/%ff%fe.txt", "\ufffd\ufffd.txt"),
        ("/path/" + "d/" * 32 + "a.txt", "d/" * 32 + "a.txt"),
        ("/path/" + "x" * 300 + ".txt", "x" * 251 + ".txt"),
        ("/path/e%CC%81.txt", "é.txt"),
    ],
)
def test_a_name_is_kept_as_every_name_is(program: Program, address: str, path: str) -> None:
    answer = program.put(address)
    assert (answer.status_code, answer.json["path"]) == (201, path)
    assert "x" not in answer.headers.get("Set-Cookie", "")
    assert program.bytes_of(answer.headers["Location"]) == b"content"
    assert program.put(address).status_code == 200, "and found again"


def test_what_is_too_deep_is_not_put_where_another_may_be(program: Program) -> None:
    says(program.put("/path/" + "d/" * 33 + "a.txt"), 422, "at most 32 folders deep")


def test_nothing_is_no_file(program: Program) -> None:
    says(program.put("/path/a.txt", b""), 422, "is empty")


def test_more_than_the_limit(start: Callable[..., Flask], token: Any, app: Flask) -> None:
    secret = token(scope="write")
    program = Program(start(MAX_FILE_SIZE=1_000, QUOTA=1_500).test_client(), secret)
    says(program.put("/path/a.txt", b"x" * 1_001), 413, "must be smaller than")
    assert program.put("/path/a.txt", b"x" * 1_000).status_code == 201
    says(program.put("/path/b.txt", b"x" * 501), 413, "No space is left")


def test_ten_gigabytes_that_are_only_announced(program: Program) -> None:
    """The length is believed before a byte is read."""
    answer = program.client.put(
        "/path/a.txt",
        headers={"Authorization": f"Bearer {program.secret}"},
        environ_overrides={"CONTENT_LENGTH": "10000000001", "wsgi.input": BytesIO(b"x")},
    )
    says(answer, 413)


def test_a_full_disk(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalStorage, "free", lambda self: 0)
    says(program.put("/path/a.txt"), 507)


def test_a_body_that_ends_early_leaves_nothing(program: Program, used: Callable[..., int]) -> None:
    answer = program.client.put(
        "/path/a.txt",
        headers={"Authorization": f"Bearer {program.secret}"},
        environ_overrides={"CONTENT_LENGTH": "100", "wsgi.input": BytesIO(b"only this")},
    )
    says(answer, 400, "Nothing was kept")
    assert program.ask("GET", "/path/a.txt").status_code == 404
    assert used("alice") == 0


@pytest.mark.parametrize("value", ["bytes 0-6/7", "bytes 0-0/1", "x"])
def test_a_part_can_not_be_put(program: Program, value: str) -> None:
    says(program.put("/path/a.txt", Content_Range=value), 400, "tus")


def test_an_encoded_body_is_not_the_file(program: Program) -> None:
    says(program.put("/path/a.txt", Content_Encoding="gzip"), 415)
    assert program.put("/path/a.txt", Content_Encoding="identity").status_code == 201


@pytest.mark.parametrize("header", ["Repr_Digest", "Content_Digest"])
def test_the_digest_is_checked(program: Program, header: str) -> None:
    right = base64.b64encode(hashlib.sha256(b"content").digest()).decode()
    wrong = base64.b64encode(hashlib.sha256(b"else").digest()).decode()
    says(program.put("/path/a.txt", **{header: f"sha-256=:{wrong}:"}), 400, "other bytes")
    assert program.ask("GET", "/path/a.txt").status_code == 404
    for said in (f"sha-256=:{right}:", f"md5=:AAAA:, sha-256=:{right}:", "sha-512=:AAAA:", "x"):
        assert program.put("/path/a.txt", **{header: said}).status_code in {200, 201}


# Preconditions


def test_none_may_be_there(program: Program) -> None:
    assert program.put("/path/a.txt", b"one", If_None_Match="*").status_code == 201
    says(program.put("/path/a.txt", b"two", If_None_Match="*"), 412)
    assert program.bytes_of("/path/a.txt") == b"one"


def test_only_the_version_that_was_seen_is_replaced(program: Program) -> None:
    says(program.put("/path/a.txt", b"one", If_Match="*"), 412)
    tag = program.put("/path/a.txt", b"one").headers["ETag"]
    assert tag == program.ask("HEAD", "/path/a.txt?download=1").headers["ETag"]
    assert program.put("/path/a.txt", b"two", If_Match=tag).status_code == 200
    says(program.put("/path/a.txt", b"three", If_Match=tag), 412, "changed meanwhile")
    says(program.ask("DELETE", "/path/a.txt", If_Match=tag), 412)
    assert program.bytes_of("/path/a.txt") == b"two"


def test_who_was_faster_while_the_bytes_came_is_not_overwritten(
    program: Program, app: Flask
) -> None:
    """The precondition held when the request began."""

    class Slow(BytesIO):
        def readinto(self, buffer: Any) -> int:
            if not self.tell():
                other = Program(app.test_client(), program.secret)
                assert other.put("/path/a.txt", b"faster").status_code == 201
            return super().readinto(buffer)

    answer = program.client.put(
        "/path/a.txt",
        headers={"Authorization": f"Bearer {program.secret}", "If-None-Match": "*"},
        input_stream=Slow(b"slower"),
        content_length=6,
    )
    says(answer, 412)
    assert program.bytes_of("/path/a.txt") == b"faster"


# Taking away


def test_a_deleted_file_goes_to_the_bin(program: Program, alice: Browser) -> None:
    program.put("/path/a.txt")
    answer = program.ask("DELETE", "/path/a.txt")
    assert (answer.status_code, answer.data) == (204, b"")
    says(program.ask("DELETE", "/path/a.txt"), 404)
    assert "a.txt" in alice.visit("/bin").text


def test_it_can_be_brought_back(program: Program) -> None:
    file = program.put("/path/a.txt").json
    program.ask("DELETE", "/path/a.txt")
    answer = program.ask("POST", f"/file/{file['id']}/change/undo")
    assert (answer.status_code, answer.json) == (200, file)
    assert program.bytes_of("/path/a.txt") == b"content"


@pytest.mark.parametrize("address", ["/path/in", "/path/in/"])
def test_a_folder_goes_with_all_that_is_in_it(program: Program, address: str) -> None:
    program.put("/path/in/deep/a.txt")
    assert program.ask("DELETE", address).status_code == 204
    assert program.ask("GET", "/path/in/deep/a.txt").status_code == 404
    says(program.ask("DELETE", address), 404)


def test_the_outermost_folder_stays(program: Program) -> None:
    program.put("/path/a.txt")
    says(program.ask("DELETE", "/path/"), 409)
    assert program.bytes_of("/path/a.txt") == b"content"


# Who may


def test_a_token_to_read_stores_nothing(app: Flask, token: Any, program: Program) -> None:
    program.put("/path/a.txt")
    reader = Program(app.test_client(), token(scope="read"))
    says(reader.put("/path/a.txt", b"other"), 403, "may only read")
    says(reader.ask("DELETE", "/path/a.txt"), 403, "may only read")
    assert reader.bytes_of("/path/a.txt") == b"content"


def test_each_program_sees_its_members_files(app: Flask, token: Any, program: Program) -> None:
    program.put("/path/a.txt")
    bobs = Program(app.test_client(), token("bob", "write"))
    says(bobs.ask("DELETE", "/path/a.txt"), 404)
    says(bobs.ask("GET", "/path/a.txt?download=1"), 404)
    assert bobs.put("/path/a.txt", b"bob's").status_code == 201
    assert program.bytes_of("/path/a.txt") == b"content"


def test_a_stranger_stores_nothing(carol: Browser) -> None:
    for method in ("PUT", "DELETE"):
        answer = carol.client.open("/path/a.txt", method=method, data=b"x")
        assert answer.status_code == 401


def test_a_cookie_alone_is_not_enough(alice: Browser) -> None:
    """No form sends PUT; but what holds for forms holds for it as well."""
    token = csrf_token(alice)
    assert alice.client.put("/path/a.txt", data=b"x").status_code == 400
    assert alice.client.put("/path/a.txt", data={"csrf_token": token}).status_code == 400
    headers = {"X-CSRFToken": token}
    assert alice.client.put("/path/a.txt", data=b"x", headers=headers).status_code == 201
    assert alice.client.delete("/path/a.txt").status_code == 400
    assert alice.client.delete("/path/a.txt", headers=headers).status_code == 204


@pytest.mark.parametrize("method", ["POST", "PATCH", "TRACE", "PROPFIND", "MKCOL"])
def test_other_methods_are_not_known_here(program: Program, method: str) -> None:
    program.put("/path/a.txt")
    answer = program.ask(method, "/path/a.txt", b"x")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}


@pytest.mark.parametrize("name", ["X_HTTP_Method_Override", "X_HTTP_Method", "X_Method_Override"])
def test_no_header_makes_another_method_of_one(program: Program, name: str) -> None:
    program.put("/path/a.txt")
    assert program.ask("GET", "/path/a.txt", **{name: "DELETE"}).status_code == 200
    assert program.ask("GET", "/path/a.txt?_method=DELETE").status_code == 200
    assert program.bytes_of("/path/a.txt") == b"content"


def test_refusals_are_said_in_the_members_language(program: Program, app: Flask) -> None:
    with app.app_context():
        alice = db.session.scalars(select(Member).where(Member.username == "alice")).one()
        alice.language = "zh"
        db.session.commit()
    answer = program.put("/path/a.txt", b"")
    assert answer.json["detail"] == "“a.txt”是空文件"


def test_the_file_row_is_the_members(program: Program, app: Flask) -> None:
    program.put("/path/a.txt")
    with app.app_context():
        file = db.session.scalars(select(File)).one()
        owner = db.session.get_one(Member, file.owner_id)
        assert owner.username == "alice"


def test_when_too_many_send_it_is_said_and_no_place_is_lost(program: Program) -> None:
    taken = [receive.UPLOADS.acquire(blocking=False) for _ in range(32)]
    try:
        answer = program.put("/path/a.txt")
        says(answer, 503)
    finally:
        for _ in filter(None, taken):
            receive.UPLOADS.release()
    for status in (201, 200, 422):
        assert program.put("/path/a.txt", b"" if status == 422 else b"x").status_code == status
    free = [receive.UPLOADS.acquire(blocking=False) for _ in range(33)]
    for _ in filter(None, free):
        receive.UPLOADS.release()
    assert free == [True] * 32 + [False]
