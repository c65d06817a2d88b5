"""Recognise a member by a passkey: to log in, as the second step, as a proof.

Source: W3C Web Authentication Level 3, §7.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import current_app
from sqlalchemy import select

from frontdesk import audit
from frontdesk.accounts import challenges
from frontdesk.accounts.attempts import count_try, forgive_try, network
from frontdesk.accounts.ceremonies import TIMEOUT, Party, not_right, read, redeem
from frontdesk.accounts.challenges import LOGIN, PROOF, Asked
from frontdesk.accounts.models import Member, Passkey
from frontdesk.accounts.passkeys import described
from frontdesk.db import db, now, transaction
from frontdesk.forms import Refused

if TYPE_CHECKING:
    from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
    from webauthn.helpers.structs import AuthenticationCredential


def options(party: Party, asked: Asked, address: str) -> dict[str, Any]:
    """What ``navigator.credentials.get()`` is asked for; of a known member it names theirs.

    :raise TooManyTries: after LOGIN_TRIES_PER_ADDRESS that were asked and led to nothing
    """
    import webauthn
    from webauthn.helpers import options_to_json_dict, structs

    count_try(_asking(address))
    return options_to_json_dict(
        webauthn.generate_authentication_options(
            rp_id=party.id,
            challenge=challenges.issue(asked),
            timeout=TIMEOUT,
            allow_credentials=described(asked.member_id) if asked.member_id else [],
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        )
    )


def recognise(party: Party, asked: Asked, said: Any, address: str) -> Member:
    """The member whose passkey has signed what was asked.

    :raise TooManyTries: after LOGIN_TRIES_PER_ADDRESS wrong ones
    :raise Refused: in the same words for an unknown passkey, a wrong signature, a disabled member
    """
    from webauthn.helpers import parse_authentication_credential_json as parse

    limits = {f"login::{network(address)}": current_app.config["LOGIN_TRIES_PER_ADDRESS"]}
    count_try(limits)
    credential = read(lambda: parse(said))
    challenge = redeem(asked, credential.response.client_data_json)
    passkey = _find(asked, credential)
    if passkey is None:
        raise _refused(asked, None, "unknown")
    verified = _verify(party, asked, passkey, credential, challenge)
    if not _note_use(passkey.id, verified):
        raise _refused(asked, passkey, "counter")
    forgive_try(limits | _asking(address))
    return db.session.get_one(Member, passkey.member_id)


def _asking(address: str) -> dict[str, int]:
    return {f"challenge::{network(address)}": current_app.config["LOGIN_TRIES_PER_ADDRESS"]}


def _find(asked: Asked, credential: AuthenticationCredential) -> Passkey | None:
    """The passkey that was used, if its member may log in and is the one who was asked."""
    found = db.session.scalar(
        select(Passkey)
        .join(Member, Member.id == Passkey.member_id)
        .where(
            Passkey.credential_id == credential.raw_id,
            Member.disabled_at.is_(None),
            Member.waiting_since.is_(None),
        )
    )
    if found is None or asked.member_id not in {None, found.member_id}:
        return None
    handle = credential.response.user_handle  # who was named beforehand may leave it out: §7.2
    is_theirs = handle == found.member_id.bytes or (handle is None and asked.kind != LOGIN)
    return found if is_theirs else None


def _verify(
    party: Party,
    asked: Asked,
    passkey: Passkey,
    credential: AuthenticationCredential,
    challenge: bytes,
) -> VerifiedAuthentication:
    import webauthn

    try:
        return read(
            lambda: webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=party.id,
                expected_origin=party.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=0,  # _note_use compares it, on the newest state
                require_user_verification=True,
            )
        )
    except Refused:
        raise _refused(asked, passkey, "signature") from None


def _note_use(passkey_id: UUID, verified: VerifiedAuthentication) -> bool:
    """Keep its count; False if that does not grow: there are two of it (§6.1.1), or it is gone.

    Synced passkeys don't count, and say 0 each time.
    """
    with transaction() as session:
        passkey = session.get(Passkey, passkey_id, with_for_update=True)
        count = verified.new_sign_count
        if passkey is None or (max(count, passkey.sign_count) and count <= passkey.sign_count):
            return False
        passkey.sign_count, passkey.used_at = count, now()
        passkey.is_synced = verified.credential_backed_up
    return True


def _refused(asked: Asked, passkey: Passkey | None, why: str) -> Refused:
    """Note it, and say no. "counter" means that somebody may have copied the passkey."""
    what = "member.proof-refused" if asked.kind == PROOF else "member.login-refused"
    with transaction():
        whose = passkey.member_id if passkey else asked.member_id
        facts = {"passkey": str(passkey.id)} if passkey else {}
        audit.record(what, member_id=whose, by="passkey", why=why, **facts)
    return not_right()
