"""OpenID Connect (Core 1.0): ask one provider, named by the settings, who somebody is.

Authorization code with PKCE (RFC 7636), state and nonce; nothing that the provider gives is kept.
Authlib and requests are loaded when they are needed: without OIDC_ISSUER nobody needs them.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app
from flask_babel import gettext as _

from frontdesk.accounts import secrets
from frontdesk.forms import Refused
from frontdesk.settings import BadSetting

TIMEOUT = 5  # seconds
KEPT = 3_600  # seconds that the provider's description and keys are believed
LASTS = 600  # seconds for the way to the provider and back
LEEWAY = 60  # seconds that clocks may differ
# No "none", and nothing that is signed by a shared secret: our own public facts would do as one.
ALGORITHMS = [f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)]
LOCAL = {"localhost", "127.0.0.1", "::1"}
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Unreachable(Refused):
    """The provider doesn't answer, or not as OpenID providers do."""

    def __init__(self) -> None:
        said = _("%(name)s can not be reached. Try again later.", name=name())
        super().__init__(said, status=503)


class NotProven(Refused):
    """What came back proves nothing; the log says why."""

    def __init__(self, why: str) -> None:
        current_app.logger.warning("OpenID: %s", why)
        super().__init__(_("%(name)s could not confirm who you are. Begin again.", name=name()))


def is_on() -> bool:
    """Whether there is a provider at all."""
    return bool(current_app.config["OIDC_ISSUER"])


def name() -> str:
    """What people call the provider."""
    return str(current_app.config["OIDC_NAME"])


def begin(back: str) -> tuple[str, dict[str, Any]]:
    """Where to send somebody, and what their device must hold until they come to ``back``.

    :raise Unreachable: if the provider doesn't say where
    """
    flow = {"state": secrets.make(), "nonce": secrets.make(), "verifier": secrets.make()}
    url, _state = _client(back).create_authorization_url(
        _description()["authorization_endpoint"],
        state=flow["state"],
        nonce=flow["nonce"],
        code_verifier=flow["verifier"],
    )
    return str(url), {**flow, "at": int(time.time())}


def finish(flow: Any, answer: Mapping[str, str], back: str) -> dict[str, Any]:
    """Who came back, as claims that the provider signed.

    :raise NotProven: if anything is not as it must be
    :raise Unreachable: if the provider can't be asked
    """
    _check_answer(flow, answer)
    token = _redeem(flow, answer, back)
    try:
        claims = _verified(token, fresh_keys=False)
    except LookupError:
        claims = _verified(token, fresh_keys=True)  # it may sign with a newer one
    if not hmac.compare_digest(str(claims.get("nonce", "")), flow["nonce"]):
        raise NotProven("the nonce is not ours")
    authorized = claims.get("azp", current_app.config["OIDC_CLIENT_ID"])
    if authorized != current_app.config["OIDC_CLIENT_ID"]:
        raise NotProven("the token is for another client")
    if not claims["sub"] or len(claims["sub"]) > 255:
        raise NotProven("the subject is empty or too long")
    return claims


def _check_answer(flow: Any, answer: Mapping[str, str]) -> None:
    state = answer.get("state", "")
    if not isinstance(flow, dict) or not hmac.compare_digest(
        str(flow.get("state")).encode(), state.encode(errors="replace")
    ):
        raise NotProven("the state is not this device's")
    if time.time() - flow["at"] > LASTS:
        raise NotProven("it took too long")
    if answer.get("iss", current_app.config["OIDC_ISSUER"]) != current_app.config["OIDC_ISSUER"]:
        raise NotProven("another issuer answered")  # RFC 9207
    if "error" in answer or not answer.get("code"):
        raise NotProven(f"the provider said {answer.get('error', 'nothing')!r:.80}")


def _redeem(flow: dict[str, Any], answer: Mapping[str, str], back: str) -> str:
    """The ID token for a code."""
    import requests
    from authlib.common.errors import AuthlibBaseError

    try:
        token = _client(back).fetch_token(
            _description()["token_endpoint"],
            grant_type="authorization_code",
            code=answer["code"],
            code_verifier=flow["verifier"],
            allow_redirects=False,
        )
    except requests.RequestException as error:
        current_app.logger.warning("OpenID: no token", exc_info=error)
        raise Unreachable from error
    except (AuthlibBaseError, ValueError) as error:
        raise NotProven(f"the code was refused: {error}") from error
    if not isinstance(token.get("id_token"), str):
        raise NotProven("no ID token came")
    return str(token["id_token"])


def _verified(token: str, fresh_keys: bool) -> dict[str, Any]:
    """:raise LookupError: if the keys that are known hold none for it"""
    from joserfc import jwt
    from joserfc.errors import InvalidKeyIdError, JoseError
    from joserfc.jwk import KeySet

    config = current_app.config
    keys: Any = _fetch(_description()["jwks_uri"], fresh=fresh_keys)
    registry = jwt.JWTClaimsRegistry(
        now=lambda: int(time.time()),
        leeway=LEEWAY,
        iss={"essential": True, "value": config["OIDC_ISSUER"]},
        aud={"essential": True, "value": config["OIDC_CLIENT_ID"]},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        found = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS)
        registry.validate(found.claims)
    except InvalidKeyIdError as error:
        if not fresh_keys:
            raise LookupError from error
        raise NotProven("no key of the provider signed it") from error
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise NotProven(f"the ID token is not good: {error}") from error
    return dict(found.claims)


def _client(back: str) -> Any:
    from authlib.integrations.requests_client import OAuth2Session

    config = current_app.config
    offered = _description().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    method = "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"
    return OAuth2Session(
        config["OIDC_CLIENT_ID"],
        config["OIDC_CLIENT_SECRET"] or None,
        token_endpoint_auth_method=method if config["OIDC_CLIENT_SECRET"] else "none",
        scope="openid email profile",
        redirect_uri=back,
        code_challenge_method="S256",
        default_timeout=TIMEOUT,
    )


def _description() -> dict[str, Any]:
    """What the provider says of itself (OpenID Connect Discovery 1.0 §4)."""
    issuer = current_app.config["OIDC_ISSUER"]
    found = _fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        current_app.logger.error("OIDC_ISSUER is %r, it says %r", issuer, found.get("issuer"))
        raise Unreachable
    for endpoint in ENDPOINTS:
        if not _may_be_asked(str(found.get(endpoint, ""))):
            current_app.logger.error(
                "OpenID: %s of %s is %r: name its host in OIDC_HOSTS if it is right",
                endpoint, issuer, found.get(endpoint),
            )  # fmt: skip
            raise Unreachable
    return found


def _may_be_asked(address: str) -> bool:
    parts, issuer = urlsplit(address), urlsplit(current_app.config["OIDC_ISSUER"])
    if parts.hostname in current_app.config["OIDC_HOSTS"]:
        return parts.scheme == "https"
    return (parts.scheme, parts.netloc) == (issuer.scheme, issuer.netloc)


def _fetch(address: str, fresh: bool = False) -> dict[str, Any]:
    """JSON from the provider, as it was of late; never from where it only points to.

    :raise Unreachable: if there is none
    """
    import requests

    kept: dict[str, tuple[float, Any]] = current_app.extensions["openid"]
    since, found = kept.get(address, (0.0, None))
    if found is not None and not fresh and time.monotonic() - since < KEPT:
        return dict(found)
    try:
        answer = requests.get(address, timeout=TIMEOUT, allow_redirects=False)
        if answer.status_code != 200:
            raise ValueError(f"{address} answered {answer.status_code}")
        found = dict(answer.json())
    except (requests.RequestException, ValueError, TypeError) as error:
        current_app.logger.warning("OpenID: the provider can't be asked", exc_info=error)
        raise Unreachable from error
    kept[address] = time.monotonic(), found
    return dict(found)


def init_app(app: Flask) -> None:
    """:raise BadSetting: if a provider is named and can't be asked"""
    app.extensions["openid"] = {}
    issuer = urlsplit(app.config["OIDC_ISSUER"])
    if not app.config["OIDC_ISSUER"]:
        return
    if issuer.scheme != "https" and not (issuer.scheme == "http" and issuer.hostname in LOCAL):
        raise BadSetting('OIDC_ISSUER must be like "https://accounts.example.org".')
    if not app.config["OIDC_CLIENT_ID"]:
        raise BadSetting("OIDC_ISSUER needs OIDC_CLIENT_ID, what the provider calls this site.")
    if not all(find_spec(package) for package in ("authlib", "requests", "joserfc")):
        raise BadSetting(
            "OIDC_ISSUER needs Authlib and requests. "
            "Install them: pip install -r requirements-scale.txt"
        )
