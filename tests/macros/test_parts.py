"""Tables, icons, pages, messages and places to go (PAGES 2.3, 19 to 22).

23, static files with hashed addresses, is tested in tests/assets.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask, flash
from flask_wtf.csrf import generate_csrf
from tests.macros.conftest import Show
from werkzeug.routing import BuildError


class State(Enum):
    NEW = "new"


ROWS: list[dict[str, Any]] = [
    {
        "id": 1,
        "name": "<a>.pdf",
        "page": "https://example.com/a",
        "html": "<i>x</i>",
        "state": State.NEW,
    },
    {"id": 2, "name": "b.pdf", "page": "", "html": "", "state": None},
]
TITLES = [("id", "#"), ("name", "Name"), ("page", "Page"), ("html", "Note"), ("state", "State")]
TABLE = """{{ render_table(rows, titles, caption='Files', responsive=true, safe_columns=['html'],
  urlize_columns=['page'], show_actions=true, row_name='name', sort={'name': '/things/a?sort=name'},
  sorted_by=('name', 'ascending'), view_url=('thing', [('id', ':id')]), edit_url='/edit/:id',
  delete_url=('delete', [('id', ':id')]), new_url='/new',
  custom_actions=[('Restore', 'undo', ('things', [('kind', 'lost'), ('id', ':id')]))]) }}"""


class Pages:
    page, prev_num, next_num, has_prev, has_next = 2, 1, 3, True, True

    def iter_pages(self) -> Iterator[int | None]:
        yield from (1, 2, 3, None, 9)


class OnePage:
    page, prev_num, next_num, has_prev, has_next = 1, None, None, False, False

    def iter_pages(self) -> Iterator[int | None]:
        yield 1


def words(tag: Any) -> str:
    return " ".join(tag.get_text(" ", strip=True).split())


@pytest.fixture
def table(show: Show) -> BeautifulSoup:
    return show(TABLE, rows=ROWS, titles=TITLES)


def test_19_every_action_is_a_word_with_the_name_of_its_row(table: BeautifulSoup) -> None:
    actions = [words(a) for a in table.select("tbody tr:first-child .row-actions :is(a, summary)")]
    assert actions == ["Restore <a>.pdf", "View <a>.pdf", "Edit <a>.pdf", "Delete <a>.pdf"]
    for icon in table.select("svg"):
        assert icon["aria-hidden"] == "true" and words(icon.parent)
    assert not table.select("[title]")


def test_19_actions_lead_where_the_row_says(table: BeautifulSoup) -> None:
    links = [a["href"] for a in table.select("tbody tr:first-child .row-actions a")]
    assert links == ["/things/lost?id=1", "/thing/1", "/edit/1"]
    assert table.select_one("thead .btn")["href"] == "/new"


def test_19_deleting_asks_first_and_carries_a_token(table: BeautifulSoup) -> None:
    form = table.select_one("details > form")
    assert (form["action"], form["method"]) == ("/thing/1/delete", "post")
    assert form.select_one("[name=csrf_token]")["value"] == generate_csrf()
    assert words(form.p) == "Delete <a>.pdf?"


def test_19_a_table_has_a_caption_headings_and_says_how_it_is_sorted(table: BeautifulSoup) -> None:
    assert words(table.caption) == "Files"
    sorted_by = table.select_one("th[aria-sort]")
    assert sorted_by["aria-sort"] == "ascending"
    assert sorted_by.a["href"] == "/things/a?sort=name"
    assert [words(th) for th in table.select("tbody th[scope=row]")] == ["1", "2"]


def test_19_on_a_small_screen_each_cell_knows_its_title(table: BeautifulSoup) -> None:
    cells = table.select("tbody tr:first-child > *")
    assert [c["data-label"] for c in cells] == [t for _, t in TITLES] + ["Actions"]
    region = table.section
    assert (region["aria-label"], region["tabindex"]) == ("Files", "0")


def test_19_cells_are_text_unless_the_page_says_otherwise(table: BeautifulSoup) -> None:
    cells = table.select("tbody tr:first-child td")
    assert [words(c) for c in cells[:4]] == ["<a>.pdf", "https://example.com/a", "x", "new"]
    assert cells[1].a and cells[2].i


def test_20_an_icon_is_ours_decoration_and_without_style(show: Show) -> None:
    svg = show("{{ render_icon('bell', '2em', 'danger', classes='big') }}").svg
    assert svg["class"] == ["icon", "text-danger", "big"] and svg["aria-hidden"] == "true"
    assert svg.use.attrs == {"href": "/static/img/icons.svg?hash#bell"}
    assert (svg["width"], svg["height"]) == ("2em", "2em")


def test_20_an_icon_with_a_title_is_a_picture(show: Show) -> None:
    svg = show("{{ render_icon('bell', title='Bell', color='#f00', font=true) }}").svg
    assert svg["role"] == "img" and "aria-hidden" not in svg.attrs
    assert words(svg.title) == "Bell"


def test_21_pages_are_words_and_the_current_one_is_no_link(app: Flask, show: Show) -> None:
    with app.test_request_context("/things/a"):
        page = show(
            "{{ render_pagination(p, endpoint='things', args={'kind': 'a'}, label='Files') }}"
            "{{ render_pager(p, kind='a') }}",
            p=Pages(),
        )
    assert [nav["aria-label"] for nav in page.select("nav")] == ["Files", "Pages"]
    links = page.nav.select("a")
    assert [a["href"] for a in links] == [f"/things/a?page={n}" for n in (1, 1, 3, 9, 3)]
    assert [a.get("aria-label") or words(a) for a in links] == [
        "← Previous", "Page 1", "Page 3", "Page 9", "Next →"]  # fmt: skip
    current = page.select("[aria-current=page]")
    assert [(c.name, words(c)) for c in current] == [("span", "2")]


def test_21_where_there_is_no_page_there_is_no_link(app: Flask, show: Show) -> None:
    with app.test_request_context("/things/a"):
        page = show("{{ render_pagination(p, prev='«') }}{{ render_pager(p) }}", p=OnePage())
    assert not page.select("a")
    assert words(page.li) == "« Previous"


def test_21_arguments_of_the_visitor_stay_but_cannot_change_the_address(
    app: Flask, show: Show
) -> None:
    with app.test_request_context(
        "/things/a?key=x&page=2&_scheme=javascript&_external=1&endpoint=y"
    ):
        page = show("{{ render_pagination(p, fragment='list') }}", p=Pages())
    assert page.a["href"] == "/things/a?key=x&page=1#list"


def test_22_only_bad_news_interrupts_and_dismissing_needs_no_script(show: Show) -> None:
    flash("Saved <b>", "success")
    flash("Not saved", "error")
    page = show("{{ render_messages(container=true, dismissible=true) }}")
    good, bad = page.select(".alert")
    assert (good["role"], bad["role"]) == ("status", "alert")
    assert "alert-success" in good["class"] and "alert-danger" in bad["class"]
    assert good.contents[0] == "Saved <b>"
    assert (words(good.a), good.a["href"]) == ("Close this message", "/login")


def test_22_nothing_is_said_when_nothing_happened(show: Show) -> None:
    assert str(show("{{ render_messages() }}")) == ""


def test_places_to_go_say_where_one_is(app: Flask, show: Show) -> None:
    template = ("{{ render_nav_item('things', 'Things', _use_li=true, _badge=3, kind='a') }}"
                "{{ render_nav_item('thing', 'One', id=1) }}"
                "{{ render_breadcrumb_item('thing', 'One', id=1) }}"
                "{{ render_breadcrumb_item('things', 'Things', kind='a') }}")  # fmt: skip
    with app.test_request_context("/things/a"):
        page = show(template)
    assert [words(c) for c in page.select("[aria-current=page]")] == ["Things 3", "Things"]
    assert [a["href"] for a in page.select("a")] == ["/things/a", "/thing/1", "/thing/1"]


def test_files_of_the_page_have_hashed_addresses(show: Show) -> None:
    page = show(
        "{{ render_static('css', 'a.css') }}{{ render_static('icon', '/b.svg', local=false) }}"
    )
    assert [link["href"] for link in page.select("link")] == ["/static/a.css?hash", "/b.svg"]


def test_an_address_can_be_made_from_a_base(show: Show) -> None:
    assert str(show("{{ arg_url_for('thing', {'id': 1}, id=2, x=3) }}")) == "/thing/2?x=3"


def test_an_unknown_endpoint_is_loud(show: Show) -> None:
    with pytest.raises(BuildError):
        show("{{ render_nav_item('nowhere', 'x') }}")


def test_a_table_takes_its_titles_from_the_records(show: Show) -> None:
    row = SimpleNamespace(
        __table__=SimpleNamespace(columns={"id": 1, "full_name": 2}), id=1, full_name="Ann"
    )
    page = show("{{ render_table(rows) }}", rows=[row])
    assert [words(th) for th in page.select("thead th")] == ["#", "Full Name"]
    assert words(page.td) == "Ann"
