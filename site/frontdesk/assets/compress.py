"""Files beside their compressed copies: ``site.css``, ``site.css.br``, ``site.css.gz``."""

from __future__ import annotations

import gzip
import logging
import os
import secrets
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from threading import Lock

import brotli

TEXT = {".css", ".js", ".mjs", ".svg", ".json", ".txt", ".webmanifest", ".xml", ".map"}
WORTH_IT = 200  # bytes; below that the compressed copy is hardly smaller
SUFFIXES = {"br": ".br", "gzip": ".gz"}  # in the order that we prefer
_lines = logging.getLogger(__name__)
_lock = Lock()
_unkept: dict[Path, bytes] = {}  # what a full disk did not take


def _br(body: bytes) -> bytes:
    return bytes(brotli.compress(body, quality=11))


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, 9, mtime=0)


COMPRESS: dict[str, Callable[[bytes], bytes]] = {"br": _br, "gzip": _gzip}


def encodings_for(name: str, body: bytes) -> tuple[str, ...]:
    """Which encodings a file is offered in."""
    text = PurePosixPath(name).suffix in TEXT and len(body) >= WORTH_IT
    return tuple(SUFFIXES) if text else ()


def read(path: Path, encoding: str = "") -> bytes:
    """The bytes of ``path`` in an encoding; made and kept if it is the first time."""
    if not encoding:
        return _bytes(path)
    copy = path.with_name(path.name + SUFFIXES[encoding])
    with _lock:
        if not stands(copy) and copy not in _unkept:
            keep(copy, COMPRESS[encoding](_bytes(path)))
    return _bytes(copy)


def keep(path: Path, body: bytes) -> None:
    """Put a file in place, or hold it in memory while the disk takes none: it is served anyway."""
    try:
        write(path, body)
    except OSError as error:
        if path not in _unkept:
            _lines.warning("%s can't be written, and is held in memory: %s", path, error.strerror)
        _unkept[path] = body
    else:
        _unkept.pop(path, None)


def _bytes(path: Path) -> bytes:
    """What stands there, or should: then it is written as soon as there is room again."""
    body = _unkept.get(path)
    if body is None:
        return path.read_bytes()
    keep(path, body)
    return body


def stands(path: Path) -> bool:
    """Whether it was written; after a power cut a file may be there and empty."""
    return path.exists() and path.stat().st_size > 0


def write(path: Path, body: bytes) -> None:
    """Put a whole file in place, never half of it, whoever else does the same.

    It is for everybody, so a web server of another user may read it, whatever the umask is.
    """
    _make_public(path.parent)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        draft.write_bytes(body)
        draft.chmod(0o644)
        os.replace(draft, path)  # noqa: PTH105
    finally:
        draft.unlink(missing_ok=True)


def _make_public(folder: Path) -> None:
    """Make ``folder``, and those above it that aren't there."""
    if not folder.exists():
        _make_public(folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
