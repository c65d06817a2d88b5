"""flask check, as an owner types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from tests.check.conftest import Sites
from tests.check.fronts import HOST, Block, start_nginx
from tests.serve.conftest import ROOT, environment

pytestmark = pytest.mark.server


def check(sites: Sites, *words: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """Types it, on the site's own machine, while a worker does its jobs."""
    own = environment(sites.folder, **settings)
    typed = [sys.executable, "-m", "flask", "--app", "site/frontdesk", "check", *words]
    return subprocess.run(
        typed, cwd=ROOT, env=own | {"SSL_CERT_FILE": os.environ["SSL_CERT_FILE"]},
        capture_output=True, text=True,
    )  # fmt: skip


def test_it_tells_people_and_programs(sites: Sites, until_end) -> None:  # type: ignore[no-untyped-def]
    block = Block(sites.port("embedded"), {"size": "client_max_body_size 1m;"})
    until_end(start_nginx(sites.folder / "command", [block.text(sites.folder)]))
    url = f"https://{HOST}:{block.port}"
    words = ("--connect", "127.0.0.1", "--http-port", "0")
    done = check(sites, *words, PUBLIC_URL=url)
    assert done.returncode == 1, done.stderr
    assert f"{url}: " in done.stdout and "WRONG    A piece of an upload" in done.stdout
    assert "client_max_body_size 33m;" in done.stdout and "nginx.conf:" in done.stdout
    assert "Traceback" not in done.stderr

    told = json.loads(check(sites, *words, "--json", "--url", url).stdout)
    found = {one["id"]: one for one in told["findings"]}
    assert (told["clean"], told["url"]) == (False, url)
    assert found["body.chunk"]["line"] == "client_max_body_size 33m;"
    assert found["inside.job"]["level"] == found["inside.storage"]["level"] == "ok"
    assert found["inside.migrated"]["level"] == "ok"


def test_where_nobody_answers_it_says_so(sites: Sites) -> None:
    sites.port("1")
    done = check(sites, "--url", "http://127.0.0.1:1")
    assert done.returncode == 1 and "Nobody answers at http://127.0.0.1:1" in done.stdout
