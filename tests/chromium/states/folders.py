"""A folder's pages, and what is done with several things at once."""

from __future__ import annotations

from secrets import token_hex

from playwright.sync_api import Page, Response
from tests.chromium.people import LONG_NAME
from tests.chromium.states.ways import State, Way, after, at, press, send, ticked


def of_folder(verb: str, form: str = "", /, **answers: str) -> Way:
    """A page that a folder's page leads to; with ``form``, what comes of sending that form."""

    def go(page: Page) -> Response:
        page.goto(f"/path/{LONG_NAME}/")
        last = press(page, f"nav.actions a:is([href$='/{verb}'], [href*='/{verb}?'])")
        return send(page, form, **answers) if form else last

    return go


def _copied(page: Page) -> Response:
    """A folder of its own, copied beside itself: the page says what it is called now."""
    after("/folder/new", "new-folder", name=f"a folder {token_hex(4)}")(page)
    return ticked("copy", "#copy [name=here]")(page)


def _into_itself(page: Page) -> Response:
    of_folder("move")(page)
    target = page.locator("#move [name=folder]").first.input_value()
    page.locator("#move [name=here]").evaluate("(button, id) => { button.value = id }", target)
    return press(page, "#move [name=here]")


FOLDERS = (
    State("folder-new", "alice", at("/folder/new")),
    State("folder-new-empty", "alice", after("/folder/new", "new-folder", name=""), 422),
    State(
        "folder-new-made",
        "frank",
        lambda page: after("/folder/new", "new-folder", name=f"x {token_hex(4)}")(page),
    ),
    State("folder-rename", "alice", of_folder("rename")),
    State("folder-rename-taken", "alice", of_folder("rename", "rename", name="many"), 422),
    State("folder-delete", "alice", of_folder("delete")),
    State("things-move", "alice", ticked("move")),
    State("things-move-found", "alice", of_folder("move", "move", find="report")),
    State("things-move-not-found", "alice", of_folder("move", "move", find="zebra")),
    State("things-move-into-itself", "alice", _into_itself, 422),
    State("things-copy", "alice", ticked("copy")),
    State("things-copied", "frank", _copied),
    State("things-delete", "alice", ticked("delete")),
)
