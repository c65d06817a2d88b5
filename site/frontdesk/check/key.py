"""What opens the probe: a signed word that is good for minutes, made of SECRET_KEY.

Nothing is stored, so it works for any number of processes and machines, and a stranger who sends
one of their own costs one hash.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

SECONDS = 120


def make(secret_key: str, seconds: int = SECONDS) -> str:
    """A word that the probe believes for so long."""
    said = f"{int(time.time()) + seconds}.{secrets.token_urlsafe(16)}"
    return f"{said}.{_sign(secret_key, 'ask', said)}"


def is_good(word: str, *secret_keys: str) -> bool:
    """Whether this site made ``word``, and not too long ago."""
    said, _, signature = word.rpartition(".")
    until = said.partition(".")[0]
    if not word.isascii() or not until.isdecimal() or not 0 < int(until[:12]) - time.time() < 3_600:
        return False
    return any(hmac.compare_digest(_sign(key, "ask", said), signature) for key in secret_keys)


def proof(secret_key: str, word: str) -> str:
    """What only this site can answer to ``word``: whoever asks sees that it is there itself."""
    return _sign(secret_key, "answer", word)


def _sign(secret_key: str, purpose: str, said: str) -> str:
    text = f"frontdesk probe {purpose} {said}".encode()
    return hmac.digest(str(secret_key).encode(), text, hashlib.sha256).hex()
