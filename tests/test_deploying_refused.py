"""cli/deploy.py - what is more than a name, a folder or a port is refused in words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask import Flask

WHAT = {
    "--host": "nginx", "--listen": "nginx", "--upstream": "nginx", "--certificate": "nginx",
    "--key": "nginx", "--instance": "nginx", "--root": "gunicorn", "--user": "systemd",
}  # fmt: skip
ODD = {
    "--host": [
        "a.example; return 200", "a.example\nserver_name b.example", '"', "$host", "~^.*$", "-a",
        "*.example.org", "https://files.example.org/", "files.example.org:8443", "a..example",
        "[::1]", "::1", "192.168.1.5", "bücher.example", "a.example ", "a." * 130 + "example",
    ],
    "--listen": ["localhost", "::1", "127.0.0.1:80", "1.2.3.400", "[::1];", "127.0.0.1\n"],
    "--upstream": ["unix:a", "unix:/a b", "unix:/a;", "/a", "a", "a:0", "a:b", "a:70000", "::1:5"],
    "--certificate": ["cert.pem", "/a b", "/a;b", "/a\nb", '/a"', "/$a", "/a{", "/a#"],
    "--key": ["key.pem", "/a;"],
    "--instance": ["instance", "/a b", "/a%b", "/a\\b"],
    "--root": ["srv", '/a"); import os #', "/a'", "/a|b", "/a\0"],
    "--user": ["root\nExecStart=/bin/sh", "a b", "", "%u", "-a", "0", "a" * 40],
}  # fmt: skip
CASES = [(option, value) for option, values in ODD.items() for value in values]
GOOD = {
    "--host": ["localhost", "xn--bcher-kva.example", "a-1.example.org", "Files.Example.org"],
    "--listen": ["", "127.0.0.1", "[::1]"],
    "--upstream": ["unix:/run/a-b/c.sock", "127.0.0.1:5000", "app:5000", "[::1]:5000"],
    "--instance": ["/srv/my.desk_2/实例", "/a@b+c,d"],
    "--user": ["frontdesk", "www-data", "_a", "a.b"],
}


@pytest.mark.parametrize(("option", "value"), CASES, ids=[f"{o} {v!a:.30}" for o, v in CASES])
def test_what_is_more_than_it_should_be_is_refused_in_words(
    app: Flask, tmp_path: Path, option: str, value: str
) -> None:
    words = ["deploy", WHAT[option], option, value, "--output", str(tmp_path / "a.conf")]
    done = app.test_cli_runner().invoke(args=words)
    assert done.exit_code == 1 and f"{option} must be " in done.output, done.output
    assert not (tmp_path / "a.conf").exists()


@pytest.mark.parametrize("option", GOOD)
def test_what_can_be_meant_is_taken(app: Flask, option: str) -> None:
    for value in GOOD[option]:
        done = app.test_cli_runner().invoke(args=["deploy", WHAT[option], option, value])
        assert done.exit_code == 0, done.output
        assert value.lower() in done.output.lower()


def test_a_port_is_one(app: Flask) -> None:
    for value in ("0", "65536", "-5", "http"):
        done = app.test_cli_runner().invoke(args=["deploy", "nginx", f"--listen-https={value}"])
        assert done.exit_code == 2 and "--listen-https" in done.output


def test_a_place_that_can_not_be_written_is_told_in_words(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    nowhere = str(tmp_path / "file" / "below")
    for words in (
        ["nginx", "--output", nowhere],
        ["systemd", "--output", nowhere],
        ["nginx", "--alone", nowhere],
    ):
        done = app.test_cli_runner().invoke(args=["deploy", *words])
        assert done.exit_code == 1 and f"{nowhere} can't be written" in done.output, done.output


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_nothing_is_written_where_somebody_else_could_change_it(app: Flask, tmp_path: Path) -> None:
    """As in /tmp: root installs what is written there."""
    folder, file = tmp_path / "units", tmp_path / "frontdesk.conf"
    folder.mkdir()
    file.write_text("theirs")
    for path in (folder, file):
        os.chown(path, 65534, 65534)
    for words in (["systemd", "--output", str(folder)], ["nginx", "--output", str(file)]):
        done = app.test_cli_runner().invoke(args=["deploy", *words])
        assert done.exit_code == 1 and "is somebody else's" in done.output, done.output
    assert file.read_text() == "theirs" and not list(folder.iterdir())
