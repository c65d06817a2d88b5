"""The promise on disk: a small file with two slots, written in turn.

A write that a power cut tears leaves the other slot, whose promise is older and still true. Behind
the slots lies one byte by which a newcomer asks the holder of the lock to let go.
"""

import contextlib
import os
import struct
import zlib

_SLOT = 512
_HEAD = struct.Struct("<4sIQQH")
_MAGIC = b"frs1"
_CLAIM = 2 * _SLOT
_STATE = _SLOT - _HEAD.size


def _parse(slot: bytes) -> tuple[int, int, bytes] | None:
    """Sequence, offset, state; None if it is torn or was never written."""
    if len(slot) < _HEAD.size:
        return None
    magic, check, sequence, offset, size = _HEAD.unpack_from(slot)
    if magic != _MAGIC or zlib.crc32(slot[8 : _HEAD.size + size]) != check:
        return None
    return sequence, offset, slot[_HEAD.size : _HEAD.size + size]


def read(fd: int) -> tuple[int, int, bytes]:
    """The latest promise: sequence, offset, state of the hash. Zeros for a new upload."""
    raw = os.pread(fd, 2 * _SLOT, 0)
    found = [slot for slot in (_parse(raw[:_SLOT]), _parse(raw[_SLOT:])) if slot]
    return max(found, default=(0, 0, b""))


def write(fd: int, sequence: int, offset: int, state: bytes) -> None:
    """Raise the promise; on return it is on the disk."""
    state = state if len(state) <= _STATE else b""
    body = _HEAD.pack(_MAGIC, 0, sequence, offset, len(state))[8:] + state
    slot = _MAGIC + struct.pack("<I", zlib.crc32(body)) + body
    at = (sequence % 2) * _SLOT
    try:
        os.pwrite(fd, slot.ljust(_SLOT, b"\0"), at)
        os.fdatasync(fd)
    except OSError:
        # It can be read already, though it is not on the disk, and its bytes are cut off next.
        with contextlib.suppress(OSError):
            os.pwrite(fd, bytes(_SLOT), at)
        raise


def claim(fd: int) -> None:
    """Ask the holder to let go."""
    os.pwrite(fd, b"!", _CLAIM)


def claimed(fd: int) -> bool:
    """Somebody asked."""
    return os.pread(fd, 1, _CLAIM) == b"!"


def settle_claim(fd: int) -> None:
    """The one who asked has it now."""
    if claimed(fd):
        os.pwrite(fd, b" ", _CLAIM)
