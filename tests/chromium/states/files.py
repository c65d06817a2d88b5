"""Lists, search, and a file's pages."""

from __future__ import annotations

from playwright.sync_api import Page, Response
from tests.chromium.looks import LOOKS
from tests.chromium.people import LONG_NAME
from tests.chromium.states.ways import State, after, at, on_file, press


def _next_page(page: Page) -> Response:
    page.goto("/path/many/")
    return press(page, "a[rel=next]")


FILES = (
    State("files-empty", "bob", at("/path/")),
    State("files-filled", "alice", at("/path/")),
    State("files-folder", "alice", at(f"/path/{LONG_NAME}/")),
    State("files-many", "alice", at("/path/many/")),
    State("files-next", "alice", _next_page),
    State("search-found", "alice", after("/path/", "search", key="xxx")),
    State("files-by-size", "alice", at("/path/many/?sort=size&order=desc")),
    State("files-by-date", "alice", at("/path/?sort=date")),
    State("search-by-date", "alice", at("/path/?key=xxx&sort=date&order=desc")),
    State("search-folders", "alice", at("/path/?key=m")),
    State("search-nothing", "alice", after("/path/", "search", key="zebra")),
    State("file-picture", "alice", on_file("lake.jpg")),
    *(State(f"look-{name}", "alice", at(f"/path/looks/{name}")) for name in LOOKS),
    State("look-source", "alice", at("/path/looks/minutes.md?as=text")),
    State("look-page-2", "alice", at("/path/looks/paper.pdf?page=2")),
    State("file-long-name", "alice", on_file(f"{LONG_NAME}.bin")),
    State("file-versions", "alice", on_file("reports/2026/offer.txt")),
    State("version-remove", "alice", on_file("reports/2026/offer.txt", "remove")),
    State("file-rename", "alice", on_file(f"{LONG_NAME}.bin", "rename")),
    State("file-rename-empty", "alice", on_file("lake.jpg", "rename", "rename", name=""), 422),
    State("file-rename-taken", "alice",
          on_file("lake.jpg", "rename", "rename", name=f"{LONG_NAME}.bin"), 422),
    State("file-delete", "alice", on_file(f"{LONG_NAME}.bin", "delete")),
)  # fmt: skip
