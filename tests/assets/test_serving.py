"""Each file goes out compressed as the browser likes it, kept as long as its name is true."""

import gzip

import brotli
import pytest

A_YEAR = "public, max-age=31536000, immutable"


def test_what_bootstrap_brings_besides_is_served_as_it_was(site):
    answer = (
        site.app()
        .test_client()
        .get("/bootstrap/static/css/bootswatch/flatly/bootstrap.min.css", buffered=True)
    )
    missing = site.app().test_client().get("/bootstrap/static/nothing.css")
    assert (answer.status_code, missing.status_code) == (200, 404)
    assert "immutable" not in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("accepted", "encoding", "decode"),
    [
        ("", None, bytes),
        ("gzip", "gzip", gzip.decompress),
        ("gzip, deflate, br, zstd", "br", brotli.decompress),
        ("br;q=0, gzip;q=0.5", "gzip", gzip.decompress),
        ("zstd", None, bytes),
    ],
)
def test_each_browser_gets_the_encoding_it_takes(site, accepted, encoding, decode):
    app = site.app()
    plain = site.get("css/bundle.css", app)
    answer = site.get("css/bundle.css", app, accept_encoding=accepted)
    assert answer.headers.get("Content-Encoding") == encoding
    assert decode(answer.data) == plain.data
    assert answer.content_length == len(answer.data)
    assert answer.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert (answer.headers["ETag"] == plain.headers["ETag"]) is (encoding is None)


def test_pictures_are_not_compressed_again(site):
    answer = site.get("img/bell.png", accept_encoding="br, gzip")
    assert "Content-Encoding" not in answer.headers
    assert "Vary" not in answer.headers


def test_a_browser_that_has_it_already_gets_304(site):
    first = site.get("css/bundle.css", accept_encoding="br")
    again = site.get("css/bundle.css", accept_encoding="br", if_none_match=first.headers["ETag"])
    other = site.get("css/bundle.css", accept_encoding="gzip", if_none_match=first.headers["ETag"])
    assert (again.status_code, again.data, other.status_code) == (304, b"", 200)
    assert again.headers["Cache-Control"] == A_YEAR
    assert again.headers["Vary"] == "Accept-Encoding"


def test_head_tells_the_length_alone(site):
    app = site.app()
    answer = app.test_client().head(site.address("css/site.css", app))
    assert answer.data == b""
    assert answer.content_length == len(site.get("css/site.css").data)


def test_a_hash_of_another_version_gets_todays_file_but_may_not_keep_it(site):
    client = site.app().test_client()
    for name in ("css/site.000000000000.css", "css/site.css"):
        answer = client.get(f"/static/{name}", buffered=True)
        assert answer.data == site.get("css/site.css").data
        assert answer.headers["Cache-Control"] == "public, no-cache"


def test_a_file_whose_own_name_looks_hashed_is_itself(site):
    site.write("js/vendor.0123456789ab.js", "1")
    site.write("js/vendor.js", "2")
    client = site.app().test_client()
    assert client.get("/static/js/vendor.0123456789ab.js").text == "1"


@pytest.mark.parametrize(
    "name",
    [
        "nothing.css",
        ".secret",
        ".git/config",
        "../instance/theme/static/x",
        "%2e%2e/x",
        "css",
        "css/",
        "link.css",
    ],
)
def test_what_is_not_a_plain_file_in_the_folder_does_not_exist(site, name):
    (site.static / "link.css").symlink_to(site.static / "css/site.css")
    (site.static / "more").symlink_to(site.static / "css")
    client = site.app().test_client()
    assert client.get(f"/static/{name}").status_code == 404
    assert client.get("/static/more/site.css").status_code == 404


def test_a_picture_for_the_tab_is_there_when_a_browser_asks_by_itself(site):
    assert site.app().test_client().get("/favicon.ico").status_code == 404
    site.write("img/bell.svg", "<svg/>")
    answer = site.app().test_client().get("/favicon.ico", buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert answer.headers["Cache-Control"] == "public, max-age=86400"


def test_a_big_file_can_be_had_in_parts(site):
    site.write("img/film.bin", "x" * 2_000_000 + "end")
    answer = site.get("img/film.bin", range="bytes=2000000-")
    assert (answer.status_code, answer.data) == (206, b"end")
    assert site.get("img/film.bin").content_length == 2_000_003
