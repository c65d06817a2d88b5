"""Time zones: which there are, what their cities are called, and how far they are from UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.core import get_global
from babel.dates import get_timezone_location
from flask_babel import lazy_gettext as _

REGIONS = {
    "Africa": _("Africa"),
    "America": _("America"),
    "Antarctica": _("Antarctica"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic Ocean"),
    "Australia": _("Australia"),
    "Europe": _("Europe"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific Ocean"),
}


@cache
def known() -> frozenset[str]:
    """Their names, ``Europe/Berlin``; each zone has one: older names of the same are left out."""
    aliases = get_global("zone_aliases")
    places = (name for name in available_timezones() if name.partition("/")[0] in REGIONS)
    return frozenset(name for name in places if name not in aliases)


@cache
def find(name: str) -> tzinfo:
    """The zone of that name, an older one too; UTC for an empty name, and for one that is none."""
    return ZoneInfo(name) if name in available_timezones() else UTC


@cache
def cities(locale: Locale) -> dict[str, list[tuple[str, str]]]:
    """For each region the names of its zones and what their cities are called, by city."""
    found: dict[str, list[tuple[str, str]]] = {region: [] for region in REGIONS}
    for name in known():
        found[name.partition("/")[0]].append((name, city(name, locale)))
    return {region: sorted(zones, key=lambda zone: zone[1]) for region, zones in found.items()}


def city(name: str, locale: Locale) -> str:
    """What people call it: Berlin, 柏林."""
    return get_timezone_location(name, locale=locale, return_city=True).rpartition("/")[2]


def said(moment: datetime) -> str:
    """How far a moment's zone is from UTC then: "UTC", "UTC+1", "UTC−3:30"."""
    minutes = round((moment.utcoffset() or timedelta()) / timedelta(minutes=1))
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '−'}{hours}" + (f":{rest:02}" if rest else "")
