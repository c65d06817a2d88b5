"""From the set-up address to the log-out, with real files: by mouse, keyboard, without scripts."""

from __future__ import annotations

import filecmp
import io
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from tests.chromium.hands import Keyboard, Mouse
from tests.chromium.people import PASSWORD, photo
from tests.chromium.server import Site

SIZE = 200_000_000
PDF = b"""%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R
  /Resources <</Font <</F 5 0 R>>>>>> endobj
4 0 obj <</Length 46>> stream
BT /F 24 Tf 40 100 Td (Hello from the desk) Tj ET
endstream endobj
5 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Times-Roman>> endobj
trailer <</Size 6 /Root 1 0 R>>
%%EOF
"""


@pytest.fixture(scope="module")
def real_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    """A photo that says where it was taken, a PDF, and 200 MB that can't be made smaller."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "Lake & boats.jpg").write_bytes(photo(exif=True))
    (folder / "报告 2026.pdf").write_bytes(PDF)
    with (folder / "disk.img").open("wb") as file:
        for _ in range(SIZE // 1_000_000):
            file.write(os.urandom(1_000_000))
    yield sorted(folder.iterdir())
    shutil.rmtree(folder)


@pytest.fixture
def emptied(empty_site: Site) -> Iterator[Site]:
    """A fresh site, whose large files don't stay in the temporary folder."""
    yield empty_site
    shutil.rmtree(empty_site.instance / "files")


def log_in(hands: Mouse) -> None:
    hands.fill("Username", "ada")
    hands.fill("Password", PASSWORD)
    hands.press("button", "Log in")


def make_the_first_account(hands: Mouse, site: Site) -> None:
    hands.page.goto(site.setup_address)
    hands.fill("Username", "ada")
    hands.fill("Password", PASSWORD)
    hands.press("button", "Create account")
    expect(hands.page.get_by_role("heading", level=1)).to_have_text("Log in")
    log_in(hands)
    expect(hands.page.get_by_role("heading", level=1)).to_have_text("Hello, ada!")


def upload(hands: Mouse, files: list[Path]) -> None:
    hands.press("link", "Upload")
    hands.choose("Files", *files)
    hands.press("button", "Upload")
    for file in files:
        expect(hands.page.get_by_role("main")).to_contain_text(file.name)


def find_and_download(hands: Mouse, file: Path, tmp_path: Path) -> None:
    page = hands.page
    hands.press("link", "Files")
    hands.fill("Search these files", file.stem.upper())
    hands.press("button", "Search")
    expect(page).to_have_url(re.compile(r"/path/\?key="))
    hands.press("link", file.name)
    expect(page.get_by_role("heading", level=1)).to_have_text(file.name)
    with page.expect_download() as coming:
        hands.press("link", "Download", stays=True)
    download = coming.value
    assert download.suggested_filename == file.name
    assert filecmp.cmp(download.path(), file, shallow=False), "not the bytes that were brought"
    download.delete()


def show_a_picture(hands: Mouse, photo: Path) -> None:
    page = hands.page
    hands.press("link", "Profile")
    hands.choose("Picture", photo)
    hands.press("button", "Save")
    expect(page.get_by_text("Your profile is saved.")).to_be_visible()
    picture = page.locator("main img.avatar")
    assert picture.evaluate("(image) => image.complete && image.naturalWidth > 0")
    shown = page.request.get(str(picture.get_attribute("src")))
    assert dict(Image.open(io.BytesIO(shown.body())).getexif()) == {}, "EXIF must be gone"


def wait_for_cookie(page: Page, name: str, value: str) -> None:
    for _ in range(200):
        if (name, value) in {(c["name"], c["value"]) for c in page.context.cookies()}:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"no cookie says {name}={value}")


def change_the_look(hands: Mouse, *, scripts: bool) -> None:
    page = hands.page
    html = page.locator("html")
    hands.pick("theme", "dark")
    if not scripts:
        hands.press("button", "Apply")
    wait_for_cookie(page, "theme", "dark")  # with scripts it is sent behind the page
    expect(html).to_have_attribute("data-bs-theme", "dark")
    hands.press("link", "Files")
    expect(html).to_have_attribute("data-bs-theme", "dark")
    hands.press("button", "简体中文")
    expect(html).to_have_attribute("lang", "zh-Hans")
    expect(page).to_have_url(re.compile(r"/path/$"))
    hands.press("button", "English")
    expect(html).to_have_attribute("lang", "en")


def rename_delete_undo(hands: Mouse, name: str) -> None:
    heading = hands.page.get_by_role("heading", level=1)
    hands.press("link", name)
    hands.press("link", "Rename")
    hands.fill("New name", "second name.bin")
    hands.press("button", "Rename")
    expect(heading).to_have_text("second name.bin")
    hands.press("link", "Delete")
    hands.press("button", "Delete")
    expect(heading).to_have_text("“second name.bin” is in the bin")
    hands.press("button", "Undo")
    expect(heading).to_have_text("second name.bin")


@pytest.mark.parametrize("way", ["mouse", "keyboard", "no-js", "keyboard-no-js"])
def test_the_whole_way(
    way: str,
    emptied: Site,
    open_context: Callable[..., BrowserContext],
    real_files: list[Path],
    tmp_path: Path,
) -> None:
    scripts = not way.endswith("no-js")
    page: Page = open_context(emptied.url, java_script_enabled=scripts).new_page()
    hands = Keyboard(page) if way.startswith("keyboard") else Mouse(page)
    make_the_first_account(hands, emptied)
    upload(hands, real_files)
    for file in real_files:
        find_and_download(hands, file, tmp_path)
    show_a_picture(hands, real_files[0])
    change_the_look(hands, scripts=scripts)
    rename_delete_undo(hands, real_files[1].name)
    hands.press("link", "Log out")
    hands.press("button", "Log out")
    expect(page.get_by_role("main")).to_contain_text("You are not logged in")
    assert page.goto("/path/").status == 401  # type: ignore[union-attr]
