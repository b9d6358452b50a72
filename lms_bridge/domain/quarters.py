"""Quarters of a year, in which indicators are kept: ``2026-Q4`` sorts as it follows."""

from __future__ import annotations

import datetime as dt
import re

_QUARTER = re.compile(r"(\d{4})-Q([1-4])")


def quarter_of(day: dt.date) -> str:
    """Return the quarter of a day: 25 November 2026 is in 2026-Q4."""
    return f"{day.year:04}-Q{(day.month + 2) // 3}"


def last_quarters(until: str, count: int) -> list[str]:
    """Return that many quarters, the oldest first, the last of them being ``until``.

    :raises ValueError: ``until`` is no quarter.
    """
    match = _QUARTER.fullmatch(until)
    if match is None:
        raise ValueError("no quarter")
    last = int(match[1]) * 4 + int(match[2]) - 1
    return [f"{number // 4:04}-Q{number % 4 + 1}" for number in range(last - count + 1, last + 1)]
