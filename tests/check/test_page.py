"""/admin/health beside a real server: its own job goes to its own address."""

from __future__ import annotations

import time

import pytest
from tests.check.conftest import Sites
from tests.serve.conftest import PASSWORD, Visitor

from frontdesk.accounts import service as accounts

pytestmark = pytest.mark.server


def test_an_admin_has_the_set_up_tested(sites: Sites) -> None:
    with sites.app.app_context():
        accounts.create("alice", PASSWORD, is_admin=True)
    alice = Visitor(sites.port("embedded"))  # it believes a proxy, and none is there
    alice.log_in()
    assert alice.submit("/admin/health", "check").status == 303
    until = time.monotonic() + 40
    while "FRONTDESK_TRUSTED_PROXIES=0" not in (
        text := alice.ask("GET", "/admin/health").html.text
    ):
        assert time.monotonic() < until, text
        time.sleep(0.2)
    assert "Anybody can choose the address that the site sees" in text
    assert "are well" in text
