"""The look, measured from the files that make it: what nobody can read is not pretty."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "static"
TOKENS = (STATIC / "css/tokens.css").read_text()
GROUNDS = ("bg", "surface", "sunk")
TEXTS = ("text", "muted", "link", "danger")
EDGES = ("border", "focus")
FILLS = (
    ("on-primary", "primary"),
    ("on-primary", "primary-hover"),
    ("on-danger", "danger-fill"),
    ("on-danger", "danger-hover"),
    ("text", "mark"),
)


def colours(css: str) -> dict[str, tuple[str, str]]:
    """Each token's colour on paper and at night."""
    pairs = re.findall(r"--fd-([\w-]+):\s*light-dark\((#[0-9a-f]+),\s*(#[0-9a-f]+)\)", css)
    return {name: (light, dark) for name, light, dark in pairs}


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


ORDINARY, _, MORE_CONTRAST = TOKENS.partition("@media (prefers-contrast: more)")
PALETTES = {"ordinary": colours(ORDINARY), "more": colours(ORDINARY) | colours(MORE_CONTRAST)}
EYES = [(name, theme) for name in PALETTES for theme in (0, 1)]
everywhere = pytest.mark.parametrize(
    ("palette", "theme"), EYES, ids=[f"{name}-{('light', 'dark')[theme]}" for name, theme in EYES]
)


def test_black_on_white_is_21_to_1() -> None:
    assert contrast("#000000", "#fff") == pytest.approx(21)


def test_grey_that_just_fails_is_seen_to_fail() -> None:
    assert 4.4 < contrast("#777777", "#ffffff") < 4.5


@everywhere
def test_text_can_be_read_on_every_ground(palette: str, theme: int) -> None:
    pairs = [(text, ground) for text in TEXTS for ground in GROUNDS] + list(FILLS)
    assert too_close(palette, theme, pairs, 4.5) == {}


@everywhere
def test_edges_of_controls_and_the_focus_ring_can_be_seen(palette: str, theme: int) -> None:
    pairs = [(edge, ground) for edge in EDGES for ground in GROUNDS]
    pairs += [(fill, ground) for fill in ("primary", "danger-fill") for ground in ("bg", "surface")]
    assert too_close(palette, theme, pairs, 3) == {}


def too_close(
    palette: str, theme: int, pairs: list[tuple[str, str]], least: float
) -> dict[str, float]:
    """The pairs whose contrast is under `least`, with what they reach."""
    colour = {name: both[theme] for name, both in PALETTES[palette].items()}
    found = {f"{a} on {b}": contrast(colour[a], colour[b]) for a, b in pairs}
    return {pair: round(ratio, 2) for pair, ratio in found.items() if ratio < least}


def test_old_browsers_get_the_light_theme_of_the_day() -> None:
    old = TOKENS.partition("@supports not")[2]
    plain = dict(re.findall(r"--fd-([\w-]+):\s*(#[0-9a-f]+);", old))
    assert plain == {name: light for name, (light, _) in PALETTES["ordinary"].items()}


def test_the_browser_bar_has_the_colours_of_the_page() -> None:
    base = (ROOT / "templates/base.html").read_text()
    assert set(re.findall(r"#[0-9a-f]{6}", base)) == set(PALETTES["ordinary"]["bg"])


def test_colours_are_named_in_tokens_only() -> None:
    rules = re.sub(r"/\*.*?\*/", "", (STATIC / "css/site.css").read_text(), flags=re.S)
    found = re.findall(r"#[0-9a-f]{3,8}\b|rgba?\([^)]*\)", rules)
    assert [colour for colour in found if colour != "#0000"] == []


def test_every_token_that_is_used_is_defined() -> None:
    used = set(re.findall(r"var\((--fd-[\w-]+)", (STATIC / "css/site.css").read_text() + TOKENS))
    assert used - set(re.findall(r"(--fd-[\w-]+):", TOKENS)) == set()


def test_every_token_is_used() -> None:
    used = set(re.findall(r"var\((--fd-[\w-]+)", (STATIC / "css/site.css").read_text() + TOKENS))
    assert set(re.findall(r"(--fd-[\w-]+):", TOKENS)) - used == set()


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("img/icons.svg", 3 * 1024),
        ("img/bell.svg", 1024),
        ("js/frontdesk.js", 2 * 1024),
        ("css/tokens.css", 2 * 1024),
        ("css/site.css", 7 * 1024),
    ],
)
def test_what_everybody_downloads_is_small(name: str, most: int) -> None:
    assert len(gzip.compress((STATIC / name).read_bytes())) <= most


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "img/icons.svg").read_text()))
    named = {
        icon
        for template in (ROOT / "templates").rglob("*.html")
        for icon in re.findall(r'\bicon\("([\w-]+)"', template.read_text())
    }
    assert named - drawn == set()


def test_code_can_be_read_in_all_its_colours() -> None:
    inks = colours((STATIC / "css/previews.css").read_text())
    assert len(inks) == 5
    for theme in (0, 1):
        ground = PALETTES["ordinary"]["surface"][theme]
        assert {n: c[theme] for n, c in inks.items() if contrast(c[theme], ground) < 4.5} == {}
