"""settings.py - config.py, instance/config.py, the environment; and no to what can't be meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from frontdesk.settings import BadSetting

Start = Callable[..., Flask]


@pytest.fixture
def write(instance: Path) -> Callable[[str], None]:
    """Writes instance/config.py."""
    return lambda text: (instance / "config.py").write_text(text) and None


def test_nothing_needs_to_be_set(start: Start) -> None:
    assert start().config["SITE_NAME"] == "Frontdesk"


def test_the_instance_wins_over_the_default(start: Start, write: Callable[[str], None]) -> None:
    write("SITE_NAME = 'Studio'")
    assert start().config["SITE_NAME"] == "Studio"


def test_the_environment_wins_over_the_instance(
    start: Start, write: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    write("SITE_NAME = 'Studio'\nQUOTA = 5")
    monkeypatch.setenv("FRONTDESK_SITE_NAME", "School")
    config = start().config
    assert (config["SITE_NAME"], config["QUOTA"]) == ("School", 5)


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("TRUSTED_PROXIES", "2", 2),
        ("TRUSTED_HOSTS", '["a.example", "b.example"]', ["a.example", "b.example"]),
        ("SITE_NAME", "Ada's desk", "Ada's desk"),
        ("SITE_NAME", '"quoted"', "quoted"),
        ("SITE_NAME", "42", "42"),
        ("SITE_NAME", "true", "true"),
    ],
)
def test_the_environment_is_read_as_json_where_it_is(
    start: Start, monkeypatch: pytest.MonkeyPatch, name: str, raw: str, value: object
) -> None:
    monkeypatch.setenv(f"FRONTDESK_{name}", raw)
    assert start().config[name] == value


def test_a_file_may_hold_a_secret(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("a secret that nobody guesses\n")
    monkeypatch.setenv("FRONTDESK_SECRET_KEY_FILE", str(tmp_path / "key"))
    assert start().config["SECRET_KEY"] == "a secret that nobody guesses"


def test_a_file_that_is_not_there_stops_the_start(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FRONTDESK_SECRET_KEY_FILE", str(tmp_path / "gone"))
    with pytest.raises(BadSetting, match=r"FRONTDESK_SECRET_KEY_FILE: .*gone can't be read"):
        start()


@pytest.mark.parametrize(
    ("name", "raw", "wanted"),
    [
        ("TRUSTED_PROXIES", "False", "a whole number from 0"),
        ("TRUSTED_PROXIES", "true", "a whole number from 0"),
        ("TRUSTED_PROXIES", "-1", "a whole number from 0"),
        ("QUOTA", "1.5", "a whole number from 0"),
        ("QUOTA", "10 GB", "a whole number from 0"),
        ("TRUSTED_HOSTS", "a.example", "a list"),
        ("EXTENSIONS", "{}", "a list"),
    ],
)
def test_another_kind_of_value_stops_the_start(
    start: Start, monkeypatch: pytest.MonkeyPatch, name: str, raw: str, wanted: str
) -> None:
    monkeypatch.setenv(f"FRONTDESK_{name}", raw)
    with pytest.raises(BadSetting, match=f"FRONTDESK_{name}: {name} must be {wanted}, like"):
        start()


def test_another_kind_in_the_instance_stops_it_too(
    start: Start, write: Callable[[str], None]
) -> None:
    write("SITE_NAME = None")
    with pytest.raises(BadSetting, match=r"instance/config\.py: SITE_NAME must be text"):
        start()


def test_an_unknown_name_stops_the_start_and_says_what_is_known(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_SITENAME", "x")
    with pytest.raises(BadSetting, match="FRONTDESK_SITENAME: SITENAME is not a setting") as no:
        start()
    assert all(name in str(no.value) for name in ("SITE_NAME", "QUOTA", "THEME", "EXTENSIONS"))


def test_an_unknown_name_in_the_instance_names_the_file(
    start: Start, write: Callable[[str], None]
) -> None:
    write("SITENAME = 'x'")
    with pytest.raises(BadSetting, match=r"instance/config\.py: SITENAME is not a setting"):
        start()


def test_a_file_with_a_mistake_names_the_line(start: Start, write: Callable[[str], None]) -> None:
    write("QUOTA = 5\nSITE_NAME = 'open")
    with pytest.raises(BadSetting, match=r"line 2.* Write plain Python literals"):
        start()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("REGISTRATION", "perhaps", "REGISTRATION must be"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT must be"),
        ("STORAGE_URL", "ftp://files", "STORAGE_URL"),
        ("DATABASE_URL", "frontdesk.db", "DATABASE_URL"),
        ("DATABASE_URL", "", "DATABASE_URL"),
        ("PUBLIC_URL", "files.example.org", "PUBLIC_URL"),
    ],
)
def test_a_value_that_means_nothing_stops_the_start(
    start: Start, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"FRONTDESK_{name}", value)
    with pytest.raises(BadSetting, match=said):
        start()


def test_the_environment_moves_the_instance_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from frontdesk.settings import instance_folder

    monkeypatch.setenv("FRONTDESK_INSTANCE_PATH", str(tmp_path / "elsewhere"))
    assert instance_folder(tmp_path, {}) == str(tmp_path / "elsewhere")
    monkeypatch.delenv("FRONTDESK_INSTANCE_PATH")
    assert instance_folder(tmp_path, {}) == str(tmp_path / "instance")


def test_the_limit_of_a_form_is_one_of_the_site(start: Start) -> None:
    """What Flask leaves unlimited or unsafe by default is set, and no source can unset it."""
    config = start().config
    assert config["MAX_CONTENT_LENGTH"] == 16 * 1024 * 1024
    assert config["SESSION_COOKIE_HTTPONLY"] and config["SESSION_COOKIE_SAMESITE"] == "Lax"
