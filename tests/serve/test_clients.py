"""Clients that others wrote, at the whole site, by log-in or token: tuspy, tus-js-client, curl.

tests/resumable/test_clients.py has more of what they can do, at the extension alone.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.files.tus import TUS
from tests.resumable.test_clients import tus_js
from tests.serve.conftest import Server, Visitor

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
MB = 1_000_000
MIB = 1 << 20


@pytest.fixture(scope="module")
def server(make_site: Callable[..., Server]) -> Server:
    """With room for what they bring."""
    return make_site(MAX_FILE_SIZE=200 * MB, QUOTA=1000 * MB)


@pytest.fixture(scope="module")
def bearer(server: Server) -> str:
    visitor = Visitor(server.port)
    visitor.log_in()
    return f"Bearer {visitor.make_token()}"


@pytest.fixture
def data() -> bytes:
    return random.Random(3).randbytes(12 * MB)


@pytest.fixture
def file(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "film.bin"
    path.write_bytes(data)
    return path


def test_tuspy_is_interrupted_and_resumes_with_checksums(
    server: Server, alice: Visitor, file: Path, data: bytes
) -> None:
    client = pytest.importorskip("tusclient.client", reason="tuspy is not installed")
    headers = {"X-CSRFToken": alice.token(), **alice.cookie}
    tus = client.TusClient(f"http://127.0.0.1:{server.port}/uploads/", headers)
    with file.open("rb") as stream:
        names = {"filename": "film.bin"}
        first = tus.uploader(
            file_stream=stream, chunk_size=2 * MB, metadata=names, upload_checksum=True
        )
        first.upload(stop_at=6 * MB)
        assert "film.bin" in alice.ask("GET", "/upload").html.section.get_text()
        stranger = client.TusClient(f"http://127.0.0.1:{server.port}/uploads/")
        second = stranger.uploader(
            file_stream=stream, url=first.url, chunk_size=3 * MB, upload_checksum=True
        )
        assert second.offset == 6 * MB
        second.upload()
    assert alice.ask("GET", "/path/film.bin?download=1").body == data


@pytest.mark.parametrize("scenario", ["chunks", "parallel", "resume", "ietf"])
def test_tus_js_client(
    server: Server, alice: Visitor, bearer: str, file: Path, data: bytes, scenario: str
) -> None:
    tus_js(server.port, scenario, file, Authorization=bearer)
    assert alice.ask("GET", f"/path/{scenario}.bin?download=1").body == data


def test_tus_js_client_streams_fifty_mib_of_unknown_length(
    server: Server, alice: Visitor, bearer: str, tmp_path: Path
) -> None:
    data = random.Random(50).randbytes(50 * MIB + 7)
    (tmp_path / "long.bin").write_bytes(data)
    tus_js(server.port, "deferred", tmp_path / "long.bin", Authorization=bearer)
    assert alice.ask("GET", "/path/deferred.bin?download=1").body == data


def test_tus_js_client_terminates(server: Server, alice: Visitor, bearer: str, file: Path) -> None:
    parts = urlsplit(tus_js(server.port, "terminate", file, Authorization=bearer))
    assert alice.ask("HEAD", f"{parts.path}?{parts.query}", **TUS).status == 404
    assert alice.ask("GET", "/path/terminate.bin").status == 404
    assert "terminate.bin" not in alice.ask("GET", "/upload").html.get_text()


def test_curl_stores_and_fetches(
    server: Server, bearer: str, file: Path, data: bytes, tmp_path: Path
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    url = f"http://127.0.0.1:{server.port}/path/reports/film.bin"
    curl = ["curl", "-fsS", "-H", f"Authorization: {bearer}"]
    subprocess.run([*curl, "-T", str(file), url], check=True, capture_output=True)
    back = tmp_path / "back.bin"
    subprocess.run([*curl, "-o", str(back), f"{url}?download=1"], check=True)
    assert back.read_bytes() == data
