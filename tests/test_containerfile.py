"""deploy/Containerfile, as far as it can be looked at without an engine for containers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.serve.conftest import start

ROOT = Path(__file__).parents[1]
KNOWN = {"FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK"} | {
    "STOPSIGNAL",
    "CMD",
}


def instructions() -> list[tuple[str, str]]:
    text = (ROOT / "deploy/Containerfile").read_text()
    whole = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.M))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in whole.split("\n"))]


def said(word: str) -> list[str]:
    return [rest for one, rest in instructions() if one == word]


def copied() -> set[str]:
    return {Path(one).name for rest in said("COPY") for one in rest.split()[:-1]}


def test_each_instruction_is_one_and_it_begins_with_an_image() -> None:
    words = [word for word, _ in instructions() if word]
    assert set(words) <= KNOWN and words[0] == "FROM"
    (image,) = said("FROM")
    assert re.fullmatch(r"[\w.]+/\S+:3\.1\d-slim-bookworm", image), "named whole, with its version"


def test_what_it_copies_is_in_the_checkout_and_holds_no_secret() -> None:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    kept = done.stdout.split("\n")
    for name in copied():
        assert (ROOT / name).exists(), name
        assert done.returncode or any(one.split("/")[0] == name for one in kept), name
    assert not copied() & {".", "instance", ".git", ".venv", "tests"}
    text = (ROOT / "deploy/Containerfile").read_text()
    assert not re.search(r"(?i)secret|password|token", text)


def test_the_engine_is_given_nothing_else() -> None:
    """All that lies in the folder goes to a server, where Docker builds: the secret key as well."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    assert rules[0] == "*" and rules[-1] == "**/__pycache__"
    assert {line.removeprefix("!") for line in rules[1:-1]} == copied()


@pytest.mark.server
def test_its_health_check_is_let_in(tmp_path: Path) -> None:
    """With the hosts that the document says, the site answers the name that the image asks for."""
    (check,) = said("HEALTHCHECK")
    words = json.loads(check.partition(" CMD ")[2])
    text = (ROOT / "docs/deploying.md").read_text()
    (hosts,) = re.findall(r"-e 'FRONTDESK_TRUSTED_HOSTS=(\[.*?\])'", text)
    server = start(tmp_path, TRUSTED_HOSTS=hosts)
    try:
        here = [word.replace(":5000", f":{server.port}") for word in words[1:]]
        assert not subprocess.run([sys.executable, *here], check=False).returncode
    finally:
        server.crash()


def test_it_copies_all_that_the_site_runs_on(tmp_path: Path) -> None:
    """A folder with nothing but what is copied starts a site."""
    for name in copied():
        (tmp_path / name).symlink_to(ROOT / name)
    own = {"FRONTDESK_INSTANCE_PATH": str(tmp_path / "instance"), "PATH": "/usr/bin:/bin"}
    own |= {"PYTHONPATH": "site", "PYTHONDONTWRITEBYTECODE": "1"}
    (command,) = said("CMD")
    words = json.loads(command)
    assert words[0] == ".venv/bin/gunicorn"
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", *words[1:], "--check-config"],
        cwd=tmp_path, env=own, capture_output=True, text=True,
    )  # fmt: skip
    assert not done.returncode, done.stderr


def test_it_runs_as_nobody_in_particular_and_writes_to_its_volume_only() -> None:
    order = [word for word, _ in instructions() if word]
    (user,) = said("USER")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user), "a number: engines can see that it isn't root"
    assert "RUN" not in order[order.index("USER") :], "nothing is made as the site's user"
    assert said("VOLUME") == ["/instance"]
    assert "FRONTDESK_INSTANCE_PATH=/instance" in said("ENV")[0]
    uid, _, gid = user.partition(":")
    assert f"--uid {uid} --gid {gid}" in " ".join(said("RUN"))


def test_its_packages_are_pinned_by_hashes() -> None:
    installs = re.findall(r"pip install (.*?)(?= && |$)", "\n".join(said("RUN")), re.M)
    assert installs and all("--require-hashes" in one for one in installs)
    lists = {one.split()[-1] for one in installs}
    assert lists == {"requirements.txt", "requirements-scale.txt"} <= copied()
