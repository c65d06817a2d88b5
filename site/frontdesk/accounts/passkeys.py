"""A member's passkeys: made, named, removed. ``recognition.py`` lets them in by one.

Source: W3C Web Authentication Level 3, §7.1. A passkey verifies its holder by itself (fingerprint,
face, PIN), and we insist on that, so it is two steps in one. It is kept on the device ("resident"),
so that nobody needs to type a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import exists, func, select

from frontdesk import audit, mail
from frontdesk.accounts import challenges, second_steps
from frontdesk.accounts.ceremonies import TIMEOUT, Party, not_right, read, redeem
from frontdesk.accounts.challenges import Asked
from frontdesk.accounts.models import Authenticator, Member, Passkey
from frontdesk.db import db, transaction
from frontdesk.forms import Refused
from frontdesk.pages import absolute

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

MOST_PASSKEYS = 20  # a member's
LONGEST_ID = 1023  # bytes, §7.1 step 25


def of(member_id: UUID) -> Sequence[Passkey]:
    """A member's passkeys, the newest first."""
    mine = select(Passkey).where(Passkey.member_id == member_id)
    return db.session.scalars(mine.order_by(Passkey.created_at.desc(), Passkey.id)).all()


def get(member_id: UUID, passkey_id: UUID) -> Passkey | None:
    """One of a member's own."""
    passkey = db.session.get(Passkey, passkey_id)
    return passkey if passkey and passkey.member_id == member_id else None


def is_last_second_step(member_id: UUID) -> bool:
    """Whether a member has one passkey and no authenticator app."""
    app = exists().where(
        Authenticator.member_id == member_id, Authenticator.confirmed_at.is_not(None)
    )
    return _count(member_id) == 1 and not db.session.scalar(select(app))


def registration_options(party: Party, asked: Asked) -> dict[str, Any]:
    """What ``navigator.credentials.create()`` is asked for.

    :raise Refused: if the member has twenty
    """
    import webauthn
    from webauthn.helpers import options_to_json_dict, structs

    member = db.session.get_one(Member, asked.member_id)
    _check_room(member.id)
    return options_to_json_dict(
        webauthn.generate_registration_options(
            rp_id=party.id,
            rp_name=current_app.config["SITE_NAME"],
            # A random UUID: it says nothing of the member, and outlives every key and name.
            user_id=member.id.bytes,
            user_name=member.username,
            user_display_name=member.display_name or member.username,
            challenge=challenges.issue(asked),
            timeout=TIMEOUT,
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=described(member.id),
        )
    )


def register(party: Party, asked: Asked, said: Any) -> Passkey:
    """Keep the passkey that a member's device has made; ``said`` is what it answered.

    :raise Refused: if it is no answer to what was asked just now, or kept already
    """
    import webauthn
    from webauthn.helpers import parse_registration_credential_json as parse

    credential = read(lambda: parse(said))
    challenge = redeem(asked, credential.response.client_data_json)
    made = read(
        lambda: webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    )
    if len(made.credential_id) > LONGEST_ID or len(made.credential_public_key) > 2048:
        raise not_right()
    transports = [one.value for one in credential.response.transports or ()]
    return _keep(
        Passkey(
            member_id=asked.member_id,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            transports=" ".join(dict.fromkeys(transports))[:80],
            is_synced=made.credential_backed_up,
        )
    )


def rename(passkey: Passkey, name: str) -> None:
    """Give a passkey another name."""
    with transaction():
        passkey.name = name
        audit.record(
            "passkey.rename", member_id=passkey.member_id, passkey=str(passkey.id), name=name
        )


def remove(passkey: Passkey) -> None:
    """It opens nothing from now on. The device still shows it until it is removed there too.

    :raise Refused: if the member's role requires a second step, and this is the last
    """
    with transaction() as session:
        name, member = passkey.name, session.get_one(Member, passkey.member_id)
        if second_steps.is_required(member.role) and is_last_second_step(member.id):
            raise Refused(_("Your role requires a second step. Set up another one first."))
        audit.record("passkey.remove", member_id=member.id, passkey=str(passkey.id), name=name)
        session.delete(passkey)
        second_steps.changed(member.id)
        _write(member, "passkey_removed", name)


def described(member_id: UUID) -> list[PublicKeyCredentialDescriptor]:
    """Theirs, as the library lists them for a browser."""
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    return [
        PublicKeyCredentialDescriptor(
            id=passkey.credential_id,
            transports=[AuthenticatorTransport(one) for one in passkey.transports.split()],
        )
        for passkey in of(member_id)
    ]


def _keep(passkey: Passkey) -> Passkey:
    with transaction() as session:
        _check_room(passkey.member_id)
        known = select(Passkey.id).where(Passkey.credential_id == passkey.credential_id)
        if session.scalar(known):
            raise Refused(_("This passkey is kept already."))
        passkey.name = _("Passkey %(n)s", n=_count(passkey.member_id) + 1)
        session.add(passkey)
        second_steps.changed(passkey.member_id)
        member = session.get_one(Member, passkey.member_id)
        audit.record("passkey.add", member_id=member.id, passkey=str(passkey.id))
        _write(member, "passkey_added", passkey.name)
    return passkey


def _write(member: Member, letter: str, name: str) -> None:
    """Tell the member by mail: it may not have been them."""
    address = absolute("profile.passkeys")
    mail.send(member.email, letter, member.language, name=name, address=address)


def _check_room(member_id: UUID) -> None:
    if _count(member_id) >= MOST_PASSKEYS:
        raise Refused(_("You have %(n)s passkeys. Remove one first.", n=MOST_PASSKEYS))


def _count(member_id: UUID) -> int:
    count = select(func.count()).select_from(Passkey).where(Passkey.member_id == member_id)
    return db.session.scalar(count) or 0
