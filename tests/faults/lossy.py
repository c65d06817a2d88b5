"""A disk that loses, when the power is cut, what was not synced: a FUSE file system in memory.

`lossy.py MOUNT STATE`. A file's bytes survive `.cut` if fsync or fdatasync came after them, its
name if its folder was synced; what survives lies in STATE, from where the next mount goes on.
`mkdir MOUNT/.cut` cuts the power, and `mkdir MOUNT/.forget` lets it keep all so far and ignore
every sync from then on: the control, which must lose.
"""

from __future__ import annotations

import errno
import os
import pickle
import stat
import sys
import time
from pathlib import Path, PurePosixPath
from typing import Any

from mfusepy import FUSE, FuseOSError, Operations


class Node:
    """A file or a folder: as it is, and as the platters have it."""

    def __init__(self, mode: int) -> None:
        self.mode, self.links = mode, 1
        self.at = time.time_ns()
        self.data, self.kept = bytearray(), b""
        self.names: dict[str, Node] = {}
        self.kept_names: dict[str, Node] = {}

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.mode)

    def sync(self) -> None:
        self.kept, self.kept_names = bytes(self.data), dict(self.names)

    def sync_all(self) -> None:
        self.sync()
        for node in self.names.values():
            node.sync_all()

    def lose(self, seen: dict[int, Node]) -> Node:
        """What is left of it; two names of one file stay that."""
        if id(self) not in seen:
            left = seen[id(self)] = Node(self.mode)
            left.at, left.data = self.at, bytearray(self.kept)
            for name, node in self.kept_names.items():
                if not name.startswith(".fuse_hidden"):
                    left.names[name] = node.lose(seen)
            left.sync()
        return seen[id(self)]


class Lossy(Operations):
    """Where the power is gone each call fails, so that nothing is promised any more."""

    use_ns = True

    def __init__(self, state: Path) -> None:
        self.state, self.root = state, Node(stat.S_IFDIR | 0o755)
        if state.exists():
            self.root = pickle.loads(state.read_bytes())
        self.is_cut = self.forgets = False

    def _find(self, path: str) -> Node:
        if self.is_cut:
            raise FuseOSError(errno.EIO)
        node = self.root
        for name in PurePosixPath(path).parts[1:]:
            if name not in node.names:
                raise FuseOSError(errno.ENOENT)
            node = node.names[name]
        return node

    def _split(self, path: str) -> tuple[Node, str]:
        whole = PurePosixPath(path)
        return self._find(str(whole.parent)), whole.name

    def _make(self, path: str, mode: int) -> int:
        folder, name = self._split(path)
        folder.names[name] = Node(mode)
        folder.at = time.time_ns()
        return 0

    def _sync(self, path: str) -> int:
        node = self._find(path)
        if not self.forgets:
            node.sync()
        return 0

    # What the kernel asks

    def getattr(self, path: str, fh: Any = None) -> dict[str, int]:
        node = self._find(path)
        facts = dict.fromkeys(("st_atime", "st_mtime", "st_ctime"), node.at)
        owner = {"st_uid": os.getuid(), "st_gid": os.getgid()}
        return {**facts, **owner, "st_mode": node.mode, "st_nlink": 1, "st_size": len(node.data)}

    def readdir(self, path: str, fh: Any) -> list[str]:
        return [".", "..", *self._find(path).names]

    def statfs(self, path: str) -> dict[str, int]:
        blocks = dict.fromkeys(("f_blocks", "f_bfree", "f_bavail"), 1 << 20)
        return {"f_bsize": 4096, "f_frsize": 4096, **blocks}

    def mkdir(self, path: str, mode: int) -> int:
        if path == "/.cut":
            self.state.write_bytes(pickle.dumps(self.root.lose({})))
            self.is_cut = True
            return 0
        if path == "/.forget":
            self.root.sync_all()
            self.forgets = True
            return 0
        return self._make(path, stat.S_IFDIR | mode)

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        return self._make(path, stat.S_IFREG | mode)

    def open(self, path: str, flags: int) -> int:
        self._find(path)
        return 0

    def read(self, path: str, size: int, offset: int, fh: Any) -> bytes:
        return bytes(self._find(path).data[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: Any) -> int:
        node = self._find(path)
        if offset > len(node.data):
            node.data.extend(bytes(offset - len(node.data)))
        node.data[offset : offset + len(data)] = data
        node.at = time.time_ns()
        return len(data)

    def truncate(self, path: str, length: int, fh: Any = None) -> int:
        node = self._find(path)
        del node.data[length:]
        node.data.extend(bytes(length - len(node.data)))
        node.at = time.time_ns()
        return 0

    def fsync(self, path: str, datasync: int, fh: Any) -> int:
        return self._sync(path)

    def fsyncdir(self, path: str, datasync: int, fh: Any) -> int:
        return self._sync(path)

    def rename(self, old: str, new: str) -> int:
        source, name = self._split(old)
        target, other = self._split(new)
        target.names[other] = source.names.pop(name)
        return 0

    def link(self, target: str, source: str) -> int:
        folder, name = self._split(target)
        folder.names[name] = self._find(source)
        return 0

    def unlink(self, path: str) -> int:
        folder, name = self._split(path)
        del folder.names[name]
        return 0

    def rmdir(self, path: str) -> int:
        if self._find(path).names:
            raise FuseOSError(errno.ENOTEMPTY)
        return self.unlink(path)

    def chmod(self, path: str, mode: int) -> int:
        node = self._find(path)
        node.mode = stat.S_IFMT(node.mode) | mode
        return 0

    def chown(self, path: str, uid: int, gid: int) -> int:
        return 0

    def utimens(self, path: str, times: Any = None) -> int:
        self._find(path).at = times[1] if times else time.time_ns()
        return 0


if __name__ == "__main__":
    FUSE(Lossy(Path(sys.argv[2])), sys.argv[1], foreground=True, nothreads=True)
