"""security.py - what every answer carries, and no form that another site sends is obeyed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, Response
from tests.browser import Browser
from tests.conftest import PASSWORD
from tests.routes import changing

from frontdesk.access import public

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
NOT_OURS = [
    {"Origin": "null"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:8080"},
    {"Origin": "http://["},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
]


@pytest.fixture
def settings() -> dict[str, object]:
    return {"PROPAGATE_EXCEPTIONS": False}


@pytest.fixture
def anywhere(app: Flask, root: Browser) -> Callable[..., dict[str, int]]:
    """Posts to every route that changes something, as the admin; what each answered."""

    def send(token: str | None, **headers: str) -> dict[str, int]:
        data = {} if token is None else {"csrf_token": token}
        return {
            f"{method} {address}": root.client.open(
                address, method=method, data=dict(data), headers=headers
            ).status_code
            for _, method, address in changing(app)
        }

    return send


def token_of(browser: Browser) -> str:
    meta = browser.visit("/help").html.select_one("meta[name=csrf-token]")
    assert meta
    return str(meta["content"])


def refusals(answers: dict[str, int]) -> set[int]:
    assert len(answers) >= 8
    return set(answers.values())


def test_no_route_obeys_a_form_without_a_token(anywhere: Callable[..., dict[str, int]]) -> None:
    assert refusals(anywhere(None)) == {400}


def test_no_route_obeys_a_token_of_somebody_else(
    anywhere: Callable[..., dict[str, int]], carol: Browser
) -> None:
    assert refusals(anywhere(token_of(carol))) == {400}


@pytest.mark.parametrize("header", NOT_OURS)
def test_no_route_obeys_a_form_from_elsewhere(
    anywhere: Callable[..., dict[str, int]], root: Browser, header: dict[str, str]
) -> None:
    assert refusals(anywhere(token_of(root), **header)) == {400}


def test_a_made_up_authorization_lifts_nothing(anywhere: Callable[..., dict[str, int]]) -> None:
    assert refusals(anywhere(None, Authorization="Bearer made-up")) <= {400, 401}


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_our_own_forms_are_obeyed(alice: Browser, header: dict[str, str]) -> None:
    """The tests above can fail: with the right token and origin the same posts get through."""
    data = {"csrf_token": token_of(alice), "theme": "dark"}
    assert alice.client.post("/theme", data=data, headers=header).status_code == 303


def test_a_token_in_the_header_serves_scripts(alice: Browser) -> None:
    headers = {"X-CSRFToken": token_of(alice)}
    assert alice.client.post("/theme", data={"theme": "dark"}, headers=headers).status_code == 303


def test_nobody_is_logged_in_from_elsewhere(carol: Browser) -> None:
    carol.visit("/login")
    answers = {"username": "alice", "password": PASSWORD}
    page = carol.submit("login", headers={"Origin": "https://evil.example"}, **answers)
    assert page.status == 400
    assert carol.visit("/profile").status == 401


def test_a_page_of_another_site_gets_no_button_to_send_again(alice: Browser) -> None:
    data = {"theme": "dark", "csrf_token": "wrong"}
    headers = {"Sec-Fetch-Site": "cross-site"}
    page = alice._read(alice.client.post("/theme", data=data, headers=headers))
    assert page.title == "Your page was open too long"
    assert not page.html.select("#again")


def answers_of_all_kinds(app: Flask, alice: Browser, carol: Browser) -> list[Response]:
    def crash() -> str:
        raise RuntimeError

    app.add_url_rule("/crash", "crash", public(crash))
    sheet = carol.visit("/login").html.select_one("link[rel=stylesheet]")["href"]
    asked = [alice.client.get(a) for a in ("/hello/", "/profile", "/me", "/user/ada", "/nowhere")]
    asked += [carol.client.get(a, buffered=True) for a in ("/", "/profile", "/crash", sheet)]
    asked += [carol.client.get("/favicon.ico", buffered=True), carol.client.get("/health")]
    asked += [carol.client.get("/me"), carol.client.put("/login"), carol.client.post("/login")]
    asked += [carol.client.post("/login", data={"csrf_token": token_of(carol)})]
    asked += [
        carol.client.head("/"),
        carol.client.options("/login"),
        carol.client.get("/bootstrap/static/x"),
    ]
    return asked


def test_every_answer_carries_the_headers(app: Flask, carol: Browser) -> None:
    alice = Browser(app.test_client())
    responses = answers_of_all_kinds(app, alice, carol)
    seen = {response.status_code for response in responses}
    assert {200, 302, 400, 401, 404, 405, 422, 500} <= seen
    for response in responses:
        assert response.headers["Content-Security-Policy"] == POLICY, response.request.path
        assert ALWAYS.items() <= dict(response.headers).items(), response.request.path
        assert "Access-Control-Allow-Origin" not in response.headers
        assert "Strict-Transport-Security" not in response.headers  # this is plain http


def test_what_shows_people_is_never_kept(alice: Browser, carol: Browser) -> None:
    """Neither by the browser nor by a proxy: after logging out, Back shows nothing."""
    for address in ("/hello/", "/profile", "/me", "/users", "/path/", "/login", "/nowhere"):
        assert alice.client.get(address).headers["Cache-Control"] == "no-store", address
    sheet = carol.visit("/login").html.select_one("link[rel=stylesheet]")["href"]
    assert "immutable" in carol.visit(sheet).response.headers["Cache-Control"]


def test_a_host_that_is_not_ours_gets_no_page(start: Callable[..., Flask]) -> None:
    client = start(TRUSTED_HOSTS=["frontdesk.example"]).test_client()
    assert client.get("/login", base_url="http://frontdesk.example").status_code == 200
    response = client.get("/login", base_url="http://evil.example")
    assert response.status_code == 400
    assert response.headers["Content-Security-Policy"] == POLICY


class TestOverHttps:
    """The same site, asked by https."""

    @pytest.fixture
    def settings(self) -> dict[str, object]:
        return {"PREFERRED_URL_SCHEME": "https"}  # what the test client speaks

    def test_the_browser_is_told_to_stay_on_it(self, carol: Browser) -> None:
        header = carol.visit("/login").response.headers["Strict-Transport-Security"]
        assert int(header.split("=")[1].split(";")[0]) >= 63_072_000

    def test_cookies_are_bound_to_the_host_and_to_https(self, carol: Browser) -> None:
        carol.visit("/login")
        page = carol.submit("login", username="alice", password=PASSWORD, remember=True)
        cookies = page.response.headers.getlist("Set-Cookie")
        assert {cookie.split("=")[0] for cookie in cookies} == {
            "__Host-device",
            "__Host-frontdesk",
            "__Host-username",
        }
        for cookie in cookies:
            assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
            assert "Domain" not in cookie

    def test_a_cookie_without_the_prefix_is_not_believed(self, app: Flask, alice: Browser) -> None:
        """Any neighbour under the same domain, or plain http, can set those."""
        mine = alice.client.get_cookie("__Host-frontdesk")
        assert mine
        client = app.test_client()
        client.set_cookie("frontdesk", mine.value)
        assert client.get("/profile").status_code == 401


def test_cookies_work_on_plain_http_too(carol: Browser) -> None:
    page = carol.log_in("alice", PASSWORD)
    cookies = page.response.headers.getlist("Set-Cookie")
    assert any(cookie.startswith("frontdesk=") for cookie in cookies)
    for cookie in cookies:
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert "Secure" not in cookie


def test_static_files_are_the_same_for_everybody(alice: Browser) -> None:
    sheet = str(alice.visit("/help").html.select("link[rel=stylesheet]")[0]["href"])
    answer = alice.client.get(sheet, buffered=True)
    assert answer.headers["Vary"] == "Accept-Encoding" and "Set-Cookie" not in answer.headers
