"""The official lists that come with the plugin: posts and their usual levels, names of levels, categories of JPM."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files

from lms_bridge_competency.rules import Band, Purpose

FRAMEWORK = "asn-38-2017"
REQUIREMENT_RULE = "PermenPANRB 38/2017"
REQUIREMENT_VERSION = "2026-1"
BAND_RULE = "Peraturan BKN 26/2019"
BAND_VERSION = "2026-1"
MANAGERIAL = "manajerial"


@dataclass(frozen=True, slots=True)
class Words:
    """The same words in both languages."""

    indonesian: str
    english: str

    def in_language(self, locale: str) -> str:
        """Return the words in ``en`` or, for any other language, in Indonesian."""
        return self.english if locale == "en" else self.indonesian


@dataclass(frozen=True, slots=True)
class PostLevel:
    """A level of posts, such as Ahli Muda, with the level that is usually required of its holders.

    ``confirmed`` is false where sources differ and the standard of the post should be looked up.
    """

    code: str
    type: str
    name: Words
    managerial: int
    sociocultural: int
    confirmed: bool

    def required(self, cluster: str) -> int:
        """Return the usual level for a competency of this cluster."""
        return self.managerial if cluster == MANAGERIAL else self.sociocultural


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (files(__package__) / "data" / name).open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


@cache
def post_levels() -> dict[str, PostLevel]:
    """Return every level of posts by its code, in the official order."""
    return {
        row["job_level_code"]: PostLevel(
            code=row["job_level_code"],
            type=row["job_type"],
            name=Words(row["job_level_id"], row["job_level_en"]),
            managerial=int(row["managerial_level"]),
            sociocultural=int(row["sociocultural_level"]),
            confirmed=row["confidence"] == "high",
        )
        for row in _rows("position_levels.csv")
    }


@cache
def level_names() -> dict[int, Words]:
    """Return the names of the levels 1-5."""
    return {int(row["level"]): Words(row["name_id"], row["name_en"]) for row in _rows("level_scale.csv")}


@cache
def level_meanings() -> dict[int, Words]:
    """Return in a sentence what each level means."""
    return {int(row["level"]): Words(row["meaning_id"], row["meaning_en"]) for row in _rows("level_scale.csv")}


@cache
def bands() -> tuple[Band, ...]:
    """Return the categories of JPM for both purposes, the best of each purpose first."""
    return tuple(
        Band(
            purpose=Purpose(row["purpose"]),
            code=row["category_code"],
            minimum=Decimal(row["min_inclusive"]),
            below=Decimal(row["max_exclusive"]) if row["max_exclusive"] else None,
        )
        for row in _rows("jpm_thresholds.csv")
    )


@cache
def band_names() -> dict[str, Words]:
    """Return the names of the categories by code; codes differ between purposes."""
    return {row["category_code"]: Words(row["category_id"], row["category_en"]) for row in _rows("jpm_thresholds.csv")}


@cache
def confirmed_purposes() -> frozenset[Purpose]:
    """Return the purposes whose categories two independent sources agree on."""
    doubtful = {Purpose(row["purpose"]) for row in _rows("jpm_thresholds.csv") if row["confidence"] != "high"}
    return frozenset(set(Purpose) - doubtful)
