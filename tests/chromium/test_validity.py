"""Each state of each page is reached without JavaScript, and is valid HTML (N1, V1)."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext
from tests.chromium.server import Site
from tests.chromium.states import PEOPLE, STATES

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
VNU = MODULES / "vnu-jar/build/dist/vnu.jar"


@pytest.fixture(scope="module")
def pages(
    chromium: Browser,
    site: Site,
    logged_in: Callable[[str], Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    """A folder with the HTML of every state, as the server sends it."""
    folder = tmp_path_factory.mktemp("pages")
    for language, who in product(("en", "zh"), PEOPLE):
        with chromium.new_context(
            base_url=site.url, storage_state=logged_in(who), java_script_enabled=False
        ) as context:
            context.add_cookies([{"name": "language", "value": language, "url": site.url}])
            _save(context, who, f"{folder}/{language}")
    yield folder
    shutil.rmtree(folder)


def _save(context: BrowserContext, who: str, prefix: str) -> None:
    page, cookies = context.new_page(), context.cookies()
    for state in (state for state in STATES if state.who == who):
        context.add_cookies(cookies)  # type: ignore[arg-type]  # a state may lose them
        answer = state.go(page)
        assert answer.status == state.status, state
        Path(f"{prefix}-{state}.html").write_bytes(answer.body())


def test_vnu_finds_nothing(pages: Path, java: str) -> None:
    if not VNU.exists():
        pytest.skip("vnu-jar is missing: npm ci in tests/chromium")
    command = [java, "-jar", str(VNU), "--format", "json", *map(str, sorted(pages.iterdir()))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = json.loads(done.stderr)["messages"]
    assert [f"{Path(m['url']).stem}: {m['message']} {m.get('extract')}" for m in said] == []


def test_html_validate_finds_nothing(pages: Path, tmp_path: Path) -> None:
    if not (shutil.which("node") and (MODULES / "html-validate").exists()):
        pytest.skip("html-validate is missing: npm ci in tests/chromium, Node.js 20.19 or newer")
    command = ["node", str(MODULES / "html-validate/bin/html-validate.mjs")]
    command += ["--config", str(HERE / "html-validate.mjs"), "--formatter", "json", str(pages)]
    said = tmp_path / "said.json"  # into a pipe it writes half and leaves
    with said.open("w") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    if "not compatible with" in done.stderr:
        pytest.skip(done.stderr)
    found = [(Path(f["filePath"]).stem, m["ruleId"], m["message"], m["line"])
             for f in json.loads(said.read_text()) for m in f["messages"]]  # fmt: skip
    assert found == []
