"""/logout - GET asks, POST lets out."""

from __future__ import annotations

from tests.browser import Browser


def test_asking_changes_nothing(alice: Browser) -> None:
    assert alice.visit("/logout").title == "Log out?"
    assert alice.visit("/profile").status == 200


def test_it_lets_a_member_out(alice: Browser) -> None:
    alice.visit("/logout")
    page = alice.submit("logout")
    assert (page.status, page.location) == (303, "/")
    assert "You are not logged in" in alice.follow().text
    assert alice.visit("/profile").status == 401


def test_it_clears_what_the_browser_kept(alice: Browser) -> None:
    alice.visit("/logout")
    assert '"storage"' in alice.submit("logout").response.headers["Clear-Site-Data"]


def test_a_stranger_goes_to_the_start(carol: Browser) -> None:
    page = carol.visit("/logout")
    assert (page.status, page.location) == (303, "/")


def test_a_second_tab_may_log_out_again(alice: Browser) -> None:
    alice.visit("/logout")
    first = alice.page
    alice.submit("logout")
    alice.page = first
    assert alice.submit("logout").status in {303, 400}
