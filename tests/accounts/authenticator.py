"""A passkey made of software: it answers as a browser and its authenticator would, or wrongly.

Source: W3C Web Authentication Level 3, §5.8.1, §6.1 and §8.7; RFC 9053 for the key.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from tests.browser import Browser, Page

PRESENT, VERIFIED, MAY_SYNC, SYNCED, NEW = 0x01, 0x04, 0x08, 0x10, 0x40
ORIGIN, PARTY = "http://localhost", "localhost"
LOGIN, PROOF, ADDING = "/login/passkey", "/proof/passkey", "/profile/passkeys"

Json = dict[str, Any]


def written(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def read(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


@dataclass
class Key:
    """One passkey; change a field to make its next answer a wrong one."""

    origin: str = ORIGIN
    party: str = PARTY
    flags: int = PRESENT | VERIFIED
    count: int = 0
    steps: int = 0  # how much the count grows at each use; synced passkeys don't count
    handle: bytes = b""
    id: bytes = field(default_factory=lambda: os.urandom(32))
    secret: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def make(self, options: Json) -> Json:
        """What ``navigator.credentials.create()`` gives."""
        self.handle = read(options["user"]["id"])
        point = self.secret.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        facts = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(key)
        made = {"fmt": "none", "attStmt": {}, "authData": self._state(NEW) + facts}
        client = self._client("webauthn.create", options["challenge"])
        return self._credential(
            clientDataJSON=written(client),
            attestationObject=written(cbor2.dumps(made)),
            transports=["internal", "hybrid", "by pigeon"],
        )

    def sign(self, options: Json) -> Json:
        """What ``navigator.credentials.get()`` gives."""
        self.count += self.steps
        client = self._client("webauthn.get", options["challenge"])
        signed = self._state() + hashlib.sha256(client).digest()
        return self._credential(
            clientDataJSON=written(client),
            authenticatorData=written(self._state()),
            signature=written(self.secret.sign(signed, ec.ECDSA(SHA256()))),
            userHandle=written(self.handle),
        )

    def _state(self, more: int = 0) -> bytes:
        party = hashlib.sha256(self.party.encode()).digest()
        return party + bytes([self.flags | more]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _credential(self, **response: Any) -> Json:
        name = written(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}


def post(browser: Browser, address: str, **said: Any) -> Page:
    """As passkeys.js does, with the token of the page that is open."""
    meta = browser.page.html.select_one("meta[name=csrf-token]")
    assert meta, f"{browser.url} has no token"
    headers = {"X-CSRFToken": str(meta["content"]), "Accept": "application/json"}
    response = browser.client.post(address, json=said, headers=headers | browser._whence())
    return Page(response)


def options(browser: Browser, at: str, **said: Any) -> Json:
    """What the site asks a passkey."""
    page = post(browser, f"{at}/options", **said)
    assert page.status == 200, page.response.text
    return dict(page.response.json or {})


def add(browser: Browser, key: Key | None = None) -> Key:
    """Give who is logged in a passkey."""
    key = key or Key()
    browser.visit(ADDING)
    page = post(browser, ADDING, credential=key.make(options(browser, ADDING)))
    assert page.status == 200, page.response.text
    return key


def log_in(browser: Browser, key: Key, **said: Any) -> Page:
    """On the log-in page, by a passkey."""
    browser.visit("/login")
    return show(browser, key, LOGIN, **said)


def show(browser: Browser, key: Key, at: str, **said: Any) -> Page:
    """Sign what the site asks ``at`` this address, and send it there."""
    return post(browser, at, credential=key.sign(options(browser, at, **said)), **said)


def problem(page: Page) -> str:
    """What the site says is wrong."""
    assert page.response.mimetype == "application/problem+json", page.response.text
    return str((page.response.json or {})["detail"])
