"""Whom the OpenID provider knows: found, linked, unlinked, and made members if settings say so.

An identity is its issuer and subject, never its e-mail address: whoever can choose an address at
the provider would be let in as somebody else. To link one, a member is logged in already.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import exists, select

from frontdesk import audit
from frontdesk.accounts import secrets, service
from frontdesk.accounts.models import Identity, Member, email_key
from frontdesk.db import db, now, transaction
from frontdesk.forms import Refused


def of(member_id: UUID) -> Sequence[Identity]:
    """A member's, the oldest first."""
    mine = select(Identity).where(Identity.member_id == member_id)
    return db.session.scalars(mine.order_by(Identity.created_at, Identity.id)).all()


def recognise(claims: Mapping[str, Any]) -> Member:
    """The member whom these claims are about; a new one if the settings let one be made.

    :raise Refused: if nobody is linked, or who is may not log in
    """
    with transaction():
        identity = _find(claims)
        member = db.session.get(Member, identity.member_id) if identity else _provision(claims)
        if identity:
            identity.used_at = now()
    if member is None:
        raise Refused(
            _("Nobody here is linked to that account. Log in with your password, then link it.")
        )
    if member.disabled_at or member.waiting_since:
        raise Refused(_("This account may not log in. Ask the person who runs this site."))
    return member


def link(member_id: UUID, claims: Mapping[str, Any]) -> None:
    """Let this identity in as that member. Twice is once.

    :raise Refused: if it is another member's
    """
    with transaction():
        identity = _find(claims)
        if identity and identity.member_id != member_id:
            raise Refused(_("That account is linked to another member here."))
        if identity is None:
            _add(member_id, claims)


def unlink(member_id: UUID, identity_id: UUID) -> bool:
    """Let an identity in no longer; False if the member has no such one: twice is once."""
    with transaction() as session:
        identity = session.get(Identity, identity_id)
        if identity is None or identity.member_id != member_id:
            return False
        session.delete(identity)
        audit.record("identity.unlink", member_id=member_id, unlinked=str(identity_id))
    return True


def _find(claims: Mapping[str, Any]) -> Identity | None:
    pair = Identity.issuer == claims["iss"], Identity.subject == claims["sub"]
    return db.session.scalar(select(Identity).where(*pair))


def _add(member_id: UUID, claims: Mapping[str, Any]) -> None:
    identity = Identity(
        member_id=member_id,
        issuer=claims["iss"],
        subject=claims["sub"],
        email=str(claims.get("email") or "")[:255],
        used_at=now(),
    )
    db.session.add(identity)
    db.session.flush()
    audit.record("identity.link", member_id=member_id, linked=str(identity.id))


def _provision(claims: Mapping[str, Any]) -> Member | None:
    """A new member, if the claim OIDC_PROVISION has one of the right values."""
    config = current_app.config
    claim = claims.get(config["OIDC_PROVISION"]) if config["OIDC_PROVISION"] else None
    values = {str(value) for value in (claim if isinstance(claim, list) else [claim]) if value}
    if not values & {*config["OIDC_PROVISION_VALUES"], *config["OIDC_ADMIN_VALUES"]}:
        return None
    is_admin = bool(values & {*config["OIDC_ADMIN_VALUES"]})
    username = next(name for name in _names(claims) if service.find(name) is None)
    # Nobody knows this password; a link to set one makes another.
    member = service.create(username, secrets.make(), is_admin=is_admin)
    email = str(claims.get("email") or "")[:255]
    if claims.get("email_verified") is True and not _is_taken(email):
        member.email, member.email_key = email, email_key(email)
        member.email_confirmed_at = now()
    member.display_name = " ".join(str(claims.get("name") or "").split())[:80]
    _add(member.id, claims)
    return member


def _is_taken(email: str) -> bool:
    return bool(db.session.scalar(select(exists().where(Member.email_key == email_key(email)))))


def _names(claims: Mapping[str, Any]) -> Iterator[str]:
    """Usernames to try: as the provider says, then with a number."""
    wanted = claims.get("preferred_username") or claims.get("email") or claims.get("name") or ""
    wanted = unicodedata.normalize("NFC", str(wanted)[:255]).partition("@")[0]
    base = re.sub(r"[^\w.-]+", ".", wanted).strip("._-")[:24] or "member"
    yield base
    number = 2
    while True:
        yield f"{base}{number}"
        number += 1
