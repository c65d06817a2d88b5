"""A browser for tests: follows links, fills in the forms it finds, checks each page on the way."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, ResultSet, Tag
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

NAMELESS = {"hidden", "submit", "button", "image", "reset"}
FIELDS = {"input", "select", "textarea"}
INLINE = {"style", "onclick", "onload"}


class Page:
    """A response, read as a visitor would read it."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.location = response.headers.get("Location", "")
        self.html = BeautifulSoup(response.text if self._is_text() else "", "html.parser")

    def _is_text(self) -> bool:
        return self.response.mimetype == "text/html"

    @property
    def title(self) -> str:
        """The heading, without the markup in it."""
        return self._words(self.html.h1) if self.html.h1 else ""

    @property
    def text(self) -> str:
        """All that can be read in the page's main part."""
        return self._words(self.html.main) if self.html.main else self._words(self.html)

    @property
    def errors(self) -> dict[str, str]:
        """What the page says is wrong, by field name."""
        said: dict[str, str] = {}
        for message in self.html.select(".invalid-feedback[id]"):
            field = self.html.find(attrs={"aria-describedby": re.compile(rf"\b{message['id']}\b")})
            assert isinstance(field, Tag), f"#{message['id']} belongs to no field"
            named = field if field.get("name") else field.select_one("[name]")
            assert named, f"#{message['id']} belongs to no named field"
            said[str(named["name"])] = self._words(message).removeprefix("Error: ")
        return said

    @property
    def problems(self) -> list[str]:
        """The error summary, a sentence each."""
        return [self._words(item) for item in self.html.select("#error-summary li")]

    @property
    def messages(self) -> list[str]:
        """What the page says has just happened."""
        return [self._words(item) for item in self.html.select(".flash p")]

    def link(self, words: str) -> str:
        """The address behind the link that says ``words``."""
        for a in self.html.select("a[href]"):
            if words in self._words(a):
                return str(a["href"])
        raise AssertionError(f"no link says {words!r}: {self.links}")

    @property
    def links(self) -> dict[str, str]:
        return {self._words(a): str(a["href"]) for a in self.html.select("a[href]")}

    def check(self) -> None:
        """What is true of every page, whatever it shows."""
        if not self._is_text() or 300 <= self.status < 400:
            return
        html, tags = self.html, self.html.find_all(True)  # one walk: a select is one each
        assert html.html and html.html.get("lang"), "a page says its language"
        assert sum(tag.name == "h1" for tag in tags) == 1, "a page has one h1"
        assert html.title and self.title and self.title in self._words(html.title), "title = h1"
        assert html.find("main", id="main"), "a page has its main part"
        ids = Counter(str(tag["id"]) for tag in tags if tag.has_attr("id"))
        assert not [name for name, count in ids.items() if count > 1], "ids are unique"
        inline = [tag for tag in tags if INLINE & tag.attrs.keys() or tag.name == "style"]
        assert not inline, "no inline style or handler"
        scripts = [tag for tag in tags if tag.name == "script" and not tag.has_attr("src")]
        assert not scripts, "no inline script"
        self._check_forms(tags)

    def _check_forms(self, tags: ResultSet[Tag]) -> None:
        labelled = {tag.get("for") for tag in tags if tag.name == "label"}
        for form in (tag for tag in tags if tag.name == "form"):
            assert form.get("action"), "a form names its action"
            if form.get("method") == "post":
                assert form.find("input", attrs={"name": "csrf_token"}), "a post has a token"
        for field in (tag for tag in tags if tag.name in FIELDS):
            if field.get("type") in NAMELESS:
                continue
            has_label = field.get("id") in labelled or field.find_parent("label")
            assert has_label, f"{field} has no label"

    @staticmethod
    def _words(tag: Tag | BeautifulSoup) -> str:
        return " ".join(tag.get_text().split())


class Browser:
    """A visitor at work: :meth:`visit` a page, then :meth:`submit` one of its forms."""

    def __init__(self, client: FlaskClient, **headers: str) -> None:
        self.client, self.headers = client, headers
        self.url = "/"

    def visit(self, url: str, **headers: str) -> Page:
        """Go to ``url``; redirects are not followed."""
        return self._read(self.client.get(url, buffered=True, headers=self.headers | headers))

    def follow(self) -> Page:
        """Go where the page before leads."""
        assert self.page.location, f"{self.url} answered {self.page.status}, not a redirect"
        return self.visit(self.page.location)

    def submit(
        self, form_id: str, *, headers: dict[str, str] | None = None, **answers: Any
    ) -> Page:
        """Fill in the form with that id (or address), and send it as a browser would."""
        form = self.page.html.select_one(f'form#{form_id}, form[action="/{form_id}"]')
        assert form, f"no form #{form_id} on {self.url}"
        data = self._filled_in(form)
        unknown = answers.keys() - {str(tag["name"]) for tag in form.select("[name]")}
        assert not unknown, f"form #{form_id} does not ask for {unknown}"
        for name, answer in answers.items():
            data.setlist(name, answer if isinstance(answer, list) else [answer])
            if answer is False:
                data.poplist(name)
        url = str(form["action"])
        if form.get("method") != "post":
            return self._read(self.client.get(url, query_string=data, buffered=True))
        kind = str(form.get("enctype") or "application/x-www-form-urlencoded")
        sent = self._whence() | self.headers | (headers or {})
        response = self.client.post(url, data=data, content_type=kind, buffered=True, headers=sent)
        return self._read(response)

    def post(self, url: str, *, token: bool = True, **data: Any) -> Page:
        """Post to ``url`` what no form on the page asks, with the page's token."""
        if token:
            self.visit("/help")
            meta = self.page.html.select_one("meta[name=csrf-token]")
            assert meta
            data["csrf_token"] = str(meta["content"])
        return self.send(url, data, **(self._whence() if token else {}))

    def send(self, url: str, data: dict[str, Any], **headers: str) -> Page:
        """Post just that, and read the answer."""
        sent = headers | self.headers
        return self._read(self.client.post(url, data=data, buffered=True, headers=sent))

    def log_in(self, username: str, password: str) -> Page:
        """Through the log-in page, as people do."""
        self.visit("/login")
        return self.submit("login", username=username, password=password)

    def _whence(self) -> dict[str, str]:
        """What browsers tell of the page that a form was on."""
        page = urlsplit(self.page.response.request.url)
        return {"Referer": page.geturl(), "Origin": f"{page.scheme}://{page.netloc}"}

    def _filled_in(self, form: Tag) -> MultiDict[str, Any]:
        data: MultiDict[str, Any] = MultiDict()
        for tag in form.select("input[name], select[name], textarea[name]"):
            name, kind = str(tag["name"]), tag.get("type")
            if kind == "file" or (kind in {"checkbox", "radio"} and not tag.has_attr("checked")):
                continue
            data.add(name, self._value(tag))
        return data

    @staticmethod
    def _value(tag: Tag) -> str:
        if tag.name == "textarea":
            return tag.get_text().removeprefix("\r\n").removeprefix("\n")
        if tag.name == "select":
            chosen = tag.select_one("option[selected]") or tag.select_one("option")
            return str(chosen["value"]) if chosen else ""
        return str(tag.get("value", "on" if tag.get("type") == "checkbox" else ""))

    def _read(self, response: TestResponse) -> Page:
        self.url, self.page = response.request.path, Page(response)
        self.page.check()
        return self.page
