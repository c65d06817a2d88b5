"""backup/keys.py and age's own tool: each opens what the other one has encrypted."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.backup.conftest import LARGE, Site, tree

from frontdesk.backup import restoring
from frontdesk.backup.putting import Refused

Restore = Callable[..., restoring.Restored]


def age(program: str, *words: object, data: bytes = b"") -> bytes:
    """What Debian's `age` or `age-keygen` prints."""
    if not shutil.which(program):
        pytest.skip(f"{program} is missing (try: sudo apt-get install age)")
    return subprocess.run(
        [program, *map(str, words)], input=data, stdout=subprocess.PIPE, check=True
    ).stdout


@pytest.fixture
def own_key(tmp_path: Path) -> tuple[Path, str]:
    """A file as `age-keygen` writes it, and for whom to encrypt."""
    path = tmp_path / "key.txt"
    age("age-keygen", "-o", path)
    return path, age("age-keygen", "-y", path).decode().strip()


def test_its_tool_opens_an_archive(
    site: Site, restore: Restore, tmp_path: Path, own_key: tuple[Path, str]
) -> None:
    files = tree(site.folder)
    site.back_up(tmp_path / "x.tar.age", key=own_key[1])
    age("age", "-d", "-i", own_key[0], "-o", tmp_path / "x.tar", tmp_path / "x.tar.age")
    done = restore(tmp_path / "x.tar")
    assert (done.wrong, done.damaged) == ([], [])
    staged = f"files/uploads/staging/{site.upload.split('?')[0].split('/')[-1]}"
    assert tree(tmp_path / "restored") == files | {staged: b"four"}


def test_its_tool_opens_all_that_lies_in_a_folder(
    site: Site, tmp_path: Path, own_key: tuple[Path, str]
) -> None:
    """By hand: the manifest says which object is whose."""
    site.back_up(f"{tmp_path}/b/", key=own_key[1])
    (manifest,) = (tmp_path / "b/snapshots").glob("*.jsonl.age")
    lines = age("age", "-d", "-i", own_key[0], manifest).splitlines()
    name = f"blobs/{site.blob('large.bin').name}"
    (kept,) = [one["kept_as"] for one in map(json.loads, lines) if one.get("name") == name]
    assert age("age", "-d", "-i", own_key[0], tmp_path / "b/objects" / kept[:2] / kept) == LARGE


def test_what_its_tool_encrypted_is_restored(
    site: Site, restore: Restore, tmp_path: Path, own_key: tuple[Path, str]
) -> None:
    site.back_up(tmp_path / "x.tar")
    age("age", "-r", own_key[1], "-o", tmp_path / "y.tar.age", tmp_path / "x.tar")
    done = restore(tmp_path / "y.tar.age", key=str(own_key[0]))
    assert (done.wrong, done.damaged) == ([], [])


def test_a_key_under_a_passphrase_is_told_from_no_key(
    site: Site, restore: Restore, tmp_path: Path, key: tuple[str, str]
) -> None:
    """`age -p` asks at a terminal only; what it writes begins like this."""
    site.back_up(tmp_path / "x.tar", key=key[1])
    under = tmp_path / "key.age"
    under.write_bytes(b"age-encryption.org/v1\n-> scrypt bBjlhJVYZeE4aqUdmtRHfw 18\n\xff\x00")
    with pytest.raises(Refused, match=r"is under a passphrase. Take that off: age -d "):
        restore(tmp_path / "x.tar", key=str(under))
