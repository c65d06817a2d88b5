"""/admin/health - how the site is, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from tests.browser import Browser

from frontdesk import jobs
from frontdesk.accounts import service
from frontdesk.audit import LogEntry
from frontdesk.db import db, now, transaction
from frontdesk.files import purge, scrub
from frontdesk.jobs.models import FAILED, WAITING, Job


def add(app: Flask, **facts: Any) -> int:
    with app.app_context(), transaction() as session:
        job = Job(**{"kind": "purge", "subject": "2026-01-01", "state": FAILED} | facts)
        session.add(job)
        session.flush()
        return job.id


def test_the_admins_pages_lead_there(root: Browser) -> None:
    page = root.visit(root.visit("/admin/").links["Health"])
    assert (page.status, page.title) == (200, "Health")
    for words in (
        "SQLite",
        "free",
        "0 waiting, 0 failed",
        "Debugger off",
        "Flask",
        "from 127.0.0.1",
    ):
        assert words in " ".join(page.html.main.get_text(" ").split())


def test_for_others_it_is_not_there(alice: Browser, carol: Browser) -> None:
    assert (alice.visit("/admin/health").status, carol.visit("/admin/health").status) == (404, 401)
    assert alice.post("/admin/health/jobs/1/again").status == 404
    assert alice.post("/admin/health/letter").status == 404


@pytest.mark.parametrize("address", ["/admin/health/jobs/1/again", "/admin/health/letter"])
def test_deeds_are_for_forms_only(root: Browser, address: str) -> None:
    assert root.visit(address).status == 405


def test_the_last_purge_and_what_is_verified_are_told(
    app: Flask, root: Browser, keep: Callable[..., str]
) -> None:
    keep("alice", "a.txt")
    page = root.visit("/admin/health")
    assert "never" in page.text and "1 file, not read again yet" in page.text
    with app.app_context():
        purge.purge()
        scrub.scrub()
    page = root.visit("/admin/health")
    assert "never" not in page.text and "1 file, verified today" in page.text


def test_a_clock_that_went_back_is_told(app: Flask, root: Browser) -> None:
    with app.app_context(), transaction() as session:
        session.add(LogEntry(what="x", at=now() + timedelta(hours=1)))
    assert "the clock went back" in root.visit("/admin/health").text


def test_jobs_that_nobody_does_are_told(app: Flask, root: Browser) -> None:
    add(app, state=WAITING, due_at=now() - timedelta(hours=1))
    assert "Nobody does them" in root.visit("/admin/health").text


def test_a_job_that_failed_is_tried_again(app: Flask, root: Browser) -> None:
    id = add(app, error="OSError: no room")
    page = root.visit("/admin/health")
    assert "OSError: no room" in page.text
    page = root.submit(f"again-{id}")
    assert (page.status, page.location) == (303, "/admin/health")
    with app.app_context():
        assert jobs.state("purge", "2026-01-01") == "done"
        assert db.session.scalar(select(LogEntry.who).where(LogEntry.what == "job.again")) == "root"
    assert "OSError" not in root.visit("/admin/health").text


def test_one_that_did_not_fail_stays_as_it_is(app: Flask, root: Browser) -> None:
    id = add(app, state="done")
    assert root.post(f"/admin/health/jobs/{id}/again").status == 303
    for number in (999, 2**31, 2**63):
        assert root.post(f"/admin/health/jobs/{number}/again").status == 404
    with app.app_context():
        assert jobs.state("purge", "2026-01-01") == "done"


def test_a_key_that_others_can_read_is_told(instance: Path, root: Browser) -> None:
    assert "Others on this machine" not in root.visit("/admin/health").text
    (instance / "secret-key").chmod(0o644)
    assert "Others on this machine" in root.visit("/admin/health").text


def test_a_proxy_that_is_not_believed_is_told(root: Browser) -> None:
    page = root.visit("/admin/health", **{"X-Forwarded-For": "192.0.2.1"})
    assert "A proxy is in front" in page.text


def test_plain_http_from_outside_is_told(root: Browser) -> None:
    assert "Put https in front" not in root.visit("/admin/health").text
    page = root.visit("/admin/health", Host="files.example.org")
    assert page.status == 401 or "Put https in front" in page.text


def test_without_mail_no_letter_is_offered(root: Browser) -> None:
    assert not root.visit("/admin/health").html.select("#letter")
    assert root.post("/admin/health/letter").status == 303


def test_a_test_letter_leaves(start: Callable[..., Flask]) -> None:
    url = "https://files.example.org"
    app = start(MAIL_URL="memory:", MAIL_FROM="desk@example.org", PUBLIC_URL=url)
    with app.app_context(), transaction():
        found = service.find("root")
        assert found
        found.email = "root@example.org"
    browser = Browser(app.test_client())
    browser.log_in("root", "a long enough password")
    browser.visit("/admin/health")
    assert browser.submit("letter").status == 303
    (letter,) = app.extensions["mailman"].outbox
    assert (letter.subject, letter.to) == ("A test letter", ["root@example.org"])


def test_why_a_job_failed_is_said_in_the_readers_language(app: Flask, root: Browser) -> None:
    add(app, error="It is no PNG, JPEG, WebP or GIF, or it is broken.")
    add(app, subject="other", error="OSError: 100% full")
    root.visit("/admin/health", **{"Accept-Language": "zh"})
    said = root.page.html.select_one("#jobs").get_text(" ")
    assert "这不是 PNG" in said
    assert "OSError: 100% full" in said, "what only the machine says stays as it is"
