"""The settings that can be changed on the site, and why the others can't."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from frontdesk.stored_settings.catalogue import house, people
from frontdesk.stored_settings.catalogue.setting import Group, Setting

__all__ = ["FIXED", "GROUPS", "SETTINGS", "Group", "Setting", "group_of", "in_group"]

GROUPS = (
    Group("site", _("The site"), house.SITE),
    Group("accounts", _("Accounts"), people.ACCOUNTS),
    Group("login", _("Logging in"), people.LOGIN),
    Group("second-step", _("Second step"), people.SECOND_STEP),
    Group("space", _("Space"), house.SPACE),
    Group("uploads", _("Unfinished uploads"), house.UPLOADS),
    Group("mail", _("Mail"), house.MAIL),
    Group("upkeep", _("Backup and proof"), house.UPKEEP),
    Group("log", _("The log"), house.LOG),
)
SETTINGS: Mapping[str, Setting] = {one.name: one for group in GROUPS for one in group.settings}

# Those that are set where the site is started, and nowhere else.
FIXED: Mapping[str, Any] = {
    "SECRET_KEY": _("Everything that is signed or sealed hangs on it."),
    "SECRET_KEY_FALLBACKS": _("Everything that is signed or sealed hangs on it."),
    "DATABASE_URL": _("It is where these settings are kept."),
    "DATABASE_CONNECTIONS": _("Each process must begin with the same."),
    "STORAGE_URL": _("The files don’t move by themselves."),
    "REDIS_URL": _("Each process must begin with the same."),
    "JOBS": _("Each process must begin with the same."),
    "SEND_FILE_BY": _("It must be what the server in front understands."),
    "EXTENSIONS": _("They are programs: who installs them names them."),
    "OIDC_ISSUER": _("It is checked when the site starts."),
    "OIDC_CLIENT_ID": _("It is checked when the site starts."),
    "OIDC_CLIENT_SECRET": _("It is checked when the site starts."),
    "OIDC_NAME": _("It is checked when the site starts."),
    "OIDC_ADMIN_VALUES": _("It decides whom another server makes a member or an admin."),
    "OIDC_PROVISION": _("It decides whom another server makes a member or an admin."),
    "OIDC_PROVISION_VALUES": _("It decides whom another server makes a member or an admin."),
    "OIDC_HOSTS": _("It is the wall between this site and the inside of a network."),
    "BACKUP_TO": _("It is a place on the server’s disks: who has a shell names it."),
    "BACKUP_KEY": _("Who could change it could read the backups to come."),
    "METRICS_TOKEN": _("It belongs to the monitor, which is set up on its own machine."),
    "SENTRY_DSN": _("What goes wrong here is told there: who runs the machine says where."),
    "OTLP_ENDPOINT": _("What goes wrong here is told there: who runs the machine says where."),
    "TRACE_PERCENT": _("What goes wrong here is told there: who runs the machine says where."),
    "THEME": _("Templates are programs: who may write the folder names it."),
}


def in_group(group: Group, known: Mapping[str, Any]) -> list[Setting]:
    """Those of ``group`` that this version knows."""
    return [one for one in group.settings if one.name in known]


def group_of(key: str) -> Group | None:
    """The group at ``/admin/settings/KEY``."""
    return next((group for group in GROUPS if group.key == key), None)
