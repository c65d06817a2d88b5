"""Passkeys in a real Chromium, with an authenticator that its tools pretend to have.

A passkey is bound to a name, so these tests are at http://localhost, on a site of their own, where
each test is somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from secrets import token_hex
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect
from tests.chromium.conftest import PATIENCE
from tests.chromium.people import PASSWORD
from tests.chromium.server import Site, serve
from tests.chromium.watch import Watch

from frontdesk import create_app
from frontdesk.accounts import service
from frontdesk.db import db

ADDING = "/profile/passkeys"
WRONG = "This passkey is not right here. Use another one, or your password."
CANCELLED = "Nothing was confirmed. Try again, or go another way."
Device = Callable[..., "Phone"]


class Phone:
    """A device with a page open, and an authenticator of its own."""

    def __init__(self, context: BrowserContext, who: str, *, synced: bool = False) -> None:
        self.who = who
        self.page: Page = context.new_page()
        self.tools: CDPSession = context.new_cdp_session(self.page)
        self.tools.send("WebAuthn.enable", {"enableUI": False})
        facts = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
            "defaultBackupEligibility": synced,
            "defaultBackupState": synced,
        }
        made = self.tools.send("WebAuthn.addVirtualAuthenticator", {"options": facts})
        self.id = {"authenticatorId": made["authenticatorId"]}

    @property
    def keys(self) -> list[dict[str, Any]]:
        return list(self.tools.send("WebAuthn.getCredentials", self.id)["credentials"])

    def answers(self, *, yes: bool) -> None:
        """Whether the finger is the right one from now on."""
        self.tools.send("WebAuthn.setUserVerified", {**self.id, "isUserVerified": yes})

    def hold(self, key: dict[str, Any]) -> None:
        """Get a passkey from another device, as synced ones do."""
        self.tools.send("WebAuthn.addCredential", {**self.id, "credential": key})

    def log_in(self, then: str = "**/hello/") -> None:
        """Log in with the password, as far as that leads."""
        self.page.goto("/login")
        self.page.get_by_label("Username").fill(self.who)
        self.page.locator("[name=password]").fill(PASSWORD)
        self.page.locator("#login button[type=submit]").click()
        self.page.wait_for_url(then)

    def press(self, words: str) -> None:
        self.page.get_by_role("button", name=words).press(
            "Enter"
        )  # a click hung once in a while, before it was done

    def add(self) -> None:
        self.page.goto(ADDING)
        self.press("Add a passkey")
        self.page.wait_for_url("**/profile/passkeys/*-*")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site by the name that this machine calls itself."""
    folder = tmp_path_factory.mktemp("desk")
    with serve(folder, LOGIN_TRIES_PER_ADDRESS="10000") as running:
        yield replace(running, url=running.url.replace("127.0.0.1", "localhost"))


@pytest.fixture
def member(desk: Site) -> str:
    """Somebody new, who has no passkey yet."""
    name = f"bob-{token_hex(4)}"
    app = create_app({"TESTING": True, "INSTANCE_PATH": str(desk.instance), "MIN_FREE_SPACE": 0})
    with app.test_request_context():
        service.create(name, PASSWORD)
        db.session.remove()
        db.engine.dispose()
    return name


@pytest.fixture
def device(desk: Site, member: str, chromium: Browser) -> Iterator[Device]:
    """Another device at that site. No rule may be broken there, whatever was done with it."""
    opened: list[tuple[BrowserContext, Watch]] = []

    def device(language: str = "en", synced: bool = False, **options: Any) -> Phone:
        context = chromium.new_context(base_url=desk.url, **{"locale": "en-GB"} | options)
        context.set_default_timeout(PATIENCE)
        context.add_cookies([{"name": "language", "value": language, "url": desk.url}])
        opened.append((context, Watch(context, desk.url)))
        return Phone(context, member, synced=synced)

    yield device
    complaints = [said for _, watch in opened for said in watch.complaints]
    for context, _ in opened:
        context.close()
    # Chromium itself tells of each answer that is a no, and of a network that is away.
    assert [said for said in complaints if "Failed to load resource" not in said] == []


def test_a_passkey_is_added_named_and_removed(device: Device) -> None:
    phone = device()
    phone.log_in()
    phone.add()
    assert len(phone.keys) == 1 and phone.keys[0]["isResidentCredential"]
    expect(phone.page.locator("h1")).to_have_text("Name this passkey")
    phone.page.get_by_label("Name").fill("My phone")
    phone.press("Save")
    row = phone.page.locator("#passkeys li")
    expect(row).to_contain_text("My phone")
    expect(row).to_contain_text("on one device")
    row.get_by_role("link", name="Remove").click()
    phone.press("Remove")
    expect(phone.page.locator("#passkeys")).to_have_count(0)
    phone.page.goto("/logout")
    phone.press("Log out")
    phone.page.goto("/login")
    phone.press("Log in with a passkey")
    expect(phone.page.get_by_role("status")).to_have_text(WRONG)


def test_a_synced_one_is_called_so(device: Device) -> None:
    phone = device(synced=True)
    phone.log_in()
    phone.add()
    phone.page.goto(ADDING)
    expect(phone.page.locator("#passkeys")).to_contain_text("synced between your devices")


def test_the_same_device_makes_no_second_one(device: Device) -> None:
    phone = device()
    phone.log_in()
    phone.add()
    phone.page.goto(ADDING)
    phone.press("Add a passkey")
    said = "This device has a passkey for this account already."
    expect(phone.page.get_by_role("status")).to_have_text(said)


def test_the_button_logs_in_and_leads_on(device: Device) -> None:
    phone = device()
    phone.log_in()
    phone.add()
    phone.page.goto("/logout")
    phone.press("Log out")
    phone.page.goto("/profile")
    phone.page.get_by_label("Remember me").check()
    phone.press("Log in with a passkey")
    phone.page.wait_for_url("**/profile")
    expect(phone.page.locator("h1")).to_have_text("Profile")
    remembered = [cookie["name"] for cookie in phone.page.context.cookies()]
    assert "username" in remembered


def test_the_list_below_the_username_logs_in(device: Device) -> None:
    """What Chromium lists there can't be seen by a test: its pretended finger takes the first."""
    phone = device()
    phone.log_in()
    phone.add()
    phone.page.goto("/logout")
    phone.press("Log out")
    phone.page.goto("/login")
    phone.page.get_by_label("Username").click()
    phone.page.wait_for_url("**/hello/")


def test_after_a_password_it_is_the_second_step(device: Device) -> None:
    phone, other = device(), device()
    phone.log_in()
    phone.add()
    other.log_in(then="**/login/second-step**")
    other.hold(phone.keys[0])
    other.press("Use a passkey")
    other.page.wait_for_url("**/hello/")


def test_it_is_a_proof(device: Device) -> None:
    phone = device()
    phone.log_in()
    phone.add()
    phone.page.goto("/proof?next=/profile/tokens")
    phone.press("Use a passkey")
    phone.page.wait_for_url("**/profile/tokens")


def test_whoever_is_not_recognised_reads_a_sentence(device: Device) -> None:
    phone = device()
    phone.log_in()
    phone.answers(yes=False)
    phone.page.goto(ADDING)
    phone.press("Add a passkey")
    expect(phone.page.get_by_role("status")).to_have_text(CANCELLED)
    expect(phone.page.get_by_role("button", name="Add a passkey")).to_be_enabled()
    assert not phone.keys


@pytest.mark.parametrize(
    ("language", "said"), [("en", CANCELLED), ("zh", "没有完成确认。请重试，或者换一种方式。")]
)
def test_whoever_has_none_reads_a_sentence_too(device: Device, language: str, said: str) -> None:
    phone = device(language)
    phone.page.goto("/login")
    phone.page.locator("main p.actions button[type=button]").click()
    expect(phone.page.get_by_role("status")).to_have_text(said)


def test_a_site_that_is_gone_is_said(device: Device) -> None:
    phone = device()
    phone.page.goto("/login")
    phone.page.context.set_offline(True)
    phone.press("Log in with a passkey")
    status = phone.page.get_by_role("status")
    expect(status).to_have_text("The site could not be reached. Try again.")


def test_a_visit_costs_no_request_until_somebody_is_there(device: Device) -> None:
    phone, asked = device(), list[str]()
    phone.page.goto("/")
    phone.page.on("request", lambda request: asked.append(request.url))
    phone.page.goto("/login", wait_until="load")
    assert [url for url in asked if "passkey" in url] == []
    with phone.page.expect_request("**/login/passkey/options"):
        phone.page.get_by_label("Username").focus()


def test_without_javascript_there_is_no_button_and_the_reason_is_said(device: Device) -> None:
    phone = device(java_script_enabled=False)
    phone.page.goto("/login")
    expect(phone.page.get_by_role("button", name="passkey")).to_have_count(0)
    phone.log_in()
    phone.page.goto(ADDING)
    expect(phone.page.get_by_role("button", name="passkey")).to_have_count(0)
    expect(phone.page.locator("#without-passkeys")).to_contain_text("with JavaScript")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_buttons_are_accessible(device: Device, axe: str, scheme: str) -> None:
    phone = device(color_scheme=scheme, bypass_csp=True)
    phone.page.goto("/login")
    pages = ["/login"]
    phone.log_in()
    phone.add()
    for address in (*pages, ADDING, "/proof"):
        phone.page.goto(address)
        phone.page.evaluate(axe)
        found = phone.page.evaluate("axe.run().then((result) => result.violations)")
        assert found == [], address
