"""What lies in each site here before its servers start: too slow to bring in anew each time."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from frontdesk import create_app
from frontdesk.accounts import service as accounts
from frontdesk.db import db
from frontdesk.files import arrivals
from frontdesk.files import service as files

BIG = "big.bin"
BLOCK = bytes(range(256)) * 4096
BLOCKS = 300
BIG_SIZE = len(BLOCK) * BLOCKS
CHINESE = "报告 “草稿”; 100%.txt"
TEXT = "第一行 first line\n".encode() * 1000
THEMED = b".from-the-theme { color: teal }\n" * 100


def big_hash() -> str:
    """Of what BIG holds."""
    found = hashlib.sha256()
    for _ in range(BLOCKS):
        found.update(BLOCK)
    return found.hexdigest()


def furnish(prepared: Path, folder: Path) -> Path:
    """Copy ``prepared`` to ``folder`` and put Alice's files and a theme there."""
    shutil.copytree(prepared, folder)
    theme = folder / "theme/static/css/themed.css"
    theme.parent.mkdir(parents=True)
    theme.write_bytes(THEMED)
    app = create_app({"TESTING": True, "INSTANCE_PATH": str(folder), "MIN_FREE_SPACE": 0})
    with app.test_request_context():
        _keep(BIG, [BLOCK] * BLOCKS)
        _keep(CHINESE, [TEXT])
        db.engine.dispose()
    return folder


def _keep(name: str, blocks: list[bytes]) -> None:
    alice = accounts.find("alice")
    assert alice
    with files.storage().begin() as staged:
        for block in blocks:
            staged.write(block)
        arrivals.take_in(alice.id, [], name, staged, "number")
