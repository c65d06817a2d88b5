"""Files on their way in: the plain form, the queue, what is unfinished."""

from __future__ import annotations

from base64 import b64encode

from playwright.sync_api import Page, Response
from tests.chromium.people import LONG_NAME
from tests.chromium.states.ways import State, Way, after, arrived, at, send

# upload.js hears of nothing then, and the form goes as it does where there is no JavaScript.
PLAIN = """for (const kind of ["change", "submit"])
  addEventListener(kind, (event) => event.stopImmediatePropagation(), true)"""


def after_upload(*files: tuple[str, bytes]) -> Way:
    """What comes of the plain form."""

    def go(page: Page) -> Response:
        page.goto("/upload")
        page.evaluate(PLAIN)
        chosen = [{"name": n, "mimeType": "text/plain", "buffer": data} for n, data in files]
        page.locator("[name=the_file]").set_input_files(chosen)  # type: ignore[arg-type]
        return send(page, "upload", folder="scratch")

    return go


def _queue(page: Page) -> Response:
    """With JavaScript: a file that is refused, and one in question."""
    last = arrived(page.goto("/upload?folder=many"))
    if page.locator(".uploading").count():
        files = (("empty.txt", b""), ("note 01.txt", b"a note"), (f"{LONG_NAME}.txt", b""))
        chosen = [{"name": n, "mimeType": "text/plain", "buffer": data} for n, data in files]
        page.locator("[name=the_file]").set_input_files(chosen)  # type: ignore[arg-type]
        page.locator("[data-state=asked]").wait_for()
    return last


def _unfinished(page: Page) -> Response:
    """An upload that stopped after its beginning."""
    last = arrived(page.goto("/upload"))
    if page.locator("#unfinished").count():
        return last
    token = page.locator("meta[name=csrf-token]").get_attribute("content") or ""
    name = b64encode(f"{LONG_NAME}.mov".encode()).decode()
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "1234567", "X-CSRFToken": token}
    page.request.post("/uploads/", headers=headers | {"Upload-Metadata": f"filename {name}"})
    return arrived(page.goto("/upload"))


UPLOADS = (
    State("upload", "alice", at("/upload")),
    State("upload-into-folder", "alice", at(f"/upload?folder={LONG_NAME}")),
    State("upload-new-version", "alice", at("/upload?on_conflict=version")),
    State("upload-none", "alice", after("/upload", "upload"), 422),
    State("upload-partly", "frank",
          after_upload((f"{LONG_NAME}.txt", b"a"), ("empty.txt", b"")), 422),
    State("upload-done", "frank", after_upload(("good.txt", b"good"))),
    State("upload-queue", "alice", _queue),
    State("upload-unfinished", "frank", _unfinished),
    State("upload-no-room", "dave", at("/upload")),
)  # fmt: skip
