"""A small OpenID provider on 127.0.0.1, real to the last byte: what it says can be made wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import secrets
import threading
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask, jsonify, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "frontdesk", "a secret between the two"


class Provider:
    """``claims`` are added to what its next ID token says; ``alg`` is how that is signed."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.codes: dict[str, dict[str, str]] = {}
        self.claims: dict[str, Any] = {}
        self.described: dict[str, Any] = {}
        self.alg, self.is_down = "RS256", False
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = make_server("127.0.0.1", 0, self._app(), threaded=True)
        self.issuer = f"http://127.0.0.1:{self.server.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def log_in(self, address: str) -> str:
        """What the person's browser is sent back with, as a query string."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        assert asked["client_id"] == CLIENT and "openid" in asked["scope"].split()
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        return f"code={code}&state={asked['state']}"

    def _app(self) -> Flask:
        app = Flask("provider")
        app.add_url_rule("/.well-known/openid-configuration", "describe", self._describe)
        app.add_url_rule("/keys", "keys", lambda: jsonify(keys=[self.key.as_dict(private=False)]))
        app.add_url_rule("/token", "token", self._token, methods=["POST"])
        app.before_request(lambda: ("down", 500) if self.is_down else None)
        return app

    def _describe(self) -> Any:
        facts = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        return jsonify(facts | self.described)

    def _token(self) -> Any:
        sent, basic = request.form, request.authorization
        asked = self.codes.pop(sent.get("code", ""), None)
        if basic is None or (basic.username, basic.password) != (CLIENT, SECRET):
            return jsonify(error="invalid_client"), 401
        verifier = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        if asked is None or _encoded(verifier) != asked["code_challenge"]:
            return jsonify(error="invalid_grant"), 400
        if sent["redirect_uri"] != asked["redirect_uri"]:
            return jsonify(error="invalid_grant"), 400
        token = self._signed(asked["nonce"])
        return jsonify(access_token="x", token_type="Bearer", expires_in=60, id_token=token)

    def _signed(self, nonce: str) -> str:
        moment = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "ada-1", "nonce": nonce}
        claims |= {"iat": moment, "exp": moment + 300} | self.claims
        header = {"alg": self.alg, "kid": self.key.kid}
        if self.alg == "RS256":
            return jwt.encode(header, claims, self.key)
        parts = [_encoded(json.dumps(part).encode()) for part in (header, claims)]
        public, said = self.key.as_pem(private=False), ".".join(parts).encode()
        mac = b"" if self.alg == "none" else hmac.digest(public, said, "sha256")
        return f"{said.decode()}.{_encoded(mac)}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
