"""The walls that systemd builds around the site, without systemd: the kernel's own, by libseccomp.

`python tests/confined.py UNIT WORDS…` starts Python with WORDS where that unit would let it: with
the unit's system calls and no others, and no memory that may be written and run.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

LIBRARY = "libseccomp.so.2"
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
SET_MDWE, REFUSE_EXEC_GAIN = 65, 1


def is_missing() -> str:
    """Why this machine has no such walls, or nothing."""
    try:
        ctypes.CDLL(LIBRARY)
        subprocess.run(["systemd-analyze", "--version"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "libseccomp2 or systemd-analyze is missing (try: sudo apt-get install systemd)"
    return ""


def names(group: str) -> set[str]:
    """The system calls of a group such as @system-service, those of its groups among them."""
    if not group.startswith("@"):
        return {group}
    words = ["systemd-analyze", "syscall-filter", "--no-pager", group]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    inner = re.findall(r"^ +([@\w-]+)$", said, re.M)
    return set[str]().union(*map(names, inner))


def allowed(unit: str) -> set[str]:
    """What the lines of a unit let through, read as systemd reads them; `execve` starts it."""
    found = set[str]()
    for line in re.findall(r"^SystemCallFilter=(.*)$", unit, re.M):
        given = set[str]().union(*map(names, line.lstrip("~").split()))
        found = found - given if line.startswith("~") else found | given
    return found | {"execve", "exit_group"}


def load(default: int, exception: int, calls: Iterable[str]) -> None:
    """From here on, for this thread and what it begins: ``exception`` for ``calls``."""
    library = ctypes.CDLL(LIBRARY, use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(default)))
    for name in calls:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # others are of other machines
            assert not library.seccomp_rule_add(rules, ctypes.c_uint32(exception), number, 0), name
    assert not library.seccomp_load(rules), os.strerror(ctypes.get_errno())
    library.seccomp_release(rules)


def refuse(*calls: str) -> None:
    """EPERM for these, in this thread and what it begins."""
    load(ALLOW, REFUSE, calls)


if __name__ == "__main__":
    text = Path(sys.argv[1]).read_text()
    if "MemoryDenyWriteExecute=true" in text:
        ctypes.CDLL(None).prctl(SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0)  # since Linux 6.3
    load(REFUSE, ALLOW, allowed(text))
    os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
