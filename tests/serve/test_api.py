"""docs/api.md - each example does what it says: by curl and tuspy, at the real server."""

from __future__ import annotations

import http.client
import json
import random
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.serve.conftest import ROOT, Server, Visitor, add_member, start
from tests.serve.test_upload import settled

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
RUN = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}
MB = 1_000_000


class Example(NamedTuple):
    kind: str
    code: str
    said: str
    """What stands below it, if anything."""


def examples() -> list[Example]:
    blocks = BLOCK.findall((ROOT / "docs/api.md").read_text())
    after = [*blocks[1:], ("", "")]
    return [
        Example(kind, code, said if what in {"json", "text"} else "")
        for (kind, code), (what, said) in zip(blocks, after, strict=True)
        if kind in RUN
    ]


def same(found: Any, said: Any) -> bool:
    """Whether they are; "…" stands for anything."""
    if isinstance(said, dict):
        alike = isinstance(found, dict) and found.keys() == said.keys()
        return alike and all(same(found[name], said[name]) for name in said)
    if isinstance(said, list):
        return len(found) == len(said) and all(map(same, found, said))
    if isinstance(said, str):
        return bool(re.fullmatch(re.escape(said).replace("…", ".*"), str(found)))
    return bool(found == said)


def create_token(visitor: Visitor, scope: str = "write") -> str:
    page = visitor.submit("/profile/tokens", "token", name="curl", scope=scope, days="7")
    return str(page.html.select_one("input#secret")["value"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A site of its own, for it lists what is there."""
    folder = tmp_path_factory.mktemp("api")
    add_member(folder)
    server = start(folder, MAX_FILE_SIZE=40 * MB)
    yield server
    server.stop()


@pytest.fixture
def visitor(site: Server) -> Visitor:
    visitor = Visitor(site.port)
    visitor.log_in()
    return visitor


@pytest.mark.skipif(
    not shutil.which("curl") or find_spec("tusclient") is None, reason="no curl, or no tuspy"
)
def test_each_example_does_what_it_says(site: Server, visitor: Visitor, tmp_path: Path) -> None:
    secret = create_token(visitor)
    (tmp_path / "token.txt").write_text(f"Authorization: Bearer {secret}\n")
    asked = {"SITE": f"http://127.0.0.1:{site.port}", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    ran = examples()
    for kind, code, said in ran:
        done = subprocess.run(
            [*RUN[kind], code], cwd=tmp_path, env=asked, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{code}\n{done.stdout}{done.stderr}"
        if said.startswith(("{", "[")):
            assert same(json.loads(done.stdout), json.loads(said)), f"{code}\n{done.stdout}"
        elif said:
            assert done.stdout == said, code
    assert len(ran) > 15
    found = Visitor(site.port).ask("GET", "/path/films/", Authorization=f"Bearer {secret}")
    assert [file["name"] for file in json.loads(found.body)["files"]] == ["film.mp4"]
    assert secret[3:] not in site.said + (site.folder / "stderr").read_text()


@pytest.fixture
def send(site: Server, visitor: Visitor) -> Callable[..., tuple[int, Any]]:
    """Puts a body, and gives the status and what was said."""
    secret = create_token(visitor)

    def send(address: str, body: Any, *, cut: bool = False, **headers: str) -> tuple[int, Any]:
        line = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
        line.putrequest("PUT", address)
        line.putheader("Authorization", f"Bearer {secret}")
        for name, value in headers.items():
            line.putheader(name.replace("_", "-"), value)
        line.endheaders()
        for piece in body:
            line.send(piece)
        if cut:
            line.sock.shutdown(1)
        answer = line.getresponse()
        said = json.loads(answer.read())
        line.close()
        return answer.status, said

    return send


def chunks(data: bytes, size: int = 300_000) -> list[bytes]:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces] + [b"0\r\n\r\n"]


def test_what_comes_without_a_length_is_kept_as_it_was(
    send: Callable[..., tuple[int, Any]], visitor: Visitor
) -> None:
    data = random.Random(4).randbytes(7 * MB + 1)
    status, said = send("/path/chunked.bin", chunks(data), Transfer_Encoding="chunked")
    assert (status, said["size"]) == (201, len(data))
    assert visitor.ask("GET", "/path/chunked.bin?download=1").body == data


@pytest.mark.parametrize(
    "headers", [{"Content_Length": "5000000"}, {"Transfer_Encoding": "chunked"}]
)
def test_what_is_cut_off_leaves_nothing(
    site: Server, send: Callable[..., tuple[int, Any]], headers: dict[str, str]
) -> None:
    blobs = len(site.blobs)
    body = chunks(bytes(2 * MB))[:-1] if "Transfer_Encoding" in headers else [bytes(2 * MB)]
    status, _said = send("/path/cut.bin", body, cut=True, **headers)
    assert status == 400
    assert settled(site, blobs)


@pytest.mark.parametrize("chunked", [False, True])
def test_too_large_a_file_gets_its_answer_while_it_is_sent(
    site: Server, send: Callable[..., tuple[int, Any]], chunked: bool
) -> None:
    blobs, data = len(site.blobs), bytes(50 * MB)
    how = {"Transfer_Encoding": "chunked"} if chunked else {"Content_Length": str(len(data))}
    status, said = send("/path/large.bin", chunks(data) if chunked else [data], **how)
    assert (status, said["status"]) == (413, 413)
    assert settled(site, blobs)


@pytest.mark.parametrize(
    "lengths",
    ["Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5\r\nTransfer-Encoding: chunked",
     "Content-Length: -5", "Content-Length: 5, 6", "Transfer-Encoding: chunked, identity"],
)  # fmt: skip
def test_two_meanings_of_a_body_are_none(site: Server, visitor: Visitor, lengths: str) -> None:
    head = f"PUT /path/two.bin HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {create_token(visitor)}"
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as line:
        line.sendall(f"{head}\r\n{lengths}\r\n\r\n5\r\nhello\r\n0\r\n\r\n".encode())
        status = int(line.makefile("rb").readline().split()[1])
    assert status in {400, 501}
    assert visitor.ask("GET", "/path/two.bin").status == 404
