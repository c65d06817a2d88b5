"""A small site with static files of its own."""

from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask_bootstrap import Bootstrap5

from frontdesk import assets

FILES = {
    "css/site.css": "body { background: url(../img/paper.svg) }\n" + "/* ink */\n" * 50,
    "css/tokens.css": ":root { --fd-bg: ours }",
    "js/a.js": 'import { b } from "./b.js"; export const a = 1;',
    "js/b.js": 'import "./a.js"; export const b = new URL("../img/paper.svg", import.meta.url);',
    "img/paper.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
    "img/bell.png": "not really a picture",
    ".secret": "nobody's business",
    ".git/config": "nobody's business",
}


class Site:
    """A site in a temporary folder, with the files above."""

    def __init__(self, folder: Path) -> None:
        self.instance = folder / "instance"
        self.static, self.theme = folder / "static", self.instance / "theme/static"
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str, theme: bool = False) -> Path:
        path = (self.theme if theme else self.static) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def app(self, **settings: str) -> Flask:
        app = Flask("site", static_folder=str(self.static), instance_path=str(self.instance))
        app.config.update(TESTING=True, BOOTSTRAP_SERVE_LOCAL=True, **settings)
        Bootstrap5(app)
        assets.init_app(app)
        return app

    def get(self, name: str, app: Flask | None = None, **headers: str):
        app = app or self.app()
        return app.test_client().get(self.address(name, app), headers=headers, buffered=True)

    def address(self, name: str, app: Flask | None = None) -> str:
        with (app or self.app()).test_request_context():
            return render_template_string("{{ asset(name) }}", name=name)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def sites(tmp_path: Path) -> list[Site]:
    return [Site(tmp_path / "one"), Site(tmp_path / "two")]
