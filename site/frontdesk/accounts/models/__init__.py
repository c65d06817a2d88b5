"""Members and all that lets them in: log-ins, tokens, invites, second steps, wrong tries."""

from frontdesk.accounts.models.devices import HalfLogin, LoginSession, TrustedDevice
from frontdesk.accounts.models.letters import CONFIRM, RESET, Invite, Ticket
from frontdesk.accounts.models.members import (
    ADMIN,
    LEFT,
    MEMBER,
    Member,
    email_key,
    username_key,
)
from frontdesk.accounts.models.second_steps import Authenticator, Challenge, Passkey, RecoveryCode
from frontdesk.accounts.models.strangers import Attempts, Identity
from frontdesk.accounts.models.tokens import READ, WRITE, Token

__all__ = [
    "ADMIN",
    "CONFIRM",
    "LEFT",
    "MEMBER",
    "READ",
    "RESET",
    "WRITE",
    "Attempts",
    "Authenticator",
    "Challenge",
    "HalfLogin",
    "Identity",
    "Invite",
    "LoginSession",
    "Member",
    "Passkey",
    "RecoveryCode",
    "Ticket",
    "Token",
    "TrustedDevice",
    "email_key",
    "username_key",
]
