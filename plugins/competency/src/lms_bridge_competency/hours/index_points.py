"""The 40 points of the competency dimension of IP ASN (PermenPANRB 38/2018, Peraturan BKN 8/2019)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from lms_bridge_competency.hours.rules import TARGET, Entry

RULE = "Peraturan BKN 8/2019"
LEADERSHIP, FUNCTIONAL = frozenset({"B1"}), frozenset({"B4"})
TECHNICAL = frozenset({"B2", "B3", "B5", "B9", "B10"})
SEMINARS = frozenset({"B6", "B7", "B8", "B11", "C12"})


class Part(Enum):
    """A part of the competency dimension."""

    LEADERSHIP = "leadership"
    FUNCTIONAL = "functional"
    TECHNICAL = "technical"
    SEMINARS = "seminars"


@dataclass(frozen=True, slots=True)
class Points:
    """A part, the points that it gives, and whether this year\'s entries have earned them."""

    part: Part
    points: Decimal
    earned: bool


def points_of_year(post_type: str, post_level: str, entries: Iterable[Entry]) -> list[Points]:
    """Return what the year has earned and what is still to be earned, at most 40 points together.

    Training for the post (leadership or functional) may have been earned in an earlier year, which this ledger does not
    know: it is shown as open until it is seen here. Worked example: an Ahli Muda with 20 JP of technical training and a
    seminar has 15 + 10 points; 15 for functional training are open.
    """
    entries = list(entries)
    of_post: list[tuple[Part, str, bool]] = []
    staff = post_level == "PELAKSANA"
    if post_type == "JPT" or (post_type == "JA" and not staff):
        of_post = [(Part.LEADERSHIP, "15", _took_part(entries, LEADERSHIP))]
    elif post_type in {"JF_KEAHLIAN", "JF_KETERAMPILAN"}:
        of_post = [(Part.FUNCTIONAL, "15", _took_part(entries, FUNCTIONAL))]
    technical = sum((one.counted for one in entries if one.deed.form in TECHNICAL), Decimal(0)) >= TARGET
    of_all = [
        (Part.TECHNICAL, "22.5" if staff else "15", technical),
        (Part.SEMINARS, "17.5" if staff else "10", _took_part(entries, SEMINARS)),
    ]
    return [Points(part, Decimal(points), earned) for part, points, earned in (*of_post, *of_all)]


def _took_part(entries: Iterable[Entry], forms: frozenset[str]) -> bool:
    return any(one.deed.form in forms and one.counted > 0 for one in entries)
