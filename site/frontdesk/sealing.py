"""Secrets that the site must be able to read again lie encrypted in the database.

AES-256-GCM with a random 96-bit nonce, under a key that is made of SECRET_KEY for each purpose.
Who has only a copy of the database has none of them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from contextlib import suppress

from flask import current_app


class Broken(ValueError):
    """Sealed under another key, for another purpose, or changed since."""


def seal(text: str, purpose: str) -> str:
    """``text`` so that only this site reads it, as ASCII; ``purpose`` must be named to open it."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # takes 30 ms to load

    nonce = secrets.token_bytes(12)
    key = _key(current_app.config["SECRET_KEY"])
    sealed = AESGCM(key).encrypt(nonce, text.encode(), purpose.encode())
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(sealed: str, purpose: str) -> str:
    """What :func:`seal` was given, under this key or one of SECRET_KEY_FALLBACKS.

    :raise Broken: if none of them opens it
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    config = current_app.config
    with suppress(ValueError):  # it is no base64, or too short
        data = base64.urlsafe_b64decode(sealed)
        for secret in (config["SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"]):
            with suppress(InvalidTag):
                opened = AESGCM(_key(secret)).decrypt(data[:12], data[12:], purpose.encode())
                return opened.decode()
    raise Broken(f"This {purpose} was sealed under another SECRET_KEY.")


def _key(secret: str) -> bytes:
    return hmac.digest(str(secret).encode(), b"frontdesk sealing", hashlib.sha256)
