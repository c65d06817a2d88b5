"""Runs another program of this folder with so little memory and time that it can do no harm.

A program; never imported by the site: ``limits.py '{"program": …, "memory": MIB, …}'``. The limits
stand before anything is parsed, or even imported.
"""

from __future__ import annotations

import json
import resource
import runpy
import sys
from pathlib import Path
from typing import Any

MIB = 1024 * 1024


def limit(memory: int, seconds: int) -> None:
    """``memory`` in MiB; at the end of its ``seconds`` of computing the process is killed."""
    limits = {
        resource.RLIMIT_AS: memory * MIB,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: 16 * MIB,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in limits.items():
        resource.setrlimit(kind, (value, value))


if __name__ == "__main__":
    order: dict[str, Any] = json.loads(sys.argv[1])
    limit(order.pop("memory"), order.pop("seconds"))
    program = runpy.run_path(str(Path(__file__).with_name(order.pop("program"))))
    try:
        sys.exit(program["main"](**order))
    except (MemoryError, RecursionError):
        sys.exit(4)
