"""Forms of competency development with their hours (JP), as Peraturan LAN 10/2018 counts them."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from flask_babel import get_locale


@dataclass(frozen=True, slots=True)
class DevelopmentForm:
    """A form of development in one language.

    ``jp`` is what one ``unit`` (JP, hari, kali, semester) counts inside the country; nothing where the agency fixes it.
    ``jp_abroad`` is what it counts across the border. ``day_cap`` and ``day_cap_abroad`` are the most JP that count of
    this form on one day, ``month_times`` how often it counts in a calendar month. ``share`` is its part of 70:20:10.
    ``confirmed`` is false where sources differ.
    """

    code: str
    mode: str
    """``pendidikan``, ``klasikal`` or ``nonklasikal``."""
    name: str
    definition: str
    jp: Decimal | None
    unit: str
    share: int
    confirmed: bool
    jp_abroad: Decimal | None = None
    day_cap: Decimal | None = None
    day_cap_abroad: Decimal | None = None
    month_times: int | None = None

    @property
    def by_time(self) -> bool:
        """Whether its hours are counted by minutes, 45 to a JP, and not by days, times or semesters."""
        return self.unit == "JP" or self.day_cap is not None


_PER_UNIT = re.compile(r"= (\d+) JP")
_PER_DAY = re.compile(r"(\d+) JP per hari")
_TIMES = re.compile(r"(\d+) kali per bulan")
_A_FIFTH_MORE = Decimal("1.2")


def development_forms() -> dict[str, DevelopmentForm]:
    """Return the official forms by code, in their order and in the language of the request."""
    return forms_in("en" if str(get_locale() or "id")[:2] == "en" else "id")


@cache
def forms_in(language: str) -> dict[str, DevelopmentForm]:
    """Return the official forms by code, in ``id`` or ``en``."""
    with (files("lms_bridge") / "data" / "development_forms.csv").open(encoding="utf-8") as file:
        return {
            row["code"]: DevelopmentForm(
                code=row["code"],
                mode=row["bentuk"],
                name=row[f"jalur_{language}"],
                definition=row[f"definition_{language}"],
                jp=Decimal(row["jp_national_value"]) if row["jp_national_value"] else None,
                unit=row["jp_unit"],
                share=int(row["model_70_20_10"]),
                confirmed=row["confidence"] == "high",
                **_limits(row),
            )
            for row in csv.DictReader(file)
        }


def _limits(row: dict[str, str]) -> dict[str, Any]:
    """Return what the words of a row say of caps, and of the form across the border."""
    value, abroad = _number(row["jp_national_value"]), row["jp_international_rule"]
    day_cap, times = _found(_PER_DAY, row["jp_cap"]), _found(_TIMES, row["jp_cap"])
    more = _A_FIFTH_MORE if abroad == "+20%" else None
    return {
        "jp_abroad": value * more if value and more else _found(_PER_UNIT, abroad) or value,
        "day_cap": day_cap,
        "day_cap_abroad": day_cap * more if day_cap and more else _found(_PER_DAY, abroad) or day_cap,
        "month_times": int(times) if times else None,
    }


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _found(pattern: re.Pattern[str], text: str) -> Decimal | None:
    match = pattern.search(text)
    return Decimal(match[1]) if match else None
