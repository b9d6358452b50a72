"""Forms of competency development with their hours (JP), as Peraturan LAN 10/2018 counts them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files

from flask_babel import get_locale


@dataclass(frozen=True, slots=True)
class DevelopmentForm:
    """A form of development in one language.

    ``jp`` is what one ``unit`` (JP, hari, kali, semester) counts inside the country; nothing where the agency fixes it.
    ``share`` is its part of 70:20:10. ``confirmed`` is false where sources differ.
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
            )
            for row in csv.DictReader(file)
        }
