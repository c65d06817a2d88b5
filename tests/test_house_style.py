"""What can be said of all: templates, imports, settings, addresses, sizes, and words for things."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

ROOT = Path(__file__).parents[1]
SITE, TEMPLATES = ROOT / "site", ROOT / "templates"
CODE = sorted(SITE.rglob("*.py"))
PAGES = sorted(
    path.relative_to(TEMPLATES).as_posix()
    for path in TEMPLATES.glob("*/*.html")
    if path.parent.name not in {"bootstrap5", "components"} and not path.name.startswith("_")
)
LEVEL = {
    **{"accounts": 1, "files": 2, "posts": 3, "backup": 3},
    **{"hello": 4, "profile": 4, "check": 4, "admin": 5, "api": 5},
}
OUTERMOST = {"__init__", "startup", "cli", "demo"}  # they put the site together, or stand beside it

# Where text becomes markup without being escaped, and why that is safe.
TRUSTED_MARKUP = {
    "site/frontdesk/files/previews/rendered.py": "escaped by Pygments or us, cleaned by nh3",
    "site/frontdesk/forms/write.py": "each piece was escaped where it was written",
    "site/frontdesk/templating.py": "our own sentences; what they quote is escaped",
    "templates/bootstrap5/table.html": "render_table(safe_columns=…), which asks for it by name",
}


# Templates


def test_there_are_pages_to_look_at() -> None:
    assert len(PAGES) > 20


@pytest.mark.parametrize(
    "name", sorted(p.relative_to(TEMPLATES).as_posix() for p in TEMPLATES.rglob("*.html"))
)
def test_each_template_compiles(app: Flask, name: str) -> None:
    app.jinja_env.get_template(name)


@pytest.mark.parametrize("name", PAGES)
def test_each_page_has_a_title(app: Flask, name: str) -> None:
    assert "title" in app.jinja_env.get_template(name).blocks


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_a_template_holds_no_script_no_style_and_nothing_from_elsewhere(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "a script of its own"
    assert not re.search(r"<style|\sstyle=|\son\w+=\"|javascript:", text), "inline style or handler"
    assert not re.search(r"(src|href|action)=\"(https?:)?//", text), "something from elsewhere"
    assert len(text.splitlines()) <= 150


def test_text_becomes_markup_only_where_it_is_known_to_be_safe() -> None:
    wild = re.compile(r"\|\s*safe\b|\bMarkup\(|autoescape false|render_template_string")
    found = {
        path.relative_to(ROOT).as_posix()
        for path in [*CODE, *TEMPLATES.rglob("*.html")]
        if wild.search(path.read_text())
    }
    assert found == TRUSTED_MARKUP.keys()


# Code


def imports(path: Path) -> Iterator[str]:
    """What a file imports, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = "." if node.level else f"{node.module}."  # a package may name its own parts
            yield from (f"{package}{alias.name}" for alias in node.names)


def crossings() -> Iterator[tuple[Path, str, list[str]]]:
    """(file, its place, the dotted name of a part of the site that it imports)."""
    for path in (SITE / "frontdesk").rglob("*.py"):
        place = path.relative_to(SITE / "frontdesk").parts[0].removesuffix(".py")
        for name in imports(path):
            parts = name.split(".")
            if parts[0] == "frontdesk" and len(parts) > 1 and place not in OUTERMOST:
                yield path, place, parts[1:]


def test_nothing_imports_what_stands_above_it() -> None:
    """Plumbing ← accounts ← files ← posts ← hello, profile ← admin, api."""
    wrong = [
        f"{path.relative_to(SITE)} imports {'.'.join(target)}"
        for path, place, target in crossings()
        if target[0] != place and LEVEL.get(target[0], 0) > LEVEL.get(place, 0)
    ]
    assert not wrong


def test_places_beside_each_other_do_not_know_each_other() -> None:
    wrong = [
        f"{path.relative_to(SITE)} imports {'.'.join(target)}"
        for path, place, target in crossings()
        if place in LEVEL and target[0] != place and LEVEL.get(target[0]) == LEVEL[place]
    ]
    assert not wrong


def test_a_place_uses_no_pages_or_forms_of_another() -> None:
    pages = {(path.parent.name, path.stem) for path in CODE if "@bp." in path.read_text()}
    pages |= {(place, "forms") for place in LEVEL}
    wrong = [
        f"{path.relative_to(SITE)} imports {'.'.join(target)}"
        for path, place, target in crossings()
        if target[0] != place and tuple(target[:2]) in pages
    ]
    assert not wrong


def test_the_guard_of_imports_sees_imports() -> None:
    assert ("hello", "accounts") in {(place, target[0]) for _, place, target in crossings()}


def test_the_extension_of_ours_knows_nothing_of_the_site() -> None:
    for path in (SITE / "flask_resumable").rglob("*.py"):
        assert not [name for name in imports(path) if name.split(".")[0] == "frontdesk"], path


def test_site_is_no_package() -> None:
    """``site`` is a module of Python itself."""
    assert not (SITE / "__init__.py").exists()


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(SITE).as_posix())
def test_a_file_and_its_functions_can_be_read_in_one_go(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= 250, f"{lines} lines"
    if "migrations/versions" in path.as_posix():
        return  # Alembic wrote those, a line a column
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 40, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(SITE).as_posix())
def test_a_file_says_what_it_is_for(path: Path) -> None:
    text = path.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text))
    assert path.stem not in {"utils", "helpers", "common", "misc", "manager"}


# Settings and addresses


def settings() -> dict[str, object]:
    found: dict[str, object] = {}
    exec((ROOT / "config.py").read_text(), {}, found)
    return {name: value for name, value in found.items() if name.isupper()}


def test_each_setting_is_documented_with_its_default() -> None:
    rows = re.findall(
        r"^\| `([A-Z_]+)` \| `(.*?)` \| (.+) \|$", (ROOT / "docs/settings.md").read_text(), re.M
    )
    assert {name: ast.literal_eval(default) for name, default, _ in rows} == settings()


def test_each_setting_has_a_comment() -> None:
    for block in (ROOT / "config.py").read_text().split('"""')[2].strip().split("\n\n"):
        assert block.startswith("# "), block


def test_addresses_are_lower_case_words(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        fixed = re.sub(r"<[^>]+>", "", rule.rule)
        assert re.fullmatch(r"[a-z0-9./-]*", fixed), rule.rule


def test_an_endpoint_tells_its_place(app: Flask) -> None:
    """``accounts.login`` is in ``accounts/``."""
    for endpoint, view in app.view_functions.items():
        place, _, _name = endpoint.partition(".")
        if place in LEVEL:
            assert view.__module__.startswith(f"frontdesk.{place}."), endpoint


def test_every_view_says_what_it_does(app: Flask) -> None:
    silent = [
        endpoint
        for endpoint, view in app.view_functions.items()
        if view.__module__.startswith("frontdesk")
        and endpoint.partition(".")[0] in LEVEL
        and not (view.__doc__ or "").strip()
    ]
    assert not silent
