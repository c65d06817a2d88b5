"""Settings of who comes in and how: accounts, log-ins, second steps, other log-in servers."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from frontdesk.stored_settings.catalogue.setting import Setting

ACCOUNTS = (
    Setting(
        "REGISTRATION",
        _("New accounts"),
        _("Who may make one."),
        "choice",
        (
            ("closed", _("only whom somebody invites")),
            ("invite", _("the same, and a page says so")),
            ("open", _("everybody, after an admin’s yes")),
        ),
    ),
    Setting(
        "REGISTER_TRIES",
        _("Registrations from one address"),
        _("So many are allowed in one window."),
        least=1,
    ),
    Setting(
        "INVITE_EXPIRY", _("An invite lasts"), _("Then it opens no more."), "seconds", least=60
    ),
    Setting("MEMBERS_MAY_INVITE", _("Members may invite"), _("Otherwise only admins do."), "flag"),
    Setting(
        "DELETE_GRACE",
        _("A deleted account is kept"),
        _("So long its owner can come back by logging in; then it goes for good."),
        "seconds",
    ),
)
LOGIN = (
    Setting(
        "LOGIN_TRIES",
        _("Wrong passwords for one name"),
        _("So many are allowed in one window from one address."),
        least=3,
    ),
    Setting(
        "LOGIN_TRIES_PER_NAME",
        _("Wrong passwords for one name from anywhere"),
        _("So many are allowed in one window from all addresses together."),
        least=3,
    ),
    Setting(
        "LOGIN_TRIES_PER_ADDRESS",
        _("Wrong passwords from one address"),
        _("So many are allowed in one window for all names together."),
        least=3,
    ),
    Setting(
        "LOGIN_WINDOW",
        _("A window lasts"),
        _("Who has tried too often waits at most so long."),
        "seconds",
        least=60,
    ),
    Setting(
        "SESSION_IDLE",
        _("Unused log-in"),
        _("A log-in that is not used for so long ends."),
        "seconds",
        least=300,
    ),
    Setting(
        "SESSION_LIFETIME",
        _("Longest log-in"),
        _("A log-in ends after so long, used or not. Those that have begun keep their end."),
        "seconds",
        least=300,
    ),
    Setting(
        "SESSION_REMEMBERED",
        _("Remembered log-in"),
        _("The same where “Remember me on this device” was ticked."),
        "seconds",
        least=300,
    ),
    Setting(
        "SESSION_ROTATION",
        _("New cookie after"),
        _("A remembered log-in gets a new secret after so long, and the old one ends."),
        "seconds",
    ),
    Setting(
        "PROOF_LIFETIME",
        _("A proof holds"),
        _(
            "For so long after a password or passkey, what touches the account itself doesn’t ask "
            "for it again."
        ),
        "seconds",
        least=60,
    ),
)
SECOND_STEP = (
    Setting(
        "REQUIRE_SECOND_STEP",
        _("Roles that need a second step"),
        _("Who has such a role sets one up at the next log-in. One a line: admin, member."),
        "list",
        pattern=r"admin|member",
        example="admin",
    ),
    Setting(
        "TRUSTED_DEVICE",
        _("A trusted device"),
        _("It is not asked for the second step for so long. 0 trusts none."),
        "seconds",
    ),
)
