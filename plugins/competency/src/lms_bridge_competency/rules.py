"""The rules of competency mapping: which level is asked next, what is attained, what the numbers say.

Nothing here knows of Flask, the database or the language. Levels are 1-5; 0 means none attained or required.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum

ATTAINED_RULE = "two-of-three-1"
"""Name of the rule by which indicators become a level, stored with each result."""
JPM_RULE = "attained-over-required-1"
HIGHEST_LEVEL = 5


class Mark(Enum):
    """What somebody says of one behaviour. Having had no chance to show it counts as not shown."""

    SHOWN = "shown"
    NOT_SHOWN = "not_shown"
    NO_CHANCE = "no_chance"


class LevelState(Enum):
    """What the marks of one level say; open while one is missing."""

    SHOWN = "shown"
    NOT_SHOWN = "not_shown"
    OPEN = "open"


def marks_needed(indicators: int) -> int:
    """Return how many behaviours must be shown for a level: two of three, and the same share of any other number."""
    return -(-2 * indicators // 3)


def judge_level(marks: Sequence[Mark | None]) -> LevelState:
    """Judge one level by the marks of its behaviours."""
    if not marks or None in marks:
        return LevelState.OPEN
    shown = sum(mark is Mark.SHOWN for mark in marks)
    return LevelState.SHOWN if shown >= marks_needed(len(marks)) else LevelState.NOT_SHOWN


def _reach(levels: Mapping[int, LevelState]) -> tuple[int, int]:
    """Return the highest level still open to the person, the one below the lowest not shown, and the highest shown."""
    stumble = min((level for level, state in levels.items() if state is LevelState.NOT_SHOWN), default=None)
    ceiling = HIGHEST_LEVEL if stumble is None else stumble - 1
    shown = [level for level, state in levels.items() if state is LevelState.SHOWN and level <= ceiling]
    return ceiling, max(shown, default=0)


def attained_level(levels: Mapping[int, LevelState], *, required: int) -> int | None:
    """Return the highest level with every level up to it shown; nothing while that cannot be said yet.

    Levels below one that is shown count as shown unless they were asked and not shown. A level above the required one
    is an offer: while it is open, the level below it stands.

    :param levels: every level that has behaviours to ask about.
    """
    if required < 1:
        return None
    ceiling, shown = _reach(levels)
    return shown if shown >= min(required, ceiling) else None


def next_level(levels: Mapping[int, LevelState], *, required: int) -> int | None:
    """Return the level to ask about now: first the required one, then upwards while shown, downwards while not.

    Once :func:`attained_level` is known, what this returns is only an offer.
    """
    if required < 1:
        return None
    ceiling, shown = _reach(levels)
    asked = min(required, ceiling) if shown < min(required, ceiling) else shown + 1
    return asked if asked <= ceiling and levels.get(asked) is LevelState.OPEN else None


def assumed_levels(levels: Mapping[int, LevelState], *, attained: int) -> tuple[int, ...]:
    """Return the levels that count as shown although they were not, or not fully, asked."""
    return tuple(level for level in range(1, attained + 1) if levels.get(level) is not LevelState.SHOWN)


class GapStatus(Enum):
    """What a gap asks for."""

    MEETS = "meets"
    DEVELOP = "develop"
    PRIORITY = "priority"


def gap_of(required: int, attained: int) -> int:
    """Return how many levels are missing; negative when more is attained than required."""
    return required - attained


def gap_status(gap: int) -> GapStatus:
    """Say what a gap asks for: nothing, development, or development first."""
    if gap <= 0:
        return GapStatus.MEETS
    return GapStatus.DEVELOP if gap == 1 else GapStatus.PRIORITY


def half_up(value: Decimal) -> Decimal:
    """Round to two decimals, halves upwards, as the official forms do."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Line:
    """One competency of a result: level required, and level attained or nothing where there is no rating.

    ``blended`` is the level as the raters together give it, before it is rounded down.
    """

    competency: str
    required: int
    attained: int | None
    blended: Decimal | None = None

    @property
    def gap(self) -> int | None:
        """Levels missing, or nothing where the post requires none or there is no rating."""
        return None if self.attained is None or self.required < 1 else gap_of(self.required, self.attained)


class Method(Enum):
    """How a surplus in one competency counts: against the lack in another up to 100 in total, or not at all."""

    TOTAL_CAP = "total_cap"
    NO_COMPENSATION = "no_compensation"


@dataclass(frozen=True, slots=True)
class Match:
    """A Job Person Match with its parts. ``value`` is nothing when no competency could be counted.

    ``uncapped`` is what the formula gave before the cap of 100.
    """

    method: Method
    attained: int
    required: int
    value: Decimal | None
    uncapped: Decimal | None
    not_rated: tuple[str, ...]
    not_required: tuple[str, ...]


def job_person_match(lines: Iterable[Line], *, method: Method) -> Match:
    """Compute JPM = 100 x levels attained / levels required.

    A competency without a rating is left out of both sums and named, never counted as 0. One that the post does not
    require is left out too: it could only add to the one sum.
    """
    known = list(lines)
    counted = [(line.required, line.attained) for line in known if line.required > 0 and line.attained is not None]
    required = sum(wanted for wanted, _ in counted)
    if method is Method.NO_COMPENSATION:
        attained = sum(min(wanted, shown) for wanted, shown in counted)
    else:
        attained = sum(shown for _, shown in counted)
    uncapped = half_up(Decimal(100 * attained) / required) if required else None
    return Match(
        method=method,
        attained=attained,
        required=required,
        value=None if uncapped is None else min(uncapped, Decimal("100.00")),
        uncapped=uncapped,
        not_rated=tuple(line.competency for line in known if line.required > 0 and line.attained is None),
        not_required=tuple(line.competency for line in known if line.required < 1),
    )


class Purpose(Enum):
    """What a JPM is read for: filling a post, or mapping the people of an agency."""

    FILLING = "pengisian_jabatan"
    MAPPING = "pemetaan_kompetensi"


@dataclass(frozen=True, slots=True)
class Band:
    """A category of a purpose, from ``minimum`` up to but without ``below``."""

    purpose: Purpose
    code: str
    minimum: Decimal
    below: Decimal | None


def classify(value: Decimal, bands: Iterable[Band], *, purpose: Purpose) -> Band:
    """Return the category of a JPM, judged on the value rounded half up to two decimals.

    :raises ValueError: the bands of this purpose leave the value out.
    """
    rounded = half_up(value)
    for band in bands:
        if band.purpose is purpose and band.minimum <= rounded and (band.below is None or rounded < band.below):
            return band
    raise ValueError(f"no category of {purpose.value} for {rounded}")


def grade(lines: Iterable[Line]) -> Decimal:
    """Return attained against required, 0-1, without compensation: what an LMS's gradebook shows."""
    match = job_person_match(lines, method=Method.NO_COMPENSATION)
    share = Decimal(match.attained) / match.required if match.required else Decimal(0)
    return share.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def evidence_value(level: int) -> Decimal:
    """Return a level as its share of the scale, 0-1, which says the same for every post."""
    return Decimal(level) / HIGHEST_LEVEL
