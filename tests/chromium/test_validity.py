"""Each state of each page is reached without JavaScript, and is valid HTML (N1, V1)."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page
from tests.chromium.states import STATES, State
from tests.chromium.visits import Windows

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
VNU = MODULES / "vnu-jar/build/dist/vnu.jar"


@dataclass(frozen=True, slots=True)
class Html:
    """A folder with the HTML of states, as the server sends it to who has no scripts."""

    folder: Path

    def fetch(self, windows: Windows, state: State, language: str) -> Page:
        """Go there without scripts, and keep what comes."""
        window = windows.window(state.who, language, scripts=False)
        answer = window.show(state)
        assert answer.status == state.status, state
        self._path(state, language).write_bytes(answer.body())
        return window.page

    def all(self, windows: Windows, language: str) -> list[str]:
        """The paths of all states; what no test before this one has fetched is fetched."""
        for state in STATES:
            if not self._path(state, language).exists():
                self.fetch(windows, state, language)
        return [str(self._path(state, language)) for state in STATES]

    def _path(self, state: State, language: str) -> Path:
        return self.folder / f"{language}-{state}.html"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_vnu_finds_nothing(language: str, windows: Windows, html: Html, java: str) -> None:
    if not VNU.exists():
        pytest.skip("vnu-jar is missing: npm ci in tests/chromium")
    command = [java, "-jar", str(VNU), "--format", "json", *html.all(windows, language)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = json.loads(done.stderr)["messages"]
    assert [f"{Path(m['url']).stem}: {m['message']} {m.get('extract')}" for m in said] == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_html_validate_finds_nothing(
    language: str, windows: Windows, html: Html, tmp_path: Path
) -> None:
    if not (shutil.which("node") and (MODULES / "html-validate").exists()):
        pytest.skip("html-validate is missing: npm ci in tests/chromium, Node.js 20.19 or newer")
    command = ["node", str(MODULES / "html-validate/bin/html-validate.mjs")]
    command += [
        "--config",
        str(HERE / "html-validate.mjs"),
        "--formatter",
        "json",
        *html.all(windows, language),
    ]
    said = tmp_path / "said.json"  # into a pipe it writes half and leaves
    with said.open("w") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    if "not compatible with" in done.stderr:
        pytest.skip(done.stderr)
    found = [(Path(f["filePath"]).stem, m["ruleId"], m["message"], m["line"])
             for f in json.loads(said.read_text()) for m in f["messages"]]  # fmt: skip
    assert found == []
