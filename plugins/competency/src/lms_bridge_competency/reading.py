"""A stored result as the pages show it: names in the reader's language, both methods, and every input."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lms_bridge.api import CompetencyView
from lms_bridge_competency.blending import OUTRANKING, Blend, Group
from lms_bridge_competency.models import Result, ResultLine
from lms_bridge_competency.radar import Radar, draw
from lms_bridge_competency.rules import (
    Band,
    GapStatus,
    LevelState,
    Line,
    Mark,
    Match,
    Method,
    Purpose,
    assumed_levels,
    classify,
    gap_status,
    job_person_match,
)
from lms_bridge_competency.sources import Source, blends_of, sources_in, weights_in


@dataclass(frozen=True, slots=True)
class AskedLevel:
    """A level that was asked, with what was said of each behaviour."""

    level: int
    title: str
    state: LevelState
    marks: tuple[tuple[str, Mark | None], ...]

    @property
    def shown(self) -> int:
        """How many behaviours are shown."""
        return sum(mark is Mark.SHOWN for _, mark in self.marks)


@dataclass(frozen=True, slots=True)
class ShownRating:
    """What one rater says of a competency: the level, how it came about, and perhaps a note."""

    group: Group
    level: Decimal | None
    asked: tuple[AskedLevel, ...]
    assumed: tuple[int, ...]
    note: str
    assessment: int
    """The rating that it is from; 0 where it is from no rating."""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One competency of a result with everything that its numbers come from."""

    key: str
    code: str
    name: str
    required: int
    attained: int | None
    gap: int | None
    status: GapStatus | None
    basis: str
    rule: str
    confirmed: bool
    ratings: tuple[ShownRating, ...]
    blend: Blend | None


@dataclass(frozen=True, slots=True)
class ShownSource:
    """One rating behind a result: who gave it, when, and its weight of the whole; 0 where it does not count.

    One that ``outranks`` counts alone for the competencies of which it speaks, and has no weight.
    """

    group: Group
    rated_at: dt.datetime
    weight: int
    whole: int
    outranks: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one method says: the match and its category for each purpose."""

    match: Match
    categories: dict[Purpose, Band]


@dataclass(frozen=True, slots=True)
class ShownResult:
    """A result with its lines and verdicts; ``main`` is the verdict of the method that the result was computed by."""

    result: Result
    lines: tuple[ShownLine, ...]
    sources: tuple[ShownSource, ...]
    main: Verdict
    other: Verdict
    bands: dict[Purpose, tuple[Band, ...]]
    radar: Radar | None

    @property
    def measured(self) -> tuple[ShownLine, ...]:
        """The lines that count."""
        return tuple(line for line in self.lines if line.gap is not None)

    @property
    def short(self) -> tuple[ShownLine, ...]:
        """The lines below the standard, the widest gap first."""
        return tuple(sorted((line for line in self.measured if (line.gap or 0) > 0), key=lambda line: -(line.gap or 0)))

    @property
    def left_out(self) -> tuple[ShownLine, ...]:
        """The lines that do not count: not required of the post, or not rated."""
        return tuple(line for line in self.lines if line.gap is None)


def stored_bands(result: Result) -> tuple[Band, ...]:
    """Return the categories as they were when the result was computed."""
    return tuple(
        Band(
            purpose=Purpose(row["purpose"]),
            code=row["code"],
            minimum=Decimal(row["minimum"]),
            below=None if row["below"] is None else Decimal(row["below"]),
        )
        for row in result.inputs.get("bands", ())
    )


def categories(result: Result) -> dict[Purpose, Band]:
    """Return the category for each purpose by the method of the result."""
    return _categories(result.jpm, stored_bands(result))


def _categories(value: Decimal | None, bands: Iterable[Band]) -> dict[Purpose, Band]:
    if value is None:
        return {}
    known = tuple(bands)
    return {purpose: classify(value, known, purpose=purpose) for purpose in Purpose}


def show_result(result: Result, rows: Iterable[ResultLine], dictionary: Iterable[CompetencyView]) -> ShownResult:
    """Put a stored result together for a page."""
    known = {competency.key: competency for competency in dictionary}
    stored = list(rows)
    blends, sources = blends_of(result.inputs), sources_in(result.inputs)
    lines = tuple(
        _line(row, known.get(row.competency), result.inputs["standard"], sources, blends.get(row.competency))
        for row in stored
    )
    bare = [Line(row.competency, row.required, row.attained) for row in stored]
    bands = stored_bands(result)
    verdicts = {}
    for method in Method:
        match = job_person_match(bare, method=method)
        verdicts[method] = Verdict(match, _categories(match.value, bands))
    other = next(method for method in Method if method is not result.method)
    drawn = [(line.name, line.required, line.attained) for line in lines if line.required > 0]
    return ShownResult(
        result=result,
        lines=lines,
        sources=tuple(_sources(result)),
        main=verdicts[result.method],
        other=verdicts[other],
        bands={purpose: tuple(band for band in bands if band.purpose is purpose) for purpose in Purpose},
        radar=draw(drawn) if len(drawn) >= 3 else None,
    )


def _line(
    row: ResultLine,
    competency: CompetencyView | None,
    standards: Mapping[str, Any],
    sources: Iterable[Source],
    blend: Blend | None,
) -> ShownLine:
    standard = standards[row.competency]
    return ShownLine(
        key=row.competency,
        code=competency.code if competency else row.competency,
        name=competency.name if competency else row.competency,
        required=row.required,
        attained=row.attained,
        gap=row.gap,
        status=None if row.gap is None else gap_status(row.gap),
        basis=standard["basis"],
        rule=standard["rule"],
        confirmed=standard["confirmed"],
        ratings=tuple(_rating(source, row, competency) for source in sources),
        blend=blend,
    )


def _sources(result: Result) -> Iterable[ShownSource]:
    known, weights = sources_in(result.inputs), weights_in(result.inputs)
    counted = {source.group: weights.get(source.group, 0) for source in known if source.group not in OUTRANKING}
    whole = sum(counted.values())
    for source in known:
        weight, outranks = counted.get(source.group, 0), source.group in OUTRANKING
        yield ShownSource(source.group, source.rated_at or result.computed_at, weight, whole, outranks)


def _rating(source: Source, row: ResultLine, competency: CompetencyView | None) -> ShownRating:
    level = source.level(row.competency, required=row.required)
    states = source.states(row.competency)
    return ShownRating(
        group=source.group,
        level=level,
        asked=tuple(_asked(source, row.competency, competency)),
        assumed=assumed_levels(states, attained=int(level or 0)) if states else (),
        note=source.note(row.competency),
        assessment=source.stored.get("assessment", 0),
    )


def _asked(source: Source, key: str, competency: CompetencyView | None) -> Iterable[AskedLevel]:
    texts = {level.level: level for level in competency.levels} if competency else {}
    states, answers = source.states(key), source.answers(key)
    for level in sorted(states, reverse=True):
        known = texts.get(level)
        names = [one.text for one in known.indicators] if known else []
        marks = [Mark(mark) if mark else None for mark in answers[str(level)]]
        names += [f"{key}:{level}:{place}" for place in range(len(names) + 1, len(marks) + 1)]
        yield AskedLevel(level, known.title if known else "", states[level], tuple(zip(names, marks, strict=False)))
