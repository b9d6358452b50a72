"""Numbers, days and times as Indonesian offices and English readers write them."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from lms_bridge.context import context_or_none
from lms_bridge.db import now
from lms_bridge.domain.nip import mask_nip

ZONES = {"Asia/Jakarta": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}
"""The names of Indonesia's three zones; several cities share each, and these are the ones an agency may choose."""
_PATTERNS = {"long": "d MMMM y", "weekday": "EEEE, d MMM"}


def init_formats(app: Flask) -> None:
    """Give templates the filters for numbers, days, times and NIPs, and the global ``greeting()``."""
    app.jinja_env.filters.update(number=number, day=day, clock=clock, ago=ago, due=due, nip=mask_nip)
    app.jinja_env.globals["greeting"] = greeting


def _language() -> str:
    return "en" if str(get_locale()).startswith("en") else "id"


def _zone() -> ZoneInfo:
    context = context_or_none()
    return ZoneInfo(context.agency.timezone if context else "Asia/Jakarta")


def number(value: Decimal | float, digits: int = 2) -> str:
    """Write a number, rounded half up: 88,89 in Indonesian, 88.89 in English."""
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return format_decimal(rounded, format="#,##0" + ("." + "0" * digits if digits else ""), locale=_language())


def day(value: dt.date, style: str = "long", *, zone: ZoneInfo | None = None) -> str:
    """Write a day: 23 November 2026, or with style ``weekday`` Senin, 23 Nov.

    :param zone: where a moment counts; by default that of the session's agency.
    """
    if isinstance(value, dt.datetime):
        value = value.astimezone(zone or _zone()).date()
    return format_date(value, format=_PATTERNS[style], locale=_language())


def clock(value: dt.datetime, *, zone: ZoneInfo | None = None) -> str:
    """Write a time of day in the agency's zone: 10.42 WIB, or 10:42 WIB in English."""
    zone = zone or _zone()
    local = value.astimezone(zone)
    time = f"{local:%H.%M}" if _language() == "id" else f"{local:%H:%M}"
    return f"{time} {ZONES.get(zone.key) or local.tzname()}"


def ago(value: dt.datetime) -> str:
    """Say when something happened: the minutes of the last hour, else the time today or yesterday, else the day."""
    moment, zone = now(), _zone()
    minutes = int((moment - value).total_seconds() // 60)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("%(num)s minute ago", "%(num)s minutes ago", minutes)
    days = (moment.astimezone(zone).date() - value.astimezone(zone).date()).days
    if days == 0:
        return _("today %(time)s", time=clock(value))
    return _("yesterday %(time)s", time=clock(value)) if days == 1 else day(value)


def due(value: dt.date) -> str:
    """Say when something is due, seen from today in the agency's zone."""
    days = (value - now().astimezone(_zone()).date()).days
    if days < 0:
        return ngettext("%(num)s day late", "%(num)s days late", -days)
    if days == 0:
        return _("due today")
    if days == 1:
        return _("due tomorrow")
    return _("due %(day)s", day=day(value, "weekday" if days < 60 else "long"))


def greeting() -> str:
    """Greet by the time of day where the agency is."""
    hour = now().astimezone(_zone()).hour
    if 3 <= hour < 11:
        return _("Good morning")
    if 11 <= hour < 15:
        return _("Good day")
    return _("Good afternoon") if 15 <= hour < 18 else _("Good evening")
