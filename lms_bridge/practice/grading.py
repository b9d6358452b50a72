"""Rules of the gradebook: how a posted score meets the grade that is there. No database, no Flask."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

FULLY_GRADED = "FullyGraded"
_STEP = Decimal("0.00001")


@dataclass(frozen=True, slots=True)
class PostedScore:
    """A score as a tool posted it. ``stamp`` has no zone where the tool sent none."""

    user_id: str
    stamp: dt.datetime
    given: Decimal | None
    maximum: Decimal | None
    activity_progress: str
    grading_progress: str
    comment: str


@dataclass(frozen=True, slots=True)
class Held:
    """The grade that a column holds for a person."""

    score: Decimal | None
    stamp: dt.datetime
    overridden: bool = False


def scaled(given: Decimal, maximum: Decimal, column_maximum: Decimal) -> Decimal:
    """Return a score on the scale of the column; of nothing to be had, nothing is given."""
    return tidy(given * column_maximum / maximum) if maximum > 0 else Decimal(0)


def between(score: Decimal, column_maximum: Decimal) -> Decimal:
    """Return a score cut to what the column can hold."""
    return max(Decimal(0), min(score, column_maximum))


def rescaled(score: Decimal, old_maximum: Decimal, new_maximum: Decimal) -> Decimal:
    """Return a held score after the column's maximum changed."""
    return scaled(score, old_maximum, new_maximum)


def tidy(score: Decimal) -> Decimal:
    """Return a score with at most five decimals and no empty ones."""
    plain = score.quantize(_STEP).normalize()
    return plain if plain.as_tuple().exponent <= 0 else plain.quantize(Decimal(1))  # type: ignore[operator]
