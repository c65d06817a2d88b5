"""assets/scripts.py - modules that go out as one script."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from flask import Flask
from tests.browser import Browser

from frontdesk.assets import address
from frontdesk.assets.scripts import ENTRIES, joined

STATIC = Path(__file__).parents[2] / "static"


def test_what_is_imported_stands_first_and_once(tmp_path: Path) -> None:
    one = 'import { one } from "./one.js";\n'
    texts = {
        "js/a/page.js": f'import {{ two }} from "./two.js";\n{one}two(one);\n',
        "js/a/two.js": f"// A word\n{one}\nexport function two() {{\n  // why\n}}\n",
        "js/a/one.js": 'export const one = "// no comment";\n',
    }
    sources = {name: tmp_path / str(n) for n, name in enumerate(texts)}
    for name, path in sources.items():
        path.write_text(texts[name])
    said = joined("js/a/page.js", sources).decode()
    assert said.split("\n") == [
        'const one = "// no comment";', "", "", "function two() {", "}", "", "two(one);", ""
    ]  # fmt: skip


def test_no_two_modules_give_the_same_name() -> None:
    """They share one scope; a browser would refuse all of it."""
    for entry in ENTRIES.values():
        paths = [*(STATIC / entry).parent.glob("*.js"), STATIC / "js/frontdesk.js"]
        texts = [path.read_text("utf-8") for path in paths]
        named = re.findall(
            r"^(?:export )?(?:async )?(?:function|class|const|let) (\w+)", "\n".join(texts), re.M
        )
        assert len(named) == len(set(named)), sorted(n for n in named if named.count(n) > 1)


def test_the_upload_script_is_small_and_whole(app: Flask, alice: Browser) -> None:
    with app.test_request_context():
        url = address("js/upload.js")
    said = alice.client.get(url, buffered=True).data
    assert len(gzip.compress(said)) <= 12 * 1024
    assert b"\nimport " not in said and b"\nexport " not in said
    assert url in str(alice.visit("/upload").html)
    assert url not in str(alice.visit("/path/").html)
