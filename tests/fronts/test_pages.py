"""Pages through each combination: log-in, cookies, methods, and the site's own words for a no."""

from __future__ import annotations

import pytest
from tests.fronts.front import Front
from tests.fronts.guest import Guest


def test_a_page_comes_with_the_headers_that_guard_it(front: Front) -> None:
    answer = front.guest().ask("GET", "/login")
    assert (answer.status, answer.title) == (200, "Log in")
    assert answer.headers.get_all("Content-Security-Policy")[0].startswith("default-src 'none'")
    for name in ("X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy"):
        assert len(answer.headers.get_all(name)) == 1, f"{name} once, not by the front server too"
    assert answer.headers["Cache-Control"] == "no-store"
    assert ("Strict-Transport-Security" in answer.headers) is bool(front.certificate)


def test_who_logs_in_gets_a_cookie_that_is_bound_to_the_host(front: Front) -> None:
    guest = front.guest()
    guest.log_in()
    assert guest.ask("GET", "/hello/").title == "Hello, alice!"
    answer = front.guest().ask("GET", "/login")
    (line,) = answer.headers.get_all("Set-Cookie")
    if front.certificate:
        assert line.startswith("__Host-frontdesk=")
        assert {"Secure", "Path=/", "HttpOnly", "SameSite=Lax"} <= set(line.split("; "))
        assert "Domain" not in line
    else:
        assert line.startswith("frontdesk=") and "Secure" not in line


def test_what_is_missing_has_the_sites_own_page(front: Front, alice: Guest) -> None:
    answer = alice.ask("GET", "/nowhere")
    assert (answer.status, answer.title) == (404, "Page not found")
    answer = alice.ask("GET", "/nowhere", Accept="application/json")
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("method", ["PROPFIND", "MKCOL", "LOCK", "MOVE", "TRACE", "REPORT"])
def test_methods_of_other_services_are_refused(front: Front, method: str) -> None:
    assert front.guest().ask(method, "/hello/").status == 405
