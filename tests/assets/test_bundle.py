"""One sheet for every page: Bootstrap, tokens, ours, the designer's."""

from pathlib import Path

from frontdesk import assets
from frontdesk.assets import bundle

ROOT = Path(__file__).resolve().parents[2]
SHEET = assets.BOOTSTRAP / "css/bootstrap.min.css"


def test_the_bundle_is_bootstrap_then_tokens_then_ours_then_the_designers_tokens(site):
    site.write("css/tokens.css", ":root { --fd-bg: theirs }", theme=True)
    text = site.get("css/bundle.css").text
    order = [text.index(it) for it in ("Bootstrap", "--fd-bg: ours", "paper", "--fd-bg: theirs")]
    assert order == sorted(order)


def test_an_imported_sheet_stands_in_the_bundle_with_its_pictures(site):
    site.write(
        "css/site.css", '@import "parts/nav.css";\n@import url(https://e/x.css);\nb { c: d }'
    )
    site.write("css/parts/nav.css", '@import "../site.css"; i { d: url("../../img/paper.svg#x") }')
    app = site.app()
    text = site.get("css/bundle.css", app).text
    assert f'i {{ d: url("../{site.address("img/paper.svg", app)[8:]}#x") }}' in text
    assert "parts/nav" not in text


def test_every_dark_rule_of_bootstrap_is_there_for_auto_too():
    text = bundle.lean(SHEET.read_text("utf-8"))
    themed = bundle.themed(text)
    added = themed.removeprefix(text)
    assert added.startswith("\n@media (prefers-color-scheme:dark){")
    assert added.count("[data-bs-theme=auto]") == text.count("[data-bs-theme=dark]") == 8
    assert "[data-bs-theme=dark]" not in added
    assert ".navbar-dark" not in added  # the dark navbar on a light page stays as it is


def test_the_designers_dark_tokens_are_there_for_auto_too(site):
    dark = "[data-bs-theme='dark']{a:b}@media (width > 9em){i{c:d}[data-bs-theme=dark] i,b{c:e}}"
    site.write("css/tokens.css", dark, theme=True)
    auto = "[data-bs-theme=auto]{a:b}@media (width > 9em){[data-bs-theme=auto] i{c:e}}"
    ending = f"{dark}\n@media (prefers-color-scheme:dark){{{auto}}}"
    assert site.get("css/bundle.css").text.endswith(ending)


def test_a_sheet_that_speaks_of_auto_itself_is_left_alone():
    text = '[data-bs-theme="dark"]{a:b}[data-bs-theme="auto"]{a:c}'
    assert bundle.themed(text) == text


def test_nothing_of_bootstrap_is_lost():
    text = bundle.lean(SHEET.read_text("utf-8"))
    assert bundle.rules(text, lambda selector: True) == text
    whole = selectors(bundle.themed(text))
    assert selectors(bundle.quiet(SHEET)) | selectors(bundle.scripted(SHEET).decode()) == whole
    assert ".modal" not in bundle.quiet(SHEET)


def selectors(text: str) -> set[str]:
    found = []
    bundle.rules(text, lambda selector: bool(found.append(selector)))
    return set(found)


def test_the_sheet_of_every_page_weighs_at_most_34_kb(site):
    site.static = ROOT / "static"
    assert site.get("css/bundle.css", accept_encoding="gzip").content_length <= 34_000
