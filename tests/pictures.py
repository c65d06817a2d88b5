"""Make the README's pictures from the real site: ``.venv/bin/python tests/pictures.py``.

Log-in, desk, files and upload; light and dark; a desk's screen and a phone's: docs/images/*.png.
"""

from __future__ import annotations

import io
import sys
import tempfile
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "site")]

from PIL import Image  # noqa: E402  the path comes first
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402
from tests.chromium.conftest import CHROMIUM, FLAGS  # noqa: E402
from tests.chromium.people import PASSWORD, photo  # noqa: E402
from tests.chromium.server import Site, serve  # noqa: E402

from frontdesk import create_app  # noqa: E402
from frontdesk.accounts import service as accounts  # noqa: E402
from frontdesk.db import db  # noqa: E402
from frontdesk.files import arrivals  # noqa: E402
from frontdesk.files import service as files  # noqa: E402
from frontdesk.posts import service as posts  # noqa: E402

IMAGES = ROOT / "docs/images"
PAGES = {"login": "/login", "desk": "/hello/", "files": "/path/", "upload": "/upload"}
WINDOWS = {"wide": (1280, 800), "phone": (390, 780)}
COLOURS = 128  # are plenty for a page of two inks, and a third of the bytes
MOST = 150_000
KEPT = (
    ("", "Lake in March.jpg", photo()),
    ("", "Offer for the new roof.pdf", b"%PDF-1.4\n" + b" " * 412_000),
    ("", "Minutes of the spring meeting.txt", b"Present: all.\n" * 900),
    ("", "Choir rehearsal.mp3", b"ID3" + b"\0" * 6_800_000),
    ("Applications 2026", "Ben Okafor.pdf", b"%PDF-1.4\n" + b" " * 96_000),
    ("X-rays", "Mrs Lindqvist.zip", b"PK\3\4" + b"\0" * 23_000_000),
)


def settle(instance: Path) -> None:
    """Ada's desk: a few files, and a post from Ben."""
    app = create_app({"INSTANCE_PATH": str(instance), "MIN_FREE_SPACE": 0})
    with app.test_request_context():
        ada, ben = (accounts.create(name, PASSWORD) for name in ("ada", "ben"))
        for folder, name, content in KEPT:
            with files.storage().begin() as staged:
                staged.write(content)
                path = [folder] if folder else []
                file = arrivals.take_in(ada.id, path, name, staged).file
        posts.send(ben.id, [ada], "The roofer's offer, as promised.", [file])
        db.session.remove()
        db.engine.dispose()


def log_in(page: Page) -> None:
    page.goto("/login")
    page.locator("[name=username]").fill("ada")
    page.locator("[name=password]").fill(PASSWORD)
    with page.expect_navigation():
        page.locator("#login button[type=submit]").click()


def take(browser: Browser, site: Site, theme: str, window: str) -> None:
    """All pages in one theme and one size of window."""
    width, height = WINDOWS[window]
    page = browser.new_page(
        base_url=site.url,
        viewport={"width": width, "height": height},
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    for name, address in PAGES.items():
        if name == "desk":
            log_in(page)
        page.goto(address, wait_until="networkidle")
        save(page.screenshot(), IMAGES / f"{name}-{theme}-{window}.png")
    page.close()


def save(picture: bytes, path: Path) -> None:
    """Keep a screenshot with few colours, so that the README is light too."""
    image = (
        Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    )
    image.save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}  {size:,} bytes")
    assert size < MOST, "too heavy for a README"


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settle(Path(folder) / "instance")
        with serve(Path(folder)) as site:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for theme, window in product(("light", "dark"), WINDOWS):
                take(browser, site, theme, window)
            browser.close()


if __name__ == "__main__":
    main()
