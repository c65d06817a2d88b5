"""Secrets that a device, a program or an address holds: rows keep only their SHA-256.

256 random bits need no slow hash, and looking the hash up in an index tells a guesser's clock
nothing about them.
"""

from __future__ import annotations

import hashlib
import secrets


def make(prefix: str = "") -> str:
    """A new one: 43 characters that fit into an address, after ``prefix``."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What a row keeps of it."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
