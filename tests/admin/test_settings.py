"""/admin/settings - the admin changes what can be changed, and it holds from the next page on."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from tests.browser import Browser, Page
from tests.conftest import PASSWORD

from frontdesk import mail
from frontdesk.audit import LogEntry
from frontdesk.db import db, now, transaction
from frontdesk.stored_settings import StoredSetting, live
from frontdesk.stored_settings.catalogue import FIXED, SETTINGS

ROOT = Path(__file__).parents[2]
Start = Callable[..., Flask]


def change(browser: Browser, group: str, **answers: Any) -> Page:
    browser.visit(f"/admin/settings/{group}")
    return browser.submit("settings", **answers)


def store(app: Flask, **values: Any) -> None:
    """As another process does it, or another version."""
    with app.app_context(), transaction() as session:
        for name, value in values.items():
            session.merge(StoredSetting(name=name, value=value, changed_at=now()))


def stored(app: Flask) -> dict[str, Any]:
    with app.app_context():
        return {row.name: row.value for row in db.session.scalars(select(StoredSetting))}


def entries(app: Flask) -> list[dict[str, Any]]:
    with app.app_context():
        found = select(LogEntry.facts).where(LogEntry.what == "setting.change")
        return list(db.session.scalars(found.order_by(LogEntry.id)))


def looks_again(app: Flask) -> None:
    """A second passes."""
    live.state(app).looked_at -= 2 * live.EVERY


# The page


def test_the_admins_pages_lead_there(root: Browser) -> None:
    page = root.visit(root.visit("/admin/").link("Settings"))
    assert (page.status, page.title) == (200, "Settings")
    assert "Space of a member 50 GB default" in page.text
    assert root.visit(page.link("Change Space")).title == "Space"


@pytest.mark.parametrize("address", ["/admin/settings", "/admin/settings/space"])
def test_it_is_there_in_chinese(root: Browser, address: str) -> None:
    """Translations that come late are hashed by what they say at that moment."""
    root.client.set_cookie("language", "zh")
    page = root.visit(address)
    assert page.status == 200 and "成员空间" in page.text


@pytest.mark.parametrize("address", ["/admin/settings", "/admin/settings/space"])
def test_for_others_it_is_not_there(alice: Browser, carol: Browser, address: str) -> None:
    assert (alice.visit(address).status, carol.visit(address).status) == (404, 401)


def test_a_member_saves_nothing(app: Flask, alice: Browser) -> None:
    assert alice.post("/admin/settings/space", quota="1 GB").status == 404
    assert alice.post("/admin/settings/space/quota/reset").status == 404
    assert not stored(app)


def test_an_unknown_group_is_not_there(root: Browser) -> None:
    assert root.visit("/admin/settings/nothing").status == 404


def test_a_reset_is_for_forms_only(root: Browser) -> None:
    assert root.visit("/admin/settings/space/quota/reset").status == 405


def test_proof_is_asked_for(app: Flask, root: Browser) -> None:
    with time_machine.travel(now() + timedelta(minutes=11)):
        page = root.visit("/admin/settings/space")
        assert (page.status, page.location) == (303, "/proof?next=/admin/settings/space")
        assert root.post("/admin/settings/space", quota="1 GB").location.startswith("/proof")
    assert not stored(app)


def test_each_setting_of_config_py_can_be_changed_or_has_a_reason_not_to() -> None:
    known: dict[str, Any] = {}
    exec((ROOT / "config.py").read_text(), {}, known)
    assert {name for name in known if name.isupper()} <= SETTINGS.keys() | FIXED.keys()
    assert not SETTINGS.keys() & FIXED.keys()


def test_what_all_depends_on_can_not_be_changed(app: Flask, root: Browser) -> None:
    page = root.visit("/admin/settings")
    assert "DATABASE_URL" in page.text and app.config["SECRET_KEY"] not in page.response.text
    store(app, SECRET_KEY="x" * 40, EXTENSIONS=["os:path"])
    looks_again(app)
    before = app.config["SECRET_KEY"]
    assert root.visit("/admin/settings").status == 200
    assert (app.config["SECRET_KEY"], app.config["EXTENSIONS"]) == (before, [])


# Saving


def test_a_change_holds_at_once_and_is_logged(app: Flask, root: Browser) -> None:
    page = change(root, "space", quota="20 GB")
    assert (page.status, page.location) == (303, "/admin/settings#space")
    page = root.visit("/admin/settings")
    assert page.messages == ["Saved."] and "Space of a member 20 GB changed" in page.text
    assert app.config["QUOTA"] == 20_000_000_000 and stored(app) == {"QUOTA": 20_000_000_000}
    assert entries(app) == [{"setting": "QUOTA", "old": 50_000_000_000, "new": 20_000_000_000}]


def test_saving_what_is_there_changes_nothing(app: Flask, root: Browser) -> None:
    for group in ("site", "login", "space", "uploads", "log"):
        change(root, group)
    assert not stored(app) and not entries(app)
    assert root.visit("/admin/settings").messages[-1] == "Nothing was changed."


def test_the_name_changes_on_every_page_strangers_too(root: Browser, carol: Browser) -> None:
    carol.visit("/login")
    change(root, "site", site_name="Ada’s studio")
    assert carol.visit("/login").html.title.get_text() == "Log in – Ada’s studio"
    assert "Ada’s studio" in root.visit("/admin/settings").html.header.get_text()


def test_back_to_the_default(app: Flask, root: Browser) -> None:
    change(root, "space", quota="20 GB", max_versions="3")
    root.visit("/admin/settings/space")
    page = root.submit("reset-quota")
    assert (page.status, page.location) == (303, "/admin/settings/space")
    assert root.follow().messages == ["It is the default again."]
    assert app.config["QUOTA"] == 50_000_000_000 and stored(app) == {"MAX_VERSIONS": 3}
    assert root.post("/admin/settings/space/quota/reset").status == 303
    assert len(entries(app)) == 3


def test_to_type_the_default_is_the_same(app: Flask, root: Browser) -> None:
    change(root, "space", quota="20 GB")
    change(root, "space", quota="50 GB")
    assert not stored(app)


def test_limits_of_uploads_follow(app: Flask, root: Browser, keep: Callable[..., str]) -> None:
    from frontdesk.files.uploads import resumable

    change(root, "space", max_file_size="5 MB")
    change(root, "uploads", upload_expiry="1 day", min_upload_rate="0")
    with app.app_context():
        found = resumable.uploads.settings
        assert (found.max_size, found.expiry, found.min_rate) == (5_000_000, 86_400.0, 0)
        assert getattr(resumable.store, "expiry", None) == 86_400.0


@pytest.mark.parametrize(
    ("group", "name", "typed", "value"),
    [
        ("space", "quota", "1.5 GB", 1_500_000_000),
        ("space", "quota", "1024", 1024),
        ("space", "quota", "2 GiB", 2 * 1024**3),
        ("space", "quota", "500mb", 500_000_000),
        ("login", "session_idle", "90 minutes", 5_400),
        ("login", "session_idle", "3 天", 259_200),
        ("login", "session_idle", "600", 600),
        ("login", "login_tries", "1,000", 1_000),
        ("site", "trusted_hosts", "localhost\r\n\r\n .example.org ", ["localhost", ".example.org"]),
        ("site", "public_url", "https://files.example.org", "https://files.example.org"),
        ("log", "log_level", "debug", "debug"),
    ],
)
def test_it_is_typed_as_people_write_it(
    app: Flask, root: Browser, group: str, name: str, typed: str, value: object
) -> None:
    assert change(root, group, **{name: typed}).status == 303
    assert stored(app) == {name.upper(): value}


@pytest.mark.parametrize(
    ("group", "name", "typed", "said"),
    [
        ("space", "quota", "", "Enter a size, such as 500 MB or 50 GB"),
        ("space", "quota", "much", "Enter a size, such as 500 MB or 50 GB"),
        ("space", "quota", "-1 GB", "Enter a size, such as 500 MB or 50 GB"),
        ("space", "quota", "5 apples", "Enter a size, such as 500 MB or 50 GB"),
        ("space", "quota", "9" * 400, "Enter 1,000,000 TB or less"),
        ("space", "max_file_size", "0", "Enter 1 byte or more"),
        ("login", "session_idle", "soon", "Enter a time, such as 10 minutes or 14 days"),
        ("login", "session_idle", "1 second", "Enter 5 minutes or more"),
        ("login", "login_tries", "0", "Enter 3 or more"),
        ("login", "login_tries", "many", "Enter a whole number"),
        ("site", "site_name", " ", "Enter it like Studio"),
        ("site", "site_name", "a\nb", "Enter it like Studio"),
        ("site", "site_name", "x" * 61, "Enter it like Studio"),
        ("site", "public_url", "files.example.org", "Enter it like https://files.example.org"),
        ("site", "trusted_hosts", "http://a", "Enter it like files.example.org"),
        ("mail", "mail_from", "nobody", "Enter it like Frontdesk <desk@example.org>"),
        ("mail", "mail_url", "folder:../..", "Enter it like smtp://USER:PASSWORD@HOST:587"),
    ],
)
def test_what_can_not_be_meant_is_said_beside_it(
    app: Flask, root: Browser, group: str, name: str, typed: str, said: str
) -> None:
    page = change(root, group, **{name: typed})
    assert (page.status, page.errors) == (422, {name: said})
    assert not stored(app)


def test_another_choice_is_refused(app: Flask, root: Browser) -> None:
    page = root.post("/admin/settings/log", log_retention="0", log_level="loud", log_format="auto")
    assert page.status == 422 and "log_level" in page.errors
    assert not stored(app)


def test_nobody_locks_themselves_out(app: Flask, root: Browser) -> None:
    page = change(root, "site", trusted_hosts="elsewhere.example")
    assert page.errors == {"trusted_hosts": "Keep localhost among them: it is how you came here."}
    assert app.config["TRUSTED_HOSTS"] is None


# Mail, and secrets


def test_letters_need_all_three(root: Browser) -> None:
    page = change(root, "mail", mail_url="smtp://mail.example.org")
    assert page.status == 422 and "Set all three" in page.errors["mail_url"]


def set_up_mail(root: Browser) -> None:
    change(root, "site", public_url="https://files.example.org")
    answers = {"mail_url": "smtp://ada:hunter22@mail.example.org", "mail_from": "a@example.org"}
    assert change(root, "mail", **answers).status == 303


def test_mail_works_from_then_on(app: Flask, root: Browser) -> None:
    set_up_mail(root)
    with app.app_context():
        assert mail.is_on()
    assert app.config["MAIL_SERVER"] == "mail.example.org"
    assert app.config["MAIL_PASSWORD"] == "hunter22"


def test_a_secret_is_written_and_never_shown(app: Flask, root: Browser, instance: Path) -> None:
    set_up_mail(root)
    for address in ("/admin/settings", "/admin/settings/mail"):
        assert "hunter22" not in root.visit(address).response.text
    assert "Mail server set changed" in root.visit("/admin/settings").text
    assert "hunter22" not in json.dumps([stored(app), entries(app)])
    change(root, "mail", mail_from="b@example.org")
    assert app.config["MAIL_PASSWORD"] == "hunter22"


def test_the_address_stays_as_long_as_letters_need_it(root: Browser, app: Flask) -> None:
    set_up_mail(root)
    root.visit("/admin/settings/site")
    root.submit("reset-public_url")
    assert "Set all three" in root.follow().messages[0]
    assert app.config["PUBLIC_URL"] == "https://files.example.org"


# Files, environment, restarts, other processes


def test_the_database_wins_over_the_files(
    start: Start, instance: Path, open_browser: Callable[[], Browser], root: Browser
) -> None:
    change(root, "space", quota="20 GB")
    (instance / "config.py").write_text("QUOTA = 7\nMAX_VERSIONS = 3")
    config = start().config
    assert (config["QUOTA"], config["MAX_VERSIONS"]) == (20_000_000_000, 3)


def test_the_environment_wins_over_the_database(
    start: Start, root: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(root, "space", quota="20 GB")
    monkeypatch.setenv("FRONTDESK_QUOTA", "5000000")
    app = start()
    assert app.config["QUOTA"] == 5_000_000
    browser = Browser(app.test_client())
    browser.log_in("root", PASSWORD)
    page = browser.visit("/admin/settings/space")
    assert "Space of a member: 5 MB FRONTDESK_QUOTA" in page.text
    assert not page.html.select("[name=quota]")
    browser.post("/admin/settings/space", quota="1 GB")
    assert app.config["QUOTA"] == 5_000_000


def test_what_was_set_is_there_after_a_restart(start: Start, root: Browser) -> None:
    change(root, "log", log_level="warning")
    change(root, "site", site_name="Studio")
    app = start()
    assert (app.config["LOG_LEVEL"], app.config["SITE_NAME"]) == ("warning", "Studio")
    assert "Studio" in Browser(app.test_client()).visit("/login").html.title.get_text()


def test_some_wait_for_a_restart_and_say_so(app: Flask, root: Browser) -> None:
    change(root, "site", trusted_proxies="1")
    assert app.config["TRUSTED_PROXIES"] == 0
    assert "Proxies in front 1 after a restart" in root.visit("/admin/settings").text


def test_another_process_takes_it_on_at_its_next_look(start: Start, root: Browser) -> None:
    other = start()
    stranger = Browser(other.test_client())
    change(root, "site", site_name="Studio")
    looks_again(other)
    assert "Studio" in stranger.visit("/login").html.title.get_text()


def test_it_looks_once_a_second_not_at_each_page(app: Flask, carol: Browser) -> None:
    carol.visit("/login")
    live.state(app).looked_at = before = live.time.monotonic() + 60
    carol.visit("/login")
    assert live.state(app).looked_at == before


@pytest.mark.parametrize(
    "values",
    [
        {"QUOTA": "much"},
        {"QUOTA": -1},
        {"SITE_NAME": None},
        {"REGISTRATION": "perhaps"},
        {"MAIL_URL": {"sealed": "bm9ib2R5IG9wZW5zIHRoaXMgb25lLCBub2JvZHkgYXQgYWxs"}},
        {"MAIL_URL": "smtp://x.example"},
        {"FROM_A_LATER_VERSION": 5},
    ],
)
def test_what_is_stored_wrongly_is_left_out(
    app: Flask, start: Start, values: dict[str, Any]
) -> None:
    store(app, SESSION_IDLE=7_200, **values)
    fresh = start()
    assert fresh.config["SESSION_IDLE"] == 7_200
    assert fresh.config["QUOTA"] == 50_000_000_000 and fresh.config["SITE_NAME"] == "Frontdesk"
    assert not fresh.config["MAIL_URL"]


def test_a_database_that_does_not_answer_changes_nothing(
    app: Flask, carol: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(app, SITE_NAME="Studio")
    monkeypatch.setattr(live, "ROWS", select(LogEntry.id).where(db.text("no_such_column")))
    looks_again(app)
    assert carol.visit("/help").status == 200 and app.config["SITE_NAME"] == "Frontdesk"
