"""Every file has an address that changes with its content."""

import re

import pytest
from flask import render_template_string, url_for

A_YEAR = "public, max-age=31536000, immutable"


def test_an_address_carries_a_hash_and_may_be_kept_for_a_year(site):
    assert re.fullmatch(r"/static/css/site\.[0-9a-f]{12}\.css", site.address("css/site.css"))
    answer = site.get("css/site.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == A_YEAR
    assert answer.content_type == "text/css; charset=utf-8"


def test_url_for_gives_the_same_address(site):
    app = site.app()
    with app.test_request_context():
        linked = url_for("static", filename="css/site.css")
    assert linked == site.address("css/site.css", app)


def test_bootstraps_own_links_are_hashed_too(site):
    app = site.app()
    with app.test_request_context():
        links = app.extensions["bootstrap"].load_css() + app.extensions["bootstrap"].load_js()
    found = re.findall(r'(?:href|src)="([^"]+)"', links)
    assert len(found) == 3
    for link in found:
        answer = app.test_client().get(link, buffered=True)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, A_YEAR)


def test_a_changed_file_has_another_address(site):
    before = site.address("css/site.css")
    site.write("css/site.css", "body { color: green }")
    assert site.address("css/site.css") != before


def test_a_changed_picture_changes_the_address_of_the_sheet_that_names_it(site):
    before = [site.address(name) for name in ("css/site.css", "css/bundle.css", "js/a.js")]
    site.write("img/paper.svg", "<svg xmlns='http://www.w3.org/2000/svg'><!-- new --></svg>")
    after = [site.address(name) for name in ("css/site.css", "css/bundle.css", "js/a.js")]
    assert not set(before) & set(after)


def test_the_same_files_have_the_same_address_on_every_node(sites):
    one, two = (site.address("css/bundle.css") for site in sites)
    assert one == two


def test_sheets_and_scripts_name_each_other_by_hashes(site):
    app = site.app()
    assert f"url(../{site.address('img/paper.svg', app)[8:]})" in site.get("css/site.css", app).text
    assert f'from ".{site.address("js/b.js", app)[10:]}"' in site.get("js/a.js", app).text
    assert f'import ".{site.address("js/a.js", app)[10:]}"' in site.get("js/b.js", app).text
    assert f'new URL("../{site.address("img/paper.svg", app)[8:]}"' in site.get("js/b.js", app).text


def test_what_is_no_file_of_ours_stays_as_it_is(site):
    sheet = "a { b: url(data:x,y); c: url('/x.png'); d: url(https://e/x.png); e: url(none.png#f) }"
    site.write("css/other.css", sheet)
    assert site.get("css/other.css").text == sheet


def test_an_unknown_name_is_loud_and_says_what_is_alike(site):
    with pytest.raises(LookupError, match=r"css/sight\.css does not exist; alike: css/site\.css"):
        site.address("css/sight.css")


def test_the_designers_file_wins(site):
    site.write("css/site.css", "body { color: theirs }", theme=True)
    site.write("img/new.png", "new", theme=True)
    assert site.get("css/site.css").text == "body { color: theirs }"
    assert site.get("img/new.png").headers["Cache-Control"] == A_YEAR
    assert "color: theirs" in site.get("css/bundle.css").text
    assert "background: url(../img/paper" not in site.get("css/bundle.css").text


def test_the_theme_may_stand_anywhere(site, tmp_path):
    (tmp_path / "elsewhere/static").mkdir(parents=True)
    (tmp_path / "elsewhere/static/x.txt").write_text("here")
    assert site.get("x.txt", site.app(THEME=str(tmp_path / "elsewhere"))).text == "here"


def test_a_site_below_a_path_links_below_it(site):
    app = site.app()
    with app.test_request_context(base_url="https://example.com/desk/"):
        link = render_template_string("{{ asset('css/site.css') }}")
        assert link == url_for("static", filename="css/site.css")
    assert link.startswith("/desk/static/css/site.")


def test_a_name_of_any_letters_is_found(site):
    site.write("img/纸 1?.txt", "paper")
    assert site.get("img/纸 1?.txt").text == "paper"
