"""Forms with files in, whole and broken, as they come in through the test client."""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import io
import itertools
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from flask import Flask, jsonify
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, run_wsgi_app

from frontdesk.files import multipart
from frontdesk.files.receive import Request
from frontdesk.storage import LocalStorage, staged

_spec = importlib.util.spec_from_file_location("receiver", Path(__file__).with_name("receiver.py"))
assert _spec and _spec.loader
receiver = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(receiver)

FIELD = 'Content-Disposition: form-data; name="%s"\r\n\r\n%s'
HEAD = 'Content-Disposition: form-data; name="the_file"; filename="%s"\r\n\r\n'


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


@pytest.fixture
def client(storage: LocalStorage) -> FlaskClient:
    return receiver.create_app(storage).test_client()


def left(storage: LocalStorage) -> list[Path]:
    return [path for path in storage.folder.rglob("*") if path.is_file()]


def body(*pieces: str | bytes) -> bytes:
    """Pieces of a multipart body; its boundary is B."""
    return b"".join(piece if isinstance(piece, bytes) else piece.encode() for piece in pieces)


class Answer(NamedTuple):
    status_code: int
    json: Any


def send(
    client: FlaskClient, data: bytes, url: str = "/up", length: int | None = None, **more: Any
) -> Answer:
    """Post ``data`` as a form whose boundary is B; ``length`` is what the header claims."""
    kind = more.pop("content_type", "multipart/form-data; boundary=B")
    builder = EnvironBuilder(url, method="POST", input_stream=io.BytesIO(data), content_type=kind)
    environ = builder.get_environ()
    environ["CONTENT_LENGTH"] = str(len(data) if length is None else length)
    environ.update(more)
    answer, status, headers = run_wsgi_app(client.application, environ, buffered=True)
    is_json = headers["Content-Type"] == "application/json"
    return Answer(int(status[:3]), json.loads(b"".join(answer)) if is_json else None)


def upload(client: FlaskClient, *files: tuple[bytes, str], url: str = "/up", **fields: str) -> Any:
    data = b"".join(body("--B\r\n", FIELD % pair, "\r\n") for pair in fields.items())
    data += b"".join(body("--B\r\n", HEAD % name, bytes_, "\r\n") for bytes_, name in files)
    answer = send(client, data + b"--B--\r\n", url)
    assert answer.status_code == 200
    return answer.json


def test_files_arrive_as_they_were(client: FlaskClient, storage: LocalStorage) -> None:
    big, small = os.urandom(3_000_000), b"-B\r\n\r\n--"
    answer = upload(client, (big, "big.bin"), (small, "报告.pdf"), url="/up?keep=1", folder="a/b")
    assert answer["form"] == {"folder": "a/b"}
    assert not answer["cut_off"]
    assert [file["name"] for file in answer["files"]] == ["big.bin", "报告.pdf"]
    for file, data in zip(answer["files"], (big, small), strict=True):
        assert file["sha256"] == hashlib.sha256(data).hexdigest()
        assert (file["size"], file["refused"]) == (len(data), None)
        assert file["head"] == data[:10].decode("latin-1")
        assert storage.path(UUID(file["id"])).read_bytes() == data


def test_what_nobody_keeps_is_gone(client: FlaskClient, storage: LocalStorage) -> None:
    assert upload(client, (b"data", "a"), (b"more", "b"))["files"][0]["size"] == 4
    assert left(storage) == []


def test_a_file_may_be_empty(client: FlaskClient) -> None:
    (file,) = upload(client, (b"", "empty.txt"))["files"]
    assert (file["size"], file["sha256"]) == (0, hashlib.sha256(b"").hexdigest())


def test_an_input_in_which_no_file_was_chosen_is_none(client: FlaskClient) -> None:
    data = body("--B\r\n", HEAD % "", "\r\n--B\r\n", HEAD % "a", "x\r\n--B--\r\n")
    assert [file["name"] for file in send(client, data).json["files"]] == ["a"]


def test_a_file_over_the_limit_is_refused_and_the_others_go_on(
    client: FlaskClient, storage: LocalStorage
) -> None:
    files = [(b"a" * 1000, "fits"), (b"b" * 2_000_000, "long"), (b"c" * 1001, "over"), (b"", "e")]
    answer = upload(client, *files, url="/up?most=1000&keep=1")
    assert [file["refused"] for file in answer["files"]] == [None, "too_large", "too_large", None]
    assert [file["size"] for file in answer["files"]] == [1000, 0, 0, 0]
    assert len(left(storage)) == 2


def test_the_files_of_a_request_share_its_budget(client: FlaskClient) -> None:
    files = [(b"a" * 600, "a"), (b"b" * 600, "b"), (b"c" * 400, "c"), (b"d", "d")]
    answer = upload(client, *files, url="/up?budget=1000")
    assert [file["refused"] for file in answer["files"]] == [None, "no_space", None, "no_space"]


def test_a_refused_file_gives_its_part_of_the_budget_back(client: FlaskClient) -> None:
    files = [(os.urandom(1_500_000), "over"), (b"b" * 900_000, "fits")]
    answer = upload(client, *files, url="/up?budget=1500000&most=1000000")
    assert [file["refused"] for file in answer["files"]] == ["too_large", None]


def test_the_disk_is_never_filled(
    client: FlaskClient, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalStorage, "free", lambda self: 5000)
    files = [(b"a" * 900, "a"), (b"b" * 1001, "b")]
    answer = upload(client, *files, url="/up?min_free=4000")
    assert [file["refused"] for file in answer["files"]] == [None, "disk_full"]


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_refuses_the_file_and_frees_what_it_took(
    client: FlaskClient, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    real = os.pwrite

    def full(file: int, data: memoryview, at: int) -> int:
        if at + len(data) > 1_000_000:
            raise OSError(error, os.strerror(error))
        return real(file, data, at)

    monkeypatch.setattr(os, "pwrite", full)
    answer = upload(client, (bytes(2_000_000), "big"), (b"x", "small"), url="/up?keep=1")
    assert [file["refused"] for file in answer["files"]] == ["disk_full", None]
    assert [path.stat().st_size for path in left(storage)] == [1]


def test_a_broken_disk_is_no_refusal(
    client: FlaskClient, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise OSError(errno.EIO, "injected")

    monkeypatch.setattr(os, "pwrite", broken)
    client.application.testing = True
    with pytest.raises(OSError, match="injected"):
        upload(client, (b"data", "a"))
    assert left(storage) == []


@pytest.mark.parametrize("where", ["length", "chunked"])
@pytest.mark.parametrize("after", ["", "x" * 10, "x" * 2_000_000, "\r\n", "\r\n-", "\r\n--"])
def test_of_a_form_that_broke_off_the_complete_files_stay(
    client: FlaskClient, storage: LocalStorage, where: str, after: str
) -> None:
    data = body("--B\r\n", HEAD % "whole", "abc\r\n--B\r\n", HEAD % "half", after)
    more = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    kind = {"length": len(data) + 100} if where == "length" else more
    answer = send(client, data, "/up?keep=1", **kind)
    assert answer.json["cut_off"]
    assert [(file["name"], file["size"]) for file in answer.json["files"]] == [("whole", 3)]
    assert len(left(storage)) == 1


@given(st.integers(0, 400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_it_may_break_off_anywhere(client: FlaskClient, storage: LocalStorage, at: int) -> None:
    field = 'Content-Disposition: form-data; name="folder"\r\n\r\nreports\r\n'
    data = body(
        "--B\r\n",
        field,
        "--B\r\n",
        HEAD % "a",
        "a" * 50,
        "\r\n--B\r\n",
        HEAD % "b",
        "b\r\n--B--\r\n",
    )
    answer = send(client, data[:at], length=len(data))
    assert answer.status_code == 200
    ended = b"--B--" in data[:at]
    assert answer.json["cut_off"] is not ended
    assert [file["size"] for file in answer.json["files"]] == [50, 1][: len(answer.json["files"])]
    assert len(answer.json["files"]) == 2 or not ended
    assert left(storage) == []


def test_a_reset_connection_is_a_form_that_broke_off(client: FlaskClient) -> None:
    class Reset(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            if not data:
                raise ConnectionResetError
            return data

        readinto = None  # type: ignore[assignment]

    data = body("--B\r\n", HEAD % "whole", "abc\r\n--B\r\n", HEAD % "half", "x")
    more = {"wsgi.input": Reset(data), "wsgi.input_terminated": True}
    answer = send(client, data, length=len(data) + 9, **more)
    assert answer.json["cut_off"] and len(answer.json["files"]) == 1


@pytest.mark.parametrize("block", [1, 2, 3, 7, 64, 1000])
@pytest.mark.parametrize("chunk", [b"\r\n--B", b"--B--\r", b"\r", b"\n", b"\r\n", b"-", b"\r\n--"])
def test_where_the_blocks_end_makes_no_difference(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, block: int, chunk: bytes
) -> None:
    monkeypatch.setattr(multipart, "BLOCK", block)
    content = (chunk + b"x") * 60 + chunk
    boundary = "A-LONGER-BOUNDARY" if b"--B" in chunk else "B"
    data = body(f"--{boundary}\r\n", HEAD % "a", content, f"\r\n--{boundary}--\r\n")
    kind = f"multipart/form-data; boundary={boundary}"
    (file,) = send(client, data, content_type=kind).json["files"]
    assert file["sha256"] == hashlib.sha256(content).hexdigest()


def test_blocks_are_not_written_over_while_they_are_hashed(
    client: FlaskClient, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two blocks take turns, and a thread hashes what came before; here it is often late."""
    late = itertools.cycle((0.05, 0, 0))

    class Late(ThreadPoolExecutor):
        def submit(self, work: Any, *args: Any) -> Any:  # type: ignore[override]
            return super().submit(lambda: (time.sleep(next(late)), work(*args))[1])

    monkeypatch.setattr(multipart, "BLOCK", 10_000)
    monkeypatch.setattr(staged, "ON_A_THREAD", 0)
    monkeypatch.setattr(staged, "_hashers", Late(4))
    sizes = (0, 1, 9_900, 25_000, 10_000, 31_111, 20_000)
    files = [(os.urandom(size), f"{size}.bin") for size in sizes]
    said = upload(client, *files, url="/up?keep=1")["files"]
    assert [one["sha256"] for one in said] == [
        hashlib.sha256(data).hexdigest() for data, _ in files
    ]


@given(
    st.lists(st.sampled_from([b"\r", b"\n", b"-", b"B", b"--B", b"\r\n", b"x" * 90]), max_size=40)
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_content_without_the_boundary_survives(
    client: FlaskClient, pieces: list[bytes]
) -> None:
    content = b"".join(pieces)
    for mark in (b"\n--B", b"\r--B"):
        content = content.replace(mark, b"")
    if content.startswith(b"--B") or b"\n--B" in content or b"\r--B" in content:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multipart, "BLOCK", 16)
        data = body("--B\r\n", HEAD % "a", content, "\r\n--B--\r\n")
        (file,) = send(client, data).json["files"]
    assert file["sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"x" * 100, "multipart/form-data"),
        (b"x" * 100, "multipart/form-data; boundary="),
        (b"x" * 100, "multipart/form-data; boundary=" + "b" * 300),
        (b"x" * 100, "multipart/form-data; boundary=B"),
        (b"x" * 3_000_000, "multipart/form-data; boundary=B"),
        (b"--Bx" * 1_000_000, "multipart/form-data; boundary=B"),
        (b"--B\r\nA: " + b"x" * 3_000_000, "multipart/form-data; boundary=B"),
        (b"--B\r\n" + b"A: x\r\n" * 500_000, "multipart/form-data; boundary=B"),
        (b"--B\r\nA: x\r\n\r\nno disposition\r\n--B--\r\n", "multipart/form-data; boundary=B"),
        (b"--B\r\n\xff\xfe: x\r\n\r\nx\r\n--B--\r\n", "multipart/form-data; boundary=B"),
        (b"--B\r\n\r\n\r\n--B--\r\n", "multipart/form-data; boundary=B"),
    ],
)
def test_what_is_no_form_is_a_clean_400(
    client: FlaskClient, storage: LocalStorage, data: bytes, kind: str
) -> None:
    assert send(client, data, content_type=kind).status_code == 400
    assert left(storage) == []


def test_headers_of_a_part_may_be_long_but_not_endless(client: FlaskClient) -> None:
    long = "报" * 250 + ".pdf"
    assert upload(client, (b"x", long))["files"][0]["name"] == long
    data = body("--B\r\n", HEAD % ("x" * 9000), "abc\r\n--B--\r\n", "x" * 9000)
    assert send(client, data).status_code == 400


def test_too_many_parts_are_413_and_leave_nothing(
    client: FlaskClient, storage: LocalStorage
) -> None:
    part = body("--B\r\n", HEAD % "a", "x\r\n")
    assert len(send(client, part * 1000 + b"--B--\r\n").json["files"]) == 1000
    assert send(client, part * 1001 + b"--B--\r\n", "/up?keep=1").status_code == 413
    assert left(storage) == []


def test_too_much_text_is_413_in_one_field_or_in_many(client: FlaskClient) -> None:
    field = 'Content-Disposition: form-data; name="a"\r\n\r\n'
    one = body("--B\r\n", field, "x" * 499_000, "\r\n--B--\r\n")
    assert send(client, one).status_code == 200
    assert send(client, one.replace(b"x\r\n", b"x" * 2000 + b"\r\n")).status_code == 413
    many = body("--B\r\n", field, "x" * 9_000, "\r\n") * 60 + b"--B--\r\n"
    assert send(client, many).status_code == 413


def test_a_plain_form_is_read_too_but_not_a_huge_one(client: FlaskClient) -> None:
    kind = "application/x-www-form-urlencoded"
    assert send(client, b"a=b&c=d", content_type=kind).json["form"] == {"a": "b", "c": "d"}
    assert send(client, b"a=" + b"b" * 600_000, content_type=kind).status_code == 413


def test_what_follows_the_form_is_dropped(client: FlaskClient) -> None:
    data = body("preamble\r\n--B\r\n", HEAD % "a", "x\r\n--B--\r\n", b"z" * 5_000_000)
    answer = send(client, data).json
    assert len(answer["files"]) == 1 and not answer["cut_off"]


def test_an_empty_body_is_an_empty_form(client: FlaskClient) -> None:
    for nothing in (b"", b"--B--\r\n"):
        said = send(client, nothing).json
        assert (said["files"], said["form"], said["cut_off"]) == ([], {}, False)


def test_other_pages_read_forms_as_flask_does(client: FlaskClient, storage: LocalStorage) -> None:
    files = {"a": "b", "the_file": (io.BytesIO(b"x"), "x.txt")}
    assert client.post("/plain", data=files).json == {"form": {"a": "b"}, "files": ["the_file"]}
    assert client.post("/plain", data={"a": "b" * 2000}).status_code == 413
    assert left(storage) == []


def test_asking_too_late_is_an_error_of_ours(storage: LocalStorage) -> None:
    app = Flask(__name__)
    app.request_class = Request
    with app.test_request_context(method="POST", data={"a": "b"}) as context:
        assert context.request.form["a"] == "b"
        with pytest.raises(RuntimeError, match="before"):
            context.request.receive_into(storage, 1, 1, 1)


def test_when_the_page_fails_nothing_stays(storage: LocalStorage) -> None:
    app = Flask(__name__)
    app.request_class = Request

    @app.post("/")
    def fail() -> str:
        from flask import request

        request.receive_into(storage, 10**9, 10**9, 0)
        assert request.files
        raise ZeroDivisionError

    app.register_error_handler(ZeroDivisionError, lambda error: (jsonify(), 500))
    upload = {"the_file": (io.BytesIO(b"x" * 10_000), "x")}
    assert app.test_client().post("/", data=upload).status_code == 500
    assert left(storage) == []


def test_an_early_answer_drains_what_it_does_not_read(client: FlaskClient) -> None:
    for length, most, whole in [(0, 10, True), (5_000_000, 10**9, True), (5_000_000, 10**6, False)]:
        answer = send(client, bytes(length), f"/early?most={most}")
        assert (answer.status_code, answer.json) == (413, {"whole": whole})
    assert send(client, b"cut", "/early", length=10).json == {"whole": False}
