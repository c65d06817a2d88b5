"""The copies in instance/assets: made at once by many, thrown away at will, seen by web servers."""

import gzip
import os
import subprocess
import sys
import time
from errno import ENOSPC
from pathlib import Path

import brotli
import pytest

from frontdesk import assets
from frontdesk.assets import compress, shelf


def test_an_edit_shows_at_once_in_debug_and_not_in_production(site):
    for debug in (False, True):
        app = site.app()
        app.debug = debug
        before = site.address("css/bundle.css", app)
        os.utime(site.write("css/tokens.css", f":root {{ --debug: {debug} }}"), ns=(1, debug))
        os.utime(site.write("css/extra.css", "new"), ns=(1, debug))
        assert (site.address("css/bundle.css", app) != before) is debug
        found = app.test_client().get("/static/css/extra.css", buffered=True).status_code
        assert found == (200 if debug else 404)
        (site.static / "css/extra.css").unlink()


def test_the_site_goes_on_when_somebody_empties_its_cache(site):
    app = site.app()
    before = site.get("css/site.css", app, accept_encoding="br").data
    for path in shelf.walk(site.instance / "assets").values():
        path.unlink()
    assert site.get("css/site.css", app, accept_encoding="br").data == before


def test_what_a_full_disk_does_not_take_is_served_and_written_when_there_is_room(site, monkeypatch):
    def fill(*_):
        raise OSError(ENOSPC, os.strerror(ENOSPC))

    site.write("css/new.css", "a { color: red }" * 50)
    with monkeypatch.context() as full:
        full.setattr(compress, "write", fill)
        app = site.app()
        before = [site.get("css/new.css", app, accept_encoding=name).data for name in ("", "br")]
        assert not list((site.instance / "assets").rglob("new.*"))
    assert [site.get("css/new.css", app, accept_encoding=n).data for n in ("", "br")] == before
    assert len(list((site.instance / "assets").rglob("new.*"))) == 2
    assert brotli.decompress(before[1]) == before[0] == b"a { color: red }" * 50


def test_copies_that_a_power_cut_left_empty_are_made_again(site):
    before = site.get("css/bundle.css", accept_encoding="gzip").data
    for path in shelf.walk(site.instance / "assets").values():
        path.write_bytes(b"")
    assert site.get("css/bundle.css", accept_encoding="gzip").data == before


def test_prepared_files_stand_compressed_for_a_web_server(site):
    app = site.app()
    assets.prepare(app)
    name = site.address("css/bundle.css", app).removeprefix("/static/")
    plain = site.instance / "assets/static" / name
    assert gzip.decompress(Path(f"{plain}.gz").read_bytes()) == plain.read_bytes()
    assert brotli.decompress(Path(f"{plain}.br").read_bytes()) == plain.read_bytes()


def test_what_is_old_and_not_linked_any_more_goes_away(site):
    assets.prepare(site.app())
    made = site.instance / "assets/static"
    kept = set(shelf.walk(made))
    for name, age in (("css/site.aaaaaaaaaaaa.css.br", 2), ("css/site.bbbbbbbbbbbb.css", 0)):
        (made / name).write_text("another version")
        os.utime(made / name, times=(0, time.time() - age * 24 * 60 * 60))
    assets.prepare(site.app())
    assert set(shelf.walk(made)) == kept | {"css/site.bbbbbbbbbbbb.css"}


START = """
from flask import Flask
from flask_bootstrap import Bootstrap5
from frontdesk import assets
app = Flask("site", static_folder={static!r}, instance_path={instance!r})
Bootstrap5(app)
assets.init_app(app)
print("ready", flush=True)
input()
assets.prepare(app)
with app.test_request_context():
    print(app.jinja_env.globals["asset"]("css/bundle.css"))
"""


def test_two_processes_that_start_together_agree(site):
    start = START.format(static=str(site.static), instance=str(site.instance))
    with process(start) as one, process(start) as two:
        assert [it.stdout.readline() for it in (one, two)] == ["ready\n", "ready\n"]
        for it in (one, two):
            it.stdin.write("\n")
            it.stdin.flush()
        said = [it.stdout.read().strip() for it in (one, two)]
    assert said == [site.address("css/bundle.css")] * 2
    made = shelf.walk(site.instance / "assets")
    packed = [path for name, path in made.items() if name.endswith(".gz")]
    assert packed and not [name for name in made if name.endswith(".tmp")]
    for path in packed:
        assert gzip.decompress(path.read_bytes()) == path.with_suffix("").read_bytes()


def process(code: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code]
    return subprocess.Popen(command, text=True, stdin=-1, stdout=-1, env=environment)


def test_a_write_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("os.replace", lambda source, target: Path("/nowhere/x").write_bytes(b""))
    with pytest.raises(FileNotFoundError):
        compress.write(tmp_path / "a.css", b"half")
    assert not list(tmp_path.iterdir())
