"""The bytes on the wire: keep-alive, pipelining, chunks, TLS, clients that stop or lie."""

import hashlib
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.resumable.tools import TUS, Server, chunk

pytestmark = pytest.mark.server
MIB = 1 << 20
Make = Callable[..., Server]


def chunked(*pieces: bytes) -> bytes:
    """RFC 9112 §7.1, with the last chunk."""
    return b"".join(f"{len(p):x}\r\n".encode() + p + b"\r\n" for p in [*pieces, b""])


def test_a_large_body_arrives_whole(server: Server) -> None:
    data = os.urandom(30 * MIB + 17)
    address = server.create(len(data))
    assert server.ask("PATCH", address, chunk(0), data).status == 204
    assert server.stored(address).read_bytes() == data
    assert server.ask("GET", address, {}).json["sha256"] == hashlib.sha256(data).hexdigest()


def test_a_kept_connection_serves_many_pieces(server: Server) -> None:
    address = server.create(300)
    with server.wire() as wire:
        for offset in (0, 100, 200):
            assert wire.ask("PATCH", address, chunk(offset), b"x" * 100).status == 204
        assert wire.ask("HEAD", address, TUS).headers["upload-offset"] == "300"


def test_pipelined_requests_are_told_apart(server: Server) -> None:
    address = server.create(8)
    with server.wire() as wire:
        wire.head("PATCH", address, chunk(0), 4)
        wire.send(b"abcd")
        wire.head("PATCH", address, chunk(4), 4)
        wire.send(b"efgh")
        wire.head("GET", address, {}, None)
        statuses = [wire.answer().status for _ in range(3)]
    assert statuses == [204, 204, 200]
    assert server.stored(address).read_bytes() == b"abcdefgh"


def test_a_head_and_a_body_in_one_segment(server: Server) -> None:
    address = server.create(5)
    lines = "\r\n".join(f"{name}: {value}" for name, value in chunk(0).items())
    with server.wire() as wire:
        start = f"PATCH {address} HTTP/1.1\r\nHost: t\r\n{lines}\r\nContent-Length: 5\r\n\r\nhello"
        wire.send(start.encode())
        assert wire.answer().status == 204


def test_expect_100_continue(server: Server) -> None:
    address = server.create(5)
    with server.wire() as wire:
        wire.head("PATCH", address, chunk(0, Expect="100-continue"), 5)
        wire.send(b"hello")
        answer = wire.answer()
    assert [one.status for one in answer.interim] == [100]
    assert answer.status == 204


def test_chunked_bodies(server: Server) -> None:
    data = [os.urandom(size) for size in (1, 70_000, 3 * MIB, 5)]
    address = server.create(sum(map(len, data)))
    with server.wire() as wire:
        wire.head("PATCH", address, chunk(0, Transfer_Encoding="chunked"), None)
        wire.send(chunked(*data))
        assert wire.answer().status == 204
        assert wire.ask("HEAD", address, TUS).status == 200
    assert server.stored(address).read_bytes() == b"".join(data)


def test_a_checksum_may_come_as_a_trailer(server: Server) -> None:
    address = server.create(5)
    headers = chunk(0, Transfer_Encoding="chunked", Trailer="Upload-Checksum")
    for trailer, status in (
        (b"sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=", 460),
        (b"sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=", 204),
    ):
        with server.wire() as wire:
            wire.head("PATCH", address, headers, None)
            wire.send(chunked(b"hello")[:-2] + b"Upload-Checksum: " + trailer + b"\r\n\r\n")
            assert wire.answer().status == status


def test_more_chunks_than_declared_are_refused(server: Server) -> None:
    address = server.create(10)
    with server.wire() as wire:
        wire.head("PATCH", address, chunk(0, Transfer_Encoding="chunked"), None)
        wire.send(chunked(b"x" * 8, b"y" * 8))
        assert wire.answer().status == 413
    assert server.offset(address) == 0


def test_a_client_that_goes_away_loses_nothing_that_arrived(server: Server) -> None:
    data = os.urandom(12 * MIB)
    address = server.create(len(data))
    with server.wire() as wire:
        wire.head("PATCH", address, chunk(0), len(data))
        wire.send(data[: 9 * MIB])
    time.sleep(1)
    offset = server.offset(address)
    assert offset > 0
    assert server.ask("PATCH", address, chunk(offset), data[offset:]).status == 204
    assert server.stored(address).read_bytes() == data


def test_a_chunked_client_that_goes_away(server: Server) -> None:
    address = server.create(20)
    with server.wire() as wire:
        wire.head("PATCH", address, chunk(0, Transfer_Encoding="chunked"), None)
        wire.send(b"8\r\nabcdefgh\r\n8\r\nab")
    time.sleep(0.5)
    assert server.offset(address) == 10


def test_tls(tmp_path: Path, make_server: Make) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*command, *names], check=True, capture_output=True)
    server = Server(tmp_path)
    server.tls = True
    server.options += ["--keyfile", str(key), "--certfile", str(cert)]
    try:
        server.start()
        data = os.urandom(5 * MIB)
        address = server.create(len(data))
        with server.wire() as stuck:
            stuck.head("PATCH", address, chunk(0), len(data))
            stuck.send(data[:MIB])
            time.sleep(0.5)
            assert server.offset(address) == MIB
        assert server.ask("PATCH", address, chunk(MIB), data[MIB:]).status == 204
        assert server.stored(address).read_bytes() == data
    finally:
        server.stop()


def test_104_tells_the_address_before_the_body_is_read(server: Server) -> None:
    with server.wire() as wire:
        wire.head("POST", "/uploads/", {"Upload-Complete": "?1"}, 100)
        wire.send(b"half of it")
        early = wire._head()
        assert early.status == 104
    address = early.headers["location"]
    time.sleep(0.5)
    assert server.offset(address) == 10
    headers = {
        "Upload-Complete": "?1",
        "Upload-Offset": "10",
        "Content-Type": "application/partial-upload",
    }
    answer = server.ask("PATCH", address, headers, b"x" * 90)
    assert answer.headers["upload-complete"] == "?1"


@pytest.mark.parametrize("sign", [{"X-Forwarded-For": "192.0.2.1"}, {"Connection": "close"}])
def test_104_is_not_sent_through_proxies_that_do_not_understand_it(
    server: Server, sign: dict[str, str]
) -> None:
    answer = server.ask("POST", "/uploads/", {"Upload-Complete": "?1", **sign}, b"hello")
    assert (answer.status, answer.interim) == (201, [])


def test_other_code_may_read_the_same_stream(server: Server) -> None:
    with server.wire() as wire:
        assert wire.ask("POST", "/count", {}, bytes(3 * MIB)).json == 3 * MIB
        form = b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n'
        form += bytes(MIB) + b"\r\n--x--\r\n"
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        assert wire.ask("POST", "/form", kind, form).json == {"a": MIB}
        assert wire.ask("GET", "/pid", {}).status == 200


def test_memory_stays_flat(server: Server) -> None:
    def peak() -> int:
        pids = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
        texts = [Path(f"/proc/{pid}/status").read_text() for pid in pids.split()]
        return max(int(text.split("VmHWM:")[1].split()[0]) for text in texts)

    server.ask("PATCH", server.create(MIB), chunk(0), bytes(MIB))
    before = peak()
    address = server.create(200 * MIB)
    with server.wire() as wire:
        wire.head("PATCH", address, chunk(0), 200 * MIB)
        for _ in range(200):
            wire.send(bytes(MIB))
        assert wire.answer().status == 204
    assert peak() - before <= 8 * 1024
