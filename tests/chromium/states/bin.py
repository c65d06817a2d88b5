"""What was deleted, and the bin."""

from __future__ import annotations

from secrets import token_hex

from playwright.sync_api import Page, Response
from tests.chromium.people import LONG_NAME
from tests.chromium.states.uploads import PLAIN
from tests.chromium.states.ways import State, arrived, at, press, send, ticked


def _deleted(page: Page) -> Response:
    """A file of its own, that goes to the bin."""
    page.goto("/upload")
    page.evaluate(PLAIN)
    chosen = {"name": f"{LONG_NAME}.tmp", "mimeType": "text/plain", "buffer": b"bin"}
    page.locator("[name=the_file]").set_input_files(chosen)  # type: ignore[arg-type]
    send(page, "upload", folder="bin")
    press(page, ".list tbody a")
    press(page, "main a[href$='/change/delete']")
    return send(page, "delete")


def _bin(page: Page) -> Response:
    _deleted(page)
    return press(page, "main a[href='/bin']")


def _removing(page: Page) -> Response:
    _bin(page)
    return press(page, "main a[href$='/change/remove']")


def _deleted_together(page: Page) -> Response:
    """A folder and a file of their own, that go to the bin together."""
    page.goto("/folder/new?folder=bin")
    send(page, "new-folder", name=f"a folder {token_hex(4)}")
    page.goto("/upload")
    chosen = {"name": "zz.tmp", "mimeType": "text/plain", "buffer": b"bin"}
    page.locator("[name=the_file]").set_input_files(chosen)  # type: ignore[arg-type]
    send(page, "upload", folder="bin")
    ticked("delete", "#delete button", folder="/path/bin")(page)
    return arrived(page.reload())


def _emptying(page: Page) -> Response:
    _deleted_together(page)
    page.goto("/bin")
    return press(page, "main a[href='/bin/empty']")


BIN = (
    State("file-deleted", "frank", _deleted),
    State("things-deleted", "frank", _deleted_together),
    State("bin-emptying", "frank", _emptying),
    State("bin-empty", "bob", at("/bin")),
    State("bin-filled", "frank", _bin),
    State("bin-remove", "frank", _removing),
)
