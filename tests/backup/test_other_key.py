"""A backup is restored where SECRET_KEY is another: what is lost is said, and how it comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flask import Flask
from tests.accounts.codes import code_now, give_app
from tests.backup.conftest import Site, empty
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk.backup import restoring
from frontdesk.check import inside
from frontdesk.check.finding import Finding
from frontdesk.db import reading

OTHER = "another key, of 40 letters and 7 signs: #"


def restored(site: Site, tmp_path: Path, **settings: object) -> list[str]:
    """Its notes; the site lies in ``tmp_path``/there."""
    site.back_up(tmp_path / "x.tar")
    with empty(tmp_path / "there", **settings):
        return restoring.restore(tmp_path / "x.tar").notes


def found(app: Flask) -> Finding:
    with app.app_context(), reading():
        return next(one for one in inside.quick() if one.id == "inside.sealed")


def test_who_restores_is_told_and_so_is_who_checks(
    site: Site, start: Callable[..., Flask], tmp_path: Path, alice: Browser
) -> None:
    give_app(site.app, "alice")
    assert found(site.app).level == "ok"
    (note,) = restored(site, tmp_path, SECRET_KEY=OTHER)
    assert "everybody is logged out, and authenticator apps" in note
    assert f"which is now in {tmp_path}/there/secret-key, to SECRET_KEY_FALLBACKS" in note
    app = start(INSTANCE_PATH=str(tmp_path / "there"), SECRET_KEY=OTHER)
    one = found(app)
    assert (one.level, one.facts["lost"]) == ("wrong", 1)
    assert "under another SECRET_KEY" in one.words
    with app.test_client() as client:
        client._cookies = alice.client._cookies
        assert client.get("/profile").status_code == 401
    bob = Browser(app.test_client())
    bob.log_in("bob", PASSWORD)
    assert bob.visit("/profile").status == 200, "passwords are of no key"


def test_with_the_old_key_beside_it_nothing_is_lost(
    site: Site, start: Callable[..., Flask], tmp_path: Path, alice: Browser
) -> None:
    give_app(site.app, "alice")
    keys = {"SECRET_KEY": OTHER, "SECRET_KEY_FALLBACKS": [site.app.config["SECRET_KEY"]]}
    assert restored(site, tmp_path, **keys) == []
    app = start(INSTANCE_PATH=str(tmp_path / "there"), **keys)
    assert found(app).level == "ok"
    with app.test_client() as client:
        client._cookies = alice.client._cookies
        assert client.get("/profile").status_code == 200, "whoever was logged in still is"
    again = Browser(app.test_client())
    again.log_in("alice", PASSWORD)
    again.follow()
    again.submit("second-step", code=code_now())
    assert again.visit("/profile").status == 200
