"""/admin/health - the set-up, from inside at once and from outside when an admin asks."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from tests.browser import Browser, Page
from tests.conftest import PASSWORD

from frontdesk.audit import LogEntry
from frontdesk.check import service
from frontdesk.check.finding import Line, wrong
from frontdesk.db import db
from frontdesk.jobs.models import Job

HERE = "/admin/health"


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """Another server on this machine, which leads on to a third; and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{server.server_port}/third")
            self.send_header("X-Secret", "of the network inside")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def as_root(app: Flask, **headers: str) -> Browser:
    browser = Browser(app.test_client(), **headers)
    browser.log_in("root", PASSWORD)
    browser.visit(HERE)
    return browser


def codes(page: Page) -> list[str]:
    return [code.text for code in page.html.select("code")]


def test_what_is_wrong_inside_is_told_at_once(instance: Path, root: Browser) -> None:
    assert "There is no backup." in root.visit(HERE).text
    assert "can read" not in root.visit(HERE).text
    instance.chmod(0o755)
    (instance / "secret-key").chmod(0o644)
    page = root.visit(HERE)
    assert f"Others on this machine can read {instance}/secret-key." in page.text
    assert f"chmod o-rwx {instance}/secret-key" in [code.text for code in page.html.select("code")]


def test_what_is_wrong_inside_is_told_in_chinese(root: Browser) -> None:
    root.post("/language", language="zh")
    assert "没有备份。" in root.visit(HERE).text


def test_it_is_for_admins_and_by_form_only(alice: Browser, carol: Browser, root: Browser) -> None:
    assert alice.post(f"{HERE}/check").status == 404
    assert carol.post(f"{HERE}/check").status in {400, 401}
    assert root.visit(f"{HERE}/check").status == 405


def test_what_was_found_stands_on_the_page_and_in_the_log(app: Flask, root: Browser) -> None:
    root.visit(HERE)
    page = root.submit("check")  # in tests the job is done at once, and no server runs here
    assert (page.status, page.location) == (303, HERE)
    page = root.visit(HERE)
    assert "The site doesn’t answer at http://localhost." in page.text
    with app.app_context():
        assert (
            db.session.scalar(select(LogEntry.who).where(LogEntry.what == "setup.check")) == "root"
        )


def test_each_finding_has_its_line(app: Flask, root: Browser) -> None:
    change = Line("/etc/nginx/nginx.conf:7", "client_max_body_size 33m;")
    found = wrong(
        "body.chunk", "A piece of %(size)s <b> is refused.", "Let it.", change, size="1 MB"
    )
    with app.app_context():
        service.save("https://files.example.org", [found])
    page = root.visit(HERE)
    assert "A piece of 1 MB <b> is refused." in page.text
    assert "/etc/nginx/nginx.conf:7" in page.text
    assert "client_max_body_size 33m;" in codes(page)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"at": 1}', '{"at": "x", "url": "", "findings": 5}']
)
def test_what_another_version_kept_is_as_if_there_were_none(
    instance: Path, root: Browser, text: str
) -> None:
    (instance / service.LAST).write_text(text)
    assert root.visit(HERE).status == 200


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "10.0.0.1:6379", "metadata.internal", "example.com", "[fe80::1]"]
)
def test_an_admin_cannot_send_it_into_the_network(app: Flask, host: str) -> None:
    root = as_root(app, Host=host)
    page = root.submit("check")
    assert (page.status, page.location) == (303, "/admin/settings/site")
    with app.app_context():
        assert not service.may_ask(f"http://{host}")
        assert db.session.scalar(select(Job.id).where(Job.kind == service.KIND)) is None


def test_of_another_server_it_tells_nothing_and_follows_it_nowhere(
    start: Callable[..., Flask], instance: Path, elsewhere: tuple[str, list[str]]
) -> None:
    url, asked = elsewhere
    root = as_root(start(PUBLIC_URL=url))
    root.submit("check")
    page = root.visit(HERE)
    assert f"The site doesn’t answer at {url}." in page.text and "302" not in page.text
    assert len(asked) == 1 and "third" not in asked[0]
    kept = json.loads((instance / service.LAST).read_text())
    assert "of the network inside" not in json.dumps(kept)


def test_where_nothing_listens_the_words_are_the_same(start: Callable[..., Flask]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    root = as_root(start(PUBLIC_URL=url))
    root.submit("check")
    assert f"The site doesn’t answer at {url}." in root.visit(HERE).text


def test_only_its_own_address_is_asked(start: Callable[..., Flask]) -> None:
    app = start(
        PUBLIC_URL="https://files.example.org/", TRUSTED_HOSTS=["localhost", "desk.example"]
    )
    with app.app_context():
        assert service.may_ask("https://files.example.org")
        assert service.may_ask("https://desk.example") and service.may_ask("http://127.0.0.1:5000")
        assert not service.may_ask("https://desk.example:6379")
        assert not service.may_ask("http://files.example.org.evil.example")
        assert not service.may_ask("http://0.0.0.0:80")
