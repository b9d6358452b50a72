"""Numbers, days and times as Indonesian offices and English readers write them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from flask_babel import get_locale

from lms_bridge.context import context_or_none

ZONES = {"Asia/Jakarta": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}


def _language() -> str:
    return "en" if str(get_locale()).startswith("en") else "id"


def number(value: Decimal | float, digits: int = 2) -> str:
    """Write a number: 88,89 in Indonesian, 88.89 in English."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, format=pattern, locale=_language())


def day(value: dt.date) -> str:
    """Write a day: 23 November 2026."""
    return format_date(value, format="d MMMM y", locale=_language())


def clock(value: dt.datetime) -> str:
    """Write a time of day in the agency's zone: 10.42 WIB, or 10:42 WIB in English."""
    context = context_or_none()
    zone = context.agency.timezone if context else "Asia/Jakarta"
    local = value.astimezone(ZoneInfo(zone))
    time = f"{local:%H.%M}" if _language() == "id" else f"{local:%H:%M}"
    return f"{time} {ZONES.get(zone) or local.tzname()}"
