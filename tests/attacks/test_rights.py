"""What is not one's own is not there: at each address with an id, at each of the admin's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from tests.accounts.codes import code_now, give_app
from tests.attacks.cast import WITH_MAIL, csrf, give_address
from tests.browser import Browser
from tests.conftest import PASSWORD
from tests.routes import addresses

from frontdesk.accounts import invites, recovery, service, tokens
from frontdesk.accounts.models import (
    Identity,
    Invite,
    LoginSession,
    Member,
    Passkey,
    Token,
    TrustedDevice,
)
from frontdesk.db import db, transaction

Open = Callable[[], Browser]


@pytest.fixture
def settings() -> dict[str, Any]:
    return {**WITH_MAIL, "REGISTRATION": "open", "MEMBERS_MAY_INVITE": True}


def test_no_admins_address_is_there_for_a_member_by_any_method(app: Flask, alice: Browser) -> None:
    token, asked = csrf(alice), 0
    for endpoint, _, address in addresses(app):
        if not endpoint.startswith("admin."):
            continue
        for named in (address, address.replace("/ada", "/root")):
            for method in ("GET", "HEAD", "POST"):
                data, headers = {"csrf_token": token}, {"X-CSRFToken": token}
                answer = alice.client.open(named, method=method, data=data, headers=headers)
                assert answer.status_code in {404, 405}, (method, named)
                asked += answer.status_code == 404
    assert asked > 60


@pytest.fixture
def hers(app: Flask, open_browser: Open) -> dict[str, UUID]:
    """Something of each kind that Alice has, by what addresses call it."""
    give_app(app, "alice")
    browser = open_browser()
    browser.log_in("alice", PASSWORD)
    browser.follow()
    browser.submit("second-step", code=code_now(), trust=True)
    with app.test_request_context("/"):
        alice = service.find("alice")
        assert alice
        ids = {name: uuid4() for name in ("token_id", "invite_id", "passkey_id", "identity_id")}
        tokens.create(alice.id, ids["token_id"], "hers", "write", None)
        root = service.find("root")
        assert root
        with transaction() as session:
            key = {"credential_id": b"k", "public_key": b"k", "name": "hers"}
            session.add(Passkey(id=ids["passkey_id"], member_id=alice.id, **key))
            who = {"issuer": "https://id.example", "subject": "1"}
            session.add(Identity(id=ids["identity_id"], member_id=alice.id, **who))
            terms = invites.Terms()
            session.add(
                Invite(
                    id=ids["invite_id"],
                    token_hash="x",
                    created_by=alice.id,
                    expires_at=alice.created_at.replace(year=2099),
                    email=terms.email,
                    role=terms.role,
                    most_uses=1,
                )
            )
        mine = select(LoginSession.id).where(LoginSession.member_id == alice.id)
        ids["session_id"] = db.session.scalars(mine).one()
        ids["device_id"] = db.session.scalars(select(TrustedDevice.id)).one()
        return ids


KINDS = (Token, Invite, Passkey, Identity, LoginSession, TrustedDevice)


def rows(app: Flask) -> list[tuple[str, ...]]:
    """All that is Alice's, whole."""
    with app.app_context():
        return [
            (kind.__name__, *(str(getattr(row, column.key)) for column in kind.__table__.columns))
            for kind in KINDS
            for row in db.session.scalars(select(kind).order_by(kind.id))
            if getattr(row, "member_id", None) != _bob()
        ]


def _bob() -> UUID:
    bob = service.find("bob")
    assert bob
    return bob.id


def test_another_members_ids_are_not_there(app: Flask, hers: dict[str, UUID], bob: Browser) -> None:
    before, token, asked = rows(app), csrf(bob), set()
    for rule in app.url_map.iter_rules():
        named = rule.arguments & hers.keys()
        if not named or not rule.endpoint.startswith("profile."):
            continue
        urls = app.url_map.bind("localhost")
        address = urls.build(rule.endpoint, {name: hers[name] for name in named})
        for method in (rule.methods or set()) - {"OPTIONS"}:
            data = {"csrf_token": token, "name": "mine now"}
            answer = bob.client.open(address, method=method, data=data)
            said = answer.status_code, answer.headers.get("Location")
            # Where twice is once, what is not there is as if it had been ended already.
            assert said[0] == 404 or (method == "POST" and said[0] == 303), (method, address, said)
            asked |= named
    assert asked == hers.keys()
    assert rows(app) == before


ODD = [
    "1",
    "0",
    "-1",
    "9" * 400,
    "0" * 36,
    "%00",
    "..%2f..",
    "a" * 5000,
    "%F0%9F%92%A9",
    "' OR 1=1",
]


@pytest.mark.parametrize("odd", ODD)
def test_an_id_that_is_none_is_not_there(app: Flask, alice: Browser, odd: str) -> None:
    token = csrf(alice)
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("profile.") and "<uuid:" in rule.rule:
            before, _, rest = rule.rule.partition("<uuid:")
            address = before + odd + rest.partition(">")[2]
            for method in ("GET", "POST"):
                answer = alice.client.open(address, method=method, data={"csrf_token": token})
                assert answer.status_code in {404, 405}, (method, address)


MORE = {
    "role": "admin",
    "is_admin": "1",
    "quota": "999999999999",
    "used": "0",
    "email_confirmed_at": "2026-01-01 00:00:00",
    "email_key": "root@post.example",
    "waiting_since": "",
    "disabled_at": "",
    "leaves_at": "",
    "password_hash": "x",
    "password_at": "",
    "username_key": "root",
    "member_id": "00000000-0000-0000-0000-000000000001",
    "id": "00000000-0000-0000-0000-000000000001",
}


def facts(app: Flask, name: str) -> dict[str, str]:
    with app.app_context():
        found = service.find(name)
        assert found
        return {column.key: str(getattr(found, column.key)) for column in Member.__table__.columns}


def test_no_form_takes_more_than_it_asks(app: Flask, alice: Browser) -> None:
    """Every form of the profile, sent whole with every other fact of a member beside its own."""
    give_address(app, "alice", "alice@post.example")
    before = facts(app, "alice")
    for address in ("/profile", "/profile/time-zone", "/profile/notifications", "/profile/address"):
        alice.visit(address)
        form = next(f for f in alice.page.html.select("main form") if f.get("method") == "post")
        sent = alice._filled_in(form).to_dict() | MORE | {"email": "new@post.example"}
        kind = str(form.get("enctype") or "application/x-www-form-urlencoded")
        done = alice.client.post(address, data=sent, content_type=kind, headers=alice._whence())
        assert done.status_code == 303, address
    own = {"display_name", "about", "theme", "language", "timezone", "silent"}
    after = facts(app, "alice")
    assert {k: v for k, v in after.items() if k not in own} == {
        k: v for k, v in before.items() if k not in own
    }


def test_who_registers_is_a_member_who_waits(app: Flask, carol: Browser) -> None:
    said = {"username": "dora", "email": "dora@post.example", "password": PASSWORD}
    assert carol.post("/register", **(MORE | said)).status == 303
    dora = facts(app, "dora")
    assert (dora["role"], dora["quota"], dora["email_confirmed_at"]) == ("member", "None", "None")
    assert dora["waiting_since"] != "None" and dora["username_key"] == "dora"


def test_a_recovery_code_is_its_members(app: Flask, open_browser: Open) -> None:
    codes = give_app(app, "alice")
    give_app(app, "bob")
    with app.app_context():
        assert recovery.left(_bob()) == 10
    browser = open_browser()
    browser.log_in("bob", PASSWORD)
    browser.visit("/login/second-step?by=recovery")
    assert browser.submit("second-step", code=codes[0]).status == 422
