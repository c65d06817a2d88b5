"""The app in the README runs as it stands there, and the README tells every setting and hook."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from flask import Flask

import flask_resumable
from flask_resumable.hooks import Hooks
from flask_resumable.settings import Settings

README = (Path(flask_resumable.__file__).parent / "README.md").read_text()


def test_the_ten_line_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = README.split("```python\n")[1].split("```")[0]
    assert len(source.splitlines()) <= 10
    monkeypatch.setattr(Flask, "auto_find_instance_path", lambda self: str(tmp_path))
    names: dict[str, object] = {"__name__": "example"}
    exec(source, names)
    app = names["app"]
    assert isinstance(app, Flask)
    headers = {
        "Upload-Complete": "?1",
        "Content-Disposition": 'inline; filename="a.txt"',
    }
    assert app.test_client().post("/uploads/", data=b"hello", headers=headers).status_code == 201
    assert capsys.readouterr().out.startswith("a.txt 5 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c")


def test_every_setting_is_told() -> None:
    told = README.replace("`…_", "`RESUMABLE_")
    missing = [one.name for one in fields(Settings) if f"RESUMABLE_{one.name.upper()}`" not in told]
    assert missing == []


def test_every_hook_is_told() -> None:
    hooks = [name for name in vars(Hooks) if re.fullmatch("[a-z]+", name) and name != "tell"]
    assert hooks
    assert [name for name in hooks if f"`{name}(" not in README] == []


def test_the_extension_knows_nothing_of_the_site() -> None:
    for path in Path(flask_resumable.__file__).parent.rglob("*.py"):
        assert "frontdesk" not in path.read_text().lower(), path


def test_the_three_parts_do_not_know_each_other() -> None:
    folder = Path(flask_resumable.__file__).parent
    parts = {"protocol", "receiving", "store"}
    for part in parts:
        for path in (folder / part).rglob("*.py"):
            found = set(re.findall(r"^from \.\.(\w+)", path.read_text(), re.M))
            assert not found & parts, path
