"""SHA-256 whose state can be kept, so that another process goes on where this one stopped.

hashlib hides the state, and re-reading four gigabytes takes three seconds, more than the last byte
of an upload may. OpenSSL's SHA256_CTX is a flat structure without pointers (openssl/sha.h; FIPS
180-4 needs only the eight words, a counter and the unfinished block), so its bytes are its state.
Where no such library is found, or it fails the self-test, hashlib does the work and no state is
kept.
"""

import ctypes
import hashlib
import platform
from typing import Any

_SIZE = 112
_TAG = f"openssl:{platform.machine()}:".encode()
_NAMES = ("libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.so", "libcrypto.3.dylib")


def _load() -> Any:
    for name in _NAMES:
        try:
            library = ctypes.CDLL(name)
            library.SHA256_Update.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
            library.SHA256_Init.argtypes = (ctypes.c_void_p,)
            library.SHA256_Final.argtypes = (ctypes.c_char_p, ctypes.c_void_p)
        except (OSError, AttributeError):
            continue
        return library
    return None


_library = _load()


class Sha256:
    """`update(view)`, `hexdigest()`, and `state()` to begin another one with."""

    def __init__(self, state: bytes = b"") -> None:
        self._context = ctypes.create_string_buffer(_SIZE * 2)
        if state:
            if not state.startswith(_TAG) or len(state) != len(_TAG) + _SIZE:
                raise ValueError("The state comes from another kind of machine")
            ctypes.memmove(self._context, state[len(_TAG) :], _SIZE)
        else:
            _library.SHA256_Init(self._context)

    def update(self, data: memoryview) -> None:
        """Hash a writable view; the GIL is free meanwhile."""
        start = ctypes.byref(ctypes.c_char.from_buffer(data)) if data.nbytes else None
        _library.SHA256_Update(self._context, start, data.nbytes)

    def state(self) -> bytes:
        """About 130 bytes, good for `Sha256(state)` in another process on this kind of machine."""
        return _TAG + self._context.raw[:_SIZE]

    def hexdigest(self) -> str:
        """The sum so far; more may follow."""
        copy = ctypes.create_string_buffer(self._context.raw)
        result = ctypes.create_string_buffer(32)
        _library.SHA256_Final(result, copy)
        return result.raw.hex()


class PlainSha256:
    """The same without a state to keep: what hashlib can do."""

    def __init__(self, state: bytes = b"") -> None:
        if state:
            raise ValueError("hashlib cannot go on from a state")
        self._hash = hashlib.sha256()
        self.update = self._hash.update
        self.hexdigest = self._hash.hexdigest

    def state(self) -> bytes:
        """Nothing."""
        return b""


def _works() -> bool:
    first = Sha256()
    first.update(memoryview(bytearray(b"a" * 100)))
    second = Sha256(first.state())
    second.update(memoryview(bytearray(b"b" * 100)))
    return second.hexdigest() == hashlib.sha256(b"a" * 100 + b"b" * 100).hexdigest()


KEEPS_STATE = _library is not None and _works()


def sha256(state: bytes = b"") -> Sha256 | PlainSha256:
    """The best that this machine has.

    :raise ValueError: `state` is of no use here; read the bytes again.
    """
    return Sha256(state) if KEEPS_STATE else PlainSha256(state)
