"""Folders and files as tests name them: by their paths."""

from __future__ import annotations

from flask import Flask
from tests.browser import Browser, Page

from frontdesk.accounts import service as accounts
from frontdesk.files import folders
from frontdesk.files.models import File, Folder


class Things:
    """What a member keeps, by path; ``""`` is the outermost folder."""

    def __init__(self, app: Flask, browser: Browser, owner: str) -> None:
        self.app, self.browser, self.owner = app, browser, owner

    def find(self, path: str) -> Folder | File | None:
        parts = [part for part in path.split("/") if part]
        with self.app.app_context():
            member = accounts.find(self.owner)
            assert member
            return folders.look_up(member.id, parts)

    def id(self, path: str) -> str:
        found = self.find(path)
        assert found, f"{self.owner} has no {path}"
        return str(found.id)

    def ids(self, *paths: str) -> dict[str, list[str]]:
        """The fields that name them in a form."""
        chosen: dict[str, list[str]] = {"file": [], "folder": []}
        for path in paths:
            found = self.find(path)
            assert found
            chosen["file" if isinstance(found, File) else "folder"].append(str(found.id))
        return chosen

    def make(self, path: str) -> Page:
        """By the form behind "New folder"."""
        parent, _, name = path.rpartition("/")
        self.browser.visit(f"/folder/new?folder={parent}")
        return self.browser.submit("new-folder", name=name)

    def take(self, what: str, *paths: str, to: str) -> Page:
        """Move or copy them; ``to`` is a path."""
        return self.browser.post(f"/selection/{what}", **self.ids(*paths), here=self.id(to))

    def delete(self, *paths: str) -> Page:
        """By the page that asks whether one is sure."""
        self.browser.post("/selection/delete", **self.ids(*paths))
        return self.browser.submit("delete")

    def listed(self, path: str = "") -> list[str]:
        """The names that a folder's page shows, folders first."""
        page = self.browser.visit(f"/path/{path}")
        assert page.status == 200, f"/path/{path} is {page.status}"
        return [" ".join(tag.get_text().split()) for tag in page.html.select("tbody bdi")]
