"""Addresses that nobody types, and pages that are kept for many."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("number", [2**63, 10**30])
@pytest.mark.parametrize("rest", ["", "/00000000-0000-0000-0000-000000000007/x"])
def test_a_post_with_a_huge_number_isnt_there(alice, number, rest):
    assert alice.visit(f"/post/{number}{rest}").status == 404


def test_a_query_that_is_not_utf_8_breaks_no_page(app):
    answer = app.test_client().get("/help", environ_overrides={"QUERY_STRING": "a=\xff"})
    assert answer.status_code < 500


def test_the_placeholder_in_an_address_is_no_token(app):
    place = "the%20CSRF%20token%20of%20whoever%20asks"  # as it was written in pages.py
    for address in (f"/hello/{place}", f"/login?next=/{place}"):
        text = app.test_client().get(address).text
        token = text.partition('name="csrf-token" content="')[2].partition('"')[0]
        assert token
        assert f"/{token}" not in text
        assert f"<bdi>{token}" not in text


def test_a_question_mark_in_a_name_is_another_page(app):
    client = app.test_client()
    assert "?foo" in client.get("/hello/%3Ffoo").text
    assert "Hello, World!" in client.get("/hello/?foo?").text


def test_two_visitors_at_a_full_shelf_both_get_their_page(app, monkeypatch):
    """Another thread may empty the shelf between writing a page and taking it."""

    class Emptied(dict):
        def __setitem__(self, key, value):
            pass  # as if another thread had emptied it at once

    app.extensions["shared pages"] = Emptied()
    assert app.test_client().get("/login").status_code == 200


def test_the_site_runs_from_any_folder(start, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert start().test_client().get("/login").status_code == 200


def test_templates_are_not_taken_from_where_the_server_was_started(start, tmp_path, monkeypatch):
    (tmp_path / "templates" / "hello").mkdir(parents=True)
    (tmp_path / "templates" / "hello" / "help.html").write_text("{{ 6 * 7 }} from elsewhere")
    monkeypatch.chdir(tmp_path)
    assert "from elsewhere" not in start().test_client().get("/help").text
