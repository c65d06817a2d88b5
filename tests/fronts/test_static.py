"""Static files, ours and the theme's: kept for a year, compressed, and none of the site's work."""

from __future__ import annotations

import gzip
import time

import pytest
from tests.fronts.front import Front, behind
from tests.fronts.furnished import THEMED
from tests.serve.answer import Answer
from tests.serve.conftest import PATIENCE

A_YEAR = "public, max-age=31536000, immutable"


def sheet(front: Front) -> str:
    """What the pages link, at its hashed address."""
    page = front.guest().ask("GET", "/login").html
    return str(page.select_one("link[rel=stylesheet]")["href"])


def themed(front: Front) -> str:
    (path,) = (front.folder / "instance/assets/static/css").glob("themed.????????????.css")
    return f"/static/css/{path.name}"


def compressed(front: Front, address: str, encoding: str) -> Answer:
    """The site makes these beside its first requests, so a fresh one may not have them yet."""
    until = time.monotonic() + PATIENCE
    while True:
        answer = front.guest().ask("GET", address, Accept_Encoding=f"deflate, {encoding}, zstd")
        if "Content-Encoding" in answer.headers or time.monotonic() > until:
            return answer
        time.sleep(0.1)


def test_a_sheet_is_kept_for_a_year_and_comes_compressed(front: Front) -> None:
    guest, address = front.guest(), sheet(front)
    plain = guest.ask("GET", address)
    zipped = compressed(front, address, "gzip")
    refused = guest.ask("GET", address, Accept_Encoding="gzip;q=0")
    assert plain.status == zipped.status == 200
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.body) == plain.body == refused.body
    for answer in (plain, zipped):
        assert answer.headers.get_all("Cache-Control") == [A_YEAR]
        assert answer.headers.get_all("Content-Type") == ["text/css; charset=utf-8"]
        assert answer.headers.get_all("Vary") == ["Accept-Encoding"]
        assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]
        assert "Set-Cookie" not in answer.headers
    assert plain.headers["ETag"] != zipped.headers["ETag"]
    again = guest.ask("GET", address, If_None_Match=plain.headers["ETag"])
    assert (again.status, again.body) == (304, b"")


def test_brotli_goes_to_who_takes_it(front: Front) -> None:
    answer = compressed(front, sheet(front), "gzip, br")
    assert answer.headers["Content-Encoding"] == "br"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"


def test_scripts_and_pictures_have_their_types(front: Front) -> None:
    page = front.guest().ask("GET", "/login").html
    script = str(page.select_one("script[src]")["src"])
    icon = str(page.select_one("link[rel=icon]")["href"])
    for address, kind in ((script, "text/javascript; charset=utf-8"), (icon, "image/svg+xml")):
        for answer in (front.guest().ask("GET", address), compressed(front, address, "gzip")):
            assert answer.status == 200
            assert answer.headers["Content-Type"].startswith(kind)
            assert answer.headers["Cache-Control"] == A_YEAR


def test_the_themes_files_come_the_same_way(front: Front) -> None:
    answer = front.guest().ask("GET", themed(front))
    assert (answer.status, answer.body) == (200, THEMED)
    assert answer.headers["Cache-Control"] == A_YEAR


def test_another_versions_name_gets_todays_file_but_may_not_be_kept(front: Front) -> None:
    answer = front.guest().ask("GET", "/static/css/themed.0123456789ab.css")
    assert (answer.status, answer.body) == (200, THEMED)
    assert answer.headers["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize(
    "name",
    [
        "nothing.0123456789ab.css",
        "../frontdesk.db",
        "%2e%2e/%2e%2e/secret-key",
        "css/",
        ".git/config",
    ],
)
def test_nothing_else_is_there(front: Front, name: str) -> None:
    assert front.guest().ask("GET", f"/static/{name}").status in {400, 404}


@behind
def test_they_come_while_the_site_stands_still(front: Front) -> None:
    addresses = [sheet(front), themed(front)]
    with front.site_halted():
        for address in addresses:
            for accepted in ("", "gzip"):
                answer = front.guest().ask("GET", address, Accept_Encoding=accepted)
                assert answer.status == 200
