"""Clients that others wrote: tuspy, tus-js-client under node, curl."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.resumable.tools import ROOT, TUS, Server

pytestmark = pytest.mark.server
MIB = 1 << 20
PLACES = (
    os.environ.get("TUS_JS_CLIENT", ""),
    str(ROOT / "tests" / "resumable" / "node_modules" / "tus-js-client"),
    str(ROOT / "tests" / "chromium" / "node_modules" / "tus-js-client"),
)


def size(file: Path, mib: int) -> Path:
    with file.open("wb") as out:
        for _ in range(mib):
            out.write(os.urandom(MIB))
        out.write(b"the end")
    return file


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return size(tmp_path_factory.mktemp("data") / "data.bin", 12)


def stored(server: Server, url: str) -> bytes:
    parts = urlsplit(url)
    return server.stored(f"{parts.path}?{parts.query}").read_bytes()


def tus_js(port: int, scenario: str, file: Path, **headers: str) -> str:
    """Let tus-js-client act out one of the scenarios in tus_client.cjs; the upload's address."""
    package = next((place for place in PLACES if place and Path(place).is_dir()), None)
    if shutil.which("node") is None or package is None:
        pytest.skip("node with tus-js-client is not installed")
    script = str(Path(__file__).with_name("tus_client.cjs"))
    done = subprocess.run(
        ["node", script, scenario, f"http://127.0.0.1:{port}/uploads/", str(file)],
        env={**os.environ, "TUS_JS_CLIENT": package, "TUS_HEADERS": json.dumps(headers)},
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class TestTuspy:
    @pytest.fixture
    def client(self, server: Server) -> Any:
        tusclient = pytest.importorskip("tusclient.client", reason="tuspy is not installed")
        return tusclient.TusClient(f"http://127.0.0.1:{server.port}/uploads/")

    def test_it_uploads_with_checksums(self, server: Server, client: Any, file: Path) -> None:
        with file.open("rb") as stream:
            uploader = client.uploader(file_stream=stream, chunk_size=5 * MIB, upload_checksum=True)
            uploader.upload()
        assert stored(server, uploader.url) == file.read_bytes()

    def test_it_resumes(self, server: Server, client: Any, file: Path) -> None:
        with file.open("rb") as stream:
            first = client.uploader(file_stream=stream, chunk_size=2 * MIB)
            first.upload(stop_at=6 * MIB)
            second = client.uploader(file_stream=stream, url=first.url, chunk_size=3 * MIB)
            assert second.offset == 6 * MIB
            second.upload()
        assert stored(server, first.url) == file.read_bytes()


class TestTusJs:
    @pytest.fixture
    def run(self, server: Server) -> Any:
        return lambda scenario, file: tus_js(server.port, scenario, file)

    @pytest.mark.parametrize(
        "scenario", ["chunks", "creation", "override", "ietf", "resume", "parallel"]
    )
    def test_every_way_gives_the_same_bytes(
        self, server: Server, run: Any, file: Path, scenario: str
    ) -> None:
        assert stored(server, run(scenario, file)) == file.read_bytes()

    @pytest.mark.parametrize("scenario", ["whole", "deferred"])
    def test_fifty_mib(self, server: Server, run: Any, tmp_path: Path, scenario: str) -> None:
        file = size(tmp_path / "large.bin", 50)
        assert stored(server, run(scenario, file)) == file.read_bytes()

    def test_it_terminates(self, server: Server, run: Any, file: Path) -> None:
        parts = urlsplit(run("terminate", file))
        assert server.ask("HEAD", f"{parts.path}?{parts.query}", TUS).status == 404


def test_curl(server: Server, file: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    url = f"http://127.0.0.1:{server.port}/uploads/"
    command = ["curl", "-sS", "-D", "-", "-X", "POST", "-H", "Upload-Complete: ?1"]
    command += ["-o", os.devnull, "--data-binary", f"@{file}", url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    final = done.stdout.rpartition("HTTP/1.1 ")[2]
    assert final.startswith("201"), done.stdout
    address = next(line[10:] for line in final.splitlines() if line.startswith("Location: "))
    assert server.stored(address).read_bytes() == file.read_bytes()
