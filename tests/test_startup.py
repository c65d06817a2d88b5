"""startup.py - what must be true before the first request, by real processes where it matters."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from flask import Flask
from tests import postgresql
from tests.browser import Browser

from frontdesk import startup
from frontdesk.settings import BadSetting

ROOT = Path(__file__).parents[1]
SERVE = "import wsgi; print('KEY', wsgi.application.config['SECRET_KEY'])"


def run(folder: Path, **environment: str) -> subprocess.Popen[str]:
    """What a production server does first, in a process of its own."""
    known = {name: value for name, value in os.environ.items() if "FRONTDESK" not in name}
    return subprocess.Popen(
        [sys.executable, "-c", SERVE],
        env=known
        | postgresql.settings_of(folder)
        | {"PYTHONPATH": "site", "FRONTDESK_INSTANCE_PATH": str(folder)}
        | environment,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.fixture
def as_nobody() -> Iterator[None]:
    """Without root's power to write everywhere."""
    user = os.geteuid()
    os.seteuid(65534 if user == 0 else user)
    yield
    os.seteuid(user)


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    started = [run(tmp_path / "instance") for _ in range(3)]
    said = [process.communicate(timeout=60) for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], said
    keys = {line for out, _ in said for line in out.splitlines() if line.startswith("KEY")}
    assert len(keys) == 1 and len(keys.pop()) == len("KEY ") + 64


def test_the_key_is_for_its_owner_only(instance: Path) -> None:
    assert (instance / "secret-key").stat().st_mode & 0o777 == 0o600


def test_the_folder_is_for_its_owner_only(start: Callable[..., Flask], tmp_path: Path) -> None:
    start(INSTANCE_PATH=str(tmp_path / "new"))
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_the_key_is_made_once(start: Callable[..., Flask], instance: Path) -> None:
    first, second = start().config["SECRET_KEY"], start().config["SECRET_KEY"]
    assert first == second == (instance / "secret-key").read_text()


def test_a_key_of_ones_own_is_not_written_down(start: Callable[..., Flask], tmp_path: Path) -> None:
    app = start(INSTANCE_PATH=str(tmp_path / "new"), SECRET_KEY="one of my own, long")
    assert app.config["SECRET_KEY"] == "one of my own, long"
    assert not (tmp_path / "new/secret-key").exists()


@pytest.mark.parametrize("key", ["dev", "secret", "fifteen letters"])
def test_a_key_that_can_be_guessed_is_refused(start: Callable[..., Flask], key: str) -> None:
    with pytest.raises(BadSetting, match=r"SECRET_KEY has \d+ characters and can be guessed"):
        start(SECRET_KEY=key, TESTING=False)


def test_an_empty_key_file_is_refused(start: Callable[..., Flask], instance: Path) -> None:
    (instance / "secret-key").write_text("")
    with pytest.raises(BadSetting, match="can be guessed"):
        start(TESTING=False)


def test_a_file_in_the_folders_way_is_said_in_words(
    start: Callable[..., Flask], tmp_path: Path
) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(BadSetting, match=r"taken.* can't be .*FRONTDESK_INSTANCE_PATH"):
        start(INSTANCE_PATH=str(tmp_path / "taken"))


def test_a_folder_of_somebody_elses_is_said_in_words(
    start: Callable[..., Flask], instance: Path, as_nobody: None
) -> None:
    if os.getuid() != 0:
        instance.chmod(0o500)
    with pytest.raises(BadSetting, match=r"can't be (read|written) \(Permission denied\)"):
        start()


def test_the_server_says_so_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    process = run(tmp_path / "taken")
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert said.startswith("Frontdesk doesn't start: ") and "Traceback" not in said
    assert "taken" in said and "can't be" in said


def test_a_production_server_refuses_to_debug(tmp_path: Path) -> None:
    process = run(tmp_path / "instance", FLASK_DEBUG="1")
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert said.startswith("Frontdesk doesn't start: debug is on") and "Traceback" not in said


def test_the_terminal_shows_where_to_make_the_first_account(
    start: Callable[..., Flask], tmp_path: Path
) -> None:
    app = start(INSTANCE_PATH=str(tmp_path / "new"))
    address = startup.greeting(app, "http://localhost").rsplit(" ", 1)[1]
    assert len(address.rsplit("/", 1)[1]) >= 20
    assert Browser(app.test_client()).visit(address).title == "Open your front desk"


def test_it_shows_no_secret_once_there_is_an_account(app: Flask) -> None:
    assert startup.greeting(app, "http://localhost") == "Frontdesk is at http://localhost/"


def test_at_a_socket_it_greets_with_the_public_address(start: Callable[..., Flask]) -> None:
    app = start(PUBLIC_URL="https://files.example.org/")
    assert startup.greeting(app, "unix:/run/x.sock") == "Frontdesk is at https://files.example.org/"


@pytest.mark.server
@pytest.mark.parametrize("options", [[], ["--debug", "--no-reload"]])
def test_flask_run_serves_from_the_root(instance: Path, options: list[str]) -> None:
    """As the tutorial starts it: ``.flaskenv`` names the app, nothing else is needed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("flask")), "run", "--port", str(port), *options]
    own = {"FRONTDESK_INSTANCE_PATH": str(instance)}
    environment = os.environ | own | postgresql.settings_of(instance)
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE) as server:
        try:
            assert "Hello, World!" in fetched(f"http://127.0.0.1:{port}/hello/")
        finally:
            server.terminate()


def fetched(address: str) -> str:
    """The page, once somebody answers."""
    for _ in range(200):
        try:
            with urlopen(address, timeout=5) as answer:
                return str(answer.read().decode())
        except URLError:
            time.sleep(0.1)
    raise AssertionError(f"nobody answers at {address}")


def test_it_serves_from_any_folder(
    start: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert start().test_client().get("/login").status_code == 200


def test_files_without_their_database_are_not_begun_anew(
    start: Callable[..., Flask], keep: Callable[..., str], instance: Path, tmp_path: Path
) -> None:
    keep("alice", "a.txt")
    shutil.copytree(instance / "files", tmp_path / "other" / "files")
    with pytest.raises(BadSetting, match="to begin anew move the files away first"):
        start(INSTANCE_PATH=str(tmp_path / "other"))
