"""/login/oidc - in by another server's word; against a provider that the tests start."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from tests.accounts.provider import CLIENT, SECRET, Provider
from tests.browser import Browser, Page
from tests.conftest import PASSWORD

from frontdesk.accounts import service
from frontdesk.accounts.models import Authenticator, Identity
from frontdesk.audit import LogEntry
from frontdesk.db import db, now, transaction
from frontdesk.settings import BadSetting

NOT_PROVEN = "the company log-in could not confirm who you are. Begin again."
CALLBACK = "/login/oidc/callback"


@pytest.fixture(scope="module")
def _provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture
def provider(_provider: Provider) -> Provider:
    """As good as new."""
    _provider.claims, _provider.described = {}, {}
    _provider.alg, _provider.is_down = "RS256", False
    return _provider


@pytest.fixture
def settings(provider: Provider) -> dict[str, Any]:
    return {
        "OIDC_ISSUER": provider.issuer,
        "OIDC_CLIENT_ID": CLIENT,
        "OIDC_CLIENT_SECRET": SECRET,
        "OIDC_PROVISION": "groups",
        "OIDC_PROVISION_VALUES": ["staff"],
        "OIDC_ADMIN_VALUES": ["chiefs"],
    }


def lead_there(browser: Browser, page: str = "/login", form: str = "oidc") -> str:
    """The address at the provider."""
    browser.visit(page)
    answer = browser.submit(form)
    assert answer.status == 200, answer.text
    address = answer.link("Go on")
    assert answer.response.headers["Refresh"] == f"0; url={address}"
    return address


def log_in(browser: Browser, provider: Provider) -> Page:
    return browser.visit(f"{CALLBACK}?{provider.log_in(lead_there(browser))}")


def link(browser: Browser, provider: Provider) -> Page:
    address = lead_there(browser, "/profile/identities", "link")
    return browser.visit(f"{CALLBACK}?{provider.log_in(address)}")


@pytest.fixture
def linked(alice: Browser, provider: Provider) -> Browser:
    """Alice, whose account at the provider lets her in."""
    assert link(alice, provider).location == "/profile/identities"
    return alice


def is_in(browser: Browser) -> bool:
    return browser.visit("/profile").status == 200


def named(app: Flask, name: str) -> Any:
    with app.app_context():
        member = service.find(name)
        return member and (member.role, member.email, member.email_confirmed_at is not None)


def test_without_a_provider_nothing_is_there(start: Callable[..., Flask]) -> None:
    browser = Browser(start(OIDC_ISSUER="").test_client())
    assert not browser.visit("/login").html.select("#oidc")
    assert browser.post("/login/oidc").status == browser.visit(CALLBACK).status == 404


def test_who_is_linked_comes_in(linked: Browser, carol: Browser, provider: Provider) -> None:
    page = log_in(carol, provider)
    assert (page.status, page.location) == (303, "/hello/")
    assert carol.follow().title == "Hello, alice!"
    assert "by the company log-in" in carol.visit("/profile/sessions").text


def test_it_leads_on_to_where_one_wanted(
    linked: Browser, carol: Browser, provider: Provider
) -> None:
    address = lead_there(carol, "/path/?key=a")
    assert carol.visit(f"{CALLBACK}?{provider.log_in(address)}").location == "/path/?key=a"


def test_a_stranger_to_us_is_told_so(carol: Browser, provider: Provider) -> None:
    provider.claims = {"email": "alice@example.org", "email_verified": True}
    page = log_in(carol, provider)
    assert page.status == 422 and "Nobody here is linked" in page.problems[0]
    assert not is_in(carol)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"exp": 1},
        {"exp": None},
        {"iat": 99_999_999_999},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_worth_nothing(
    linked: Browser, carol: Browser, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    page = log_in(carol, provider)
    assert (page.status, page.problems) == (422, [NOT_PROVEN])
    assert not is_in(carol)


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_a_token_that_nobody_or_everybody_could_sign_is_worth_nothing(
    linked: Browser, carol: Browser, provider: Provider, alg: str
) -> None:
    provider.alg = alg
    page = log_in(carol, provider)
    assert (page.status, page.problems) == (422, [NOT_PROVEN])
    assert not is_in(carol)


def test_a_code_works_once(linked: Browser, carol: Browser, provider: Provider) -> None:
    back = provider.log_in(lead_there(carol))
    assert carol.visit(f"{CALLBACK}?{back}").status == 303
    carol.visit("/logout")
    carol.submit("logout")
    assert carol.visit(f"{CALLBACK}?{back}").status == 422


def test_the_code_of_another_device_is_worth_nothing(
    linked: Browser, carol: Browser, open_browser: Callable[[], Browser], provider: Provider
) -> None:
    """Log-in CSRF: an attacker lures somebody to the address that they were sent back to."""
    back = provider.log_in(lead_there(carol))
    victim = open_browser()
    lead_there(victim)
    assert victim.visit(f"{CALLBACK}?{back}").problems == [NOT_PROVEN]
    assert not is_in(victim)


@pytest.mark.parametrize("query", ["", "code=x", "state=x", "code=x&state=%ff", "error=denied"])
def test_whatever_comes_back_is_answered(carol: Browser, query: str) -> None:
    assert carol.visit(f"{CALLBACK}?{query}").problems == [NOT_PROVEN]
    lead_there(carol)
    assert carol.visit(f"{CALLBACK}?{query}").status == 422


def test_another_issuers_answer_is_refused(
    linked: Browser, carol: Browser, provider: Provider
) -> None:
    back = provider.log_in(lead_there(carol))
    assert carol.visit(f"{CALLBACK}?{back}&iss=https://evil.example").status == 422


def test_the_way_takes_ten_minutes_at_most(
    linked: Browser, carol: Browser, provider: Provider
) -> None:
    back = provider.log_in(lead_there(carol))
    with time_machine.travel(time.time() + 601):
        assert carol.visit(f"{CALLBACK}?{back}").problems == [NOT_PROVEN]


def test_a_provider_that_is_down_is_a_sentence(
    app: Flask, carol: Browser, provider: Provider
) -> None:
    back = provider.log_in(lead_there(carol))
    provider.is_down = True
    assert carol.visit(f"{CALLBACK}?{back}").status in {422, 503}
    app.extensions["openid"].clear()
    carol.visit("/login")
    page = carol.submit("oidc")
    assert page.status == 503 and "can not be reached" in page.problems[0]


@pytest.mark.parametrize(
    "described",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://169.254.169.254/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": None},
    ],
    ids=str,
)
def test_only_the_issuers_own_host_is_asked(
    app: Flask, carol: Browser, provider: Provider, described: dict[str, Any]
) -> None:
    provider.described = described
    carol.visit("/login")
    assert carol.submit("oidc").status == 503


def test_the_second_step_still_stands_between(
    app: Flask, open_browser: Callable[[], Browser], provider: Provider
) -> None:
    if "accounts.second_step" not in app.view_functions:
        app.add_url_rule("/login/second-step", "accounts.second_step", lambda: "")
    alice, carol = open_browser(), open_browser()
    alice.log_in("alice", PASSWORD)
    link(alice, provider)
    with app.app_context(), transaction() as session:
        member = service.find("alice")
        assert member
        session.add(Authenticator(member_id=member.id, sealed="x", confirmed_at=now()))
    page = log_in(carol, provider)
    assert page.status == 303 and "next=" in page.location
    assert not is_in(carol)


@pytest.mark.parametrize("why", ["disabled_at", "waiting_since"])
def test_who_may_not_log_in_may_not_here(
    app: Flask, linked: Browser, carol: Browser, provider: Provider, why: str
) -> None:
    with app.app_context(), transaction():
        setattr(service.find("alice"), why, now())
    page = log_in(carol, provider)
    assert page.status == 422 and "may not log in" in page.problems[0]
    assert not is_in(carol)


@pytest.mark.parametrize(
    ("groups", "role"),
    [(["guests", "staff"], "member"), ("staff", "member"), (["chiefs"], "admin")],
)
def test_a_claim_makes_a_member(
    app: Flask, carol: Browser, provider: Provider, groups: Any, role: str
) -> None:
    about = {"preferred_username": "ada@example.org", "email": "Ada@example.org"}
    provider.claims = {"sub": "new", "groups": groups, "email_verified": True, **about}
    assert log_in(carol, provider).status == 303
    assert named(app, "ada") == (role, "Ada@example.org", True)
    carol.visit("/logout")
    carol.submit("logout")
    assert log_in(carol, provider).status == 303  # and the second time it is the same one
    assert named(app, "ada2") is None


@pytest.mark.parametrize("groups", [["guests"], [], None, "", {"staff": 1}, 7])
def test_without_it_nobody_is_made(
    app: Flask, carol: Browser, provider: Provider, groups: Any
) -> None:
    provider.claims = {"sub": "new", "groups": groups, "preferred_username": "ada"}
    assert log_in(carol, provider).status == 422
    assert named(app, "ada") is None


def test_a_name_that_is_taken_gets_a_number_and_takes_nothing_over(
    app: Flask, carol: Browser, provider: Provider
) -> None:
    provider.claims = {"sub": "new", "groups": ["staff"], "preferred_username": "Alice"}
    provider.claims |= {"email": "unproven@example.org"}
    assert log_in(carol, provider).status == 303
    assert named(app, "alice2") == ("member", "", False)
    assert not carol.visit("/path/").html.select("table")


def test_an_identity_is_one_members(linked: Browser, bob: Browser, provider: Provider) -> None:
    link(bob, provider)
    assert bob.follow().messages == ["That account is linked to another member here."]


def test_linking_twice_is_once(app: Flask, linked: Browser, provider: Provider) -> None:
    assert linked.follow().messages == ["the company log-in is linked: you can log in with it."]
    link(linked, provider)
    with app.app_context():
        assert len(db.session.scalars(select(Identity)).all()) == 1
        found = select(LogEntry.what).where(LogEntry.what.like("identity.%"))
        assert db.session.scalars(found).all() == ["identity.link"]


def test_who_logged_out_on_the_way_links_nothing(
    app: Flask, alice: Browser, provider: Provider
) -> None:
    back = provider.log_in(lead_there(alice, "/profile/identities", "link"))
    alice.client.delete_cookie("frontdesk")
    assert alice.visit(f"{CALLBACK}?{back}").status == 422
    with app.app_context():
        assert not db.session.scalars(select(Identity)).all()


def test_unlinked_it_opens_nothing(linked: Browser, carol: Browser, provider: Provider) -> None:
    linked.visit("/profile").link("Linked accounts")
    linked.visit("/profile/identities")
    address = str(linked.page.html.select_one("#unlink-1")["action"])
    assert linked.submit("unlink-1").status == 303
    assert log_in(carol, provider).status == 422
    assert linked.post(address).status == 404


def test_nobody_elses_can_be_unlinked(linked: Browser, bob: Browser) -> None:
    address = str(linked.visit("/profile/identities").html.select_one("#unlink-1")["action"])
    assert bob.post(address).status == 404
    assert linked.visit("/profile/identities").html.select("#unlink-1")


def test_linking_and_looking_need_fresh_proof(linked: Browser) -> None:
    with time_machine.travel(time.time() + 601):
        assert linked.visit("/profile/identities").location.startswith("/proof")
        assert linked.post("/login/oidc/link").location.startswith("/proof")


def test_wrong_ways_back_are_counted(start: Callable[..., Flask], settings: dict[str, Any]) -> None:
    browser = Browser(start(**settings, LOGIN_TRIES_PER_ADDRESS=2).test_client())
    statuses = [browser.visit(f"{CALLBACK}?code=x&state=y").status for _ in range(3)]
    assert statuses == [422, 422, 429]


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_nobody_is_sent_there_by_a_link(carol: Browser, method: str) -> None:
    assert carol.client.open("/login/oidc", method=method).status_code == 405


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"OIDC_ISSUER": "http://example.org", "OIDC_CLIENT_ID": "x"}, "https://"),
        ({"OIDC_ISSUER": "ftp://localhost", "OIDC_CLIENT_ID": "x"}, "https://"),
        ({"OIDC_ISSUER": "https://example.org"}, "needs OIDC_CLIENT_ID"),
    ],
)
def test_a_wrong_setting_stops_the_start(
    start: Callable[..., Flask], settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadSetting, match=said):
        start(**settings)


def test_without_the_packages_it_says_what_to_install(
    start: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frontdesk.accounts.openid.find_spec", lambda name: None)
    start()
    with pytest.raises(BadSetting, match=r"pip install -r requirements-scale\.txt"):
        start(OIDC_ISSUER="https://example.org", OIDC_CLIENT_ID="x")
