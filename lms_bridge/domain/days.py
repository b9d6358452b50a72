"""Days as Indonesian lists write them: dd-mm-yyyy, dd/mm/yyyy, ISO, or Excel's own."""

from __future__ import annotations

import datetime as dt
import re

_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]00:00(?::00(?:\.0+)?)?)?")
_SERIAL = re.compile(r"\d{5}")
_EXCEL_DAY_ZERO = dt.date(1899, 12, 30)
_EXCEL_FIRST, _EXCEL_LAST = 14_611, 73_050
"""1940 to 2099: outside, five digits are more likely anything else."""


def read_day(text: str) -> dt.date:
    """Return the day that a cell tells; the day comes before the month, always.

    :raises ValueError: it tells none, or one that the calendar does not have.
    """
    if match := _DAY_FIRST.fullmatch(text):
        day, month, year = map(int, match.groups())
    elif match := _ISO.fullmatch(text):
        year, month, day = map(int, match.groups())
    elif _SERIAL.fullmatch(text) and _EXCEL_FIRST <= int(text) <= _EXCEL_LAST:
        return _EXCEL_DAY_ZERO + dt.timedelta(days=int(text))
    else:
        raise ValueError("no day")
    found = dt.date(year, month, day)
    if not 1900 <= found.year <= 2199:
        raise ValueError("no day of ours")
    return found
