"""What a result is computed from, as it is stored with it: who said what, when, and what it weighs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import select

from lms_bridge.api import EvidenceKind, EvidenceView, PersonRef, db, evidence_of
from lms_bridge_competency.blending import DEFAULT_WEIGHTS, Blend, Group, blend
from lms_bridge_competency.models import Assessment, RatingSource, Result
from lms_bridge_competency.objections.models import Objection, ObjectionState
from lms_bridge_competency.progress import Step
from lms_bridge_competency.ratings import Rating
from lms_bridge_competency.rules import HIGHEST_LEVEL, LevelState, Mark, attained_level, judge_level

RATINGS = tuple(f"competency.{source.value}-rating" for source in RatingSource)
"""What the plugin records as the source of evidence when a rating is finished."""
_EVIDENCE = "evidence:"
LARGE_DIFFERENCE = 2
"""From so many levels between self and superior on, whoever rates last says in a note why they see it otherwise."""


@dataclass(frozen=True, slots=True)
class Source:
    """One rating among those that a result is computed from."""

    key: str
    stored: Mapping[str, Any]

    @property
    def group(self) -> Group:
        """The group of the rater."""
        return Group(self.stored.get("group", self.key))

    @property
    def rated_at(self) -> dt.datetime | None:
        """When the rating was finished; not kept with results before there were several sources."""
        moment = self.stored.get("rated_at")
        return dt.datetime.fromisoformat(moment) if moment else None

    def answers(self, competency: str) -> Mapping[str, list[str | None]]:
        """Return what was answered about a competency, by level."""
        found: Mapping[str, list[str | None]] = self.stored.get("answers", {}).get(competency, {})
        return found

    def states(self, competency: str) -> dict[int, LevelState]:
        """Return what the answers say of the levels of a competency."""
        return _states(self.answers(competency).items())

    def note(self, competency: str) -> str:
        """Return what the rater noted about a large difference."""
        return str(self.stored.get("notes", {}).get(competency, ""))

    def level(self, competency: str, *, required: int) -> Decimal | None:
        """Return the level that this rater gives, or nothing.

        :param required: the level that was required; the one of the day of the rating counts where it is kept.
        """
        if "levels" in self.stored:
            told = self.stored["levels"].get(competency)
            return None if told is None else Decimal(told["level"])
        asked_for = self.stored.get("required", {}).get(competency, required)
        answers = tuple((level, tuple(marks)) for level, marks in self.answers(competency).items())
        return _attained(answers, asked_for)


def _states(answers: Iterable[tuple[str, Sequence[str | None]]]) -> dict[int, LevelState]:
    return {int(level): judge_level([Mark(mark) if mark else None for mark in marks]) for level, marks in answers}


# An agency's people answer in a few thousand ways; whoever computes all of it anew meets each many times.
@lru_cache(maxsize=8192)
def _attained(answers: tuple[tuple[str, tuple[str | None, ...]], ...], required: int) -> Decimal | None:
    attained = attained_level(_states(answers), required=required)
    return None if attained is None else Decimal(attained)


def sources_in(inputs: Mapping[str, Any]) -> list[Source]:
    """Return the ratings of stored inputs, in the order of their groups."""
    order = list(Group)
    found = [Source(key, stored) for key, stored in inputs["sources"].items()]
    return sorted(found, key=lambda source: (order.index(source.group), source.key))


def weights_in(inputs: Mapping[str, Any]) -> dict[Group, int]:
    """Return the weights by which stored inputs are blended."""
    stored = inputs.get("weights")
    return {Group(name): weight for name, weight in stored.items()} if stored else dict(DEFAULT_WEIGHTS)


def blends_of(inputs: Mapping[str, Any]) -> dict[str, Blend | None]:
    """Blend what stored inputs say of each competency that the post requires."""
    sources, weights = sources_in(inputs), tuple(weights_in(inputs).items())
    return {
        key: _blended(sources, key, one["level"], weights) if one["level"] > 0 else None
        for key, one in inputs["standard"].items()
    }


def _blended(
    sources: Iterable[Source], competency: str, required: int, weights: tuple[tuple[Group, int], ...]
) -> Blend | None:
    said: dict[Group, tuple[Decimal, ...]] = {}
    for source in sources:
        level = source.level(competency, required=required)
        if level is not None:
            said[source.group] = (*said.get(source.group, ()), level)
    return _blend(tuple(said.items()), weights)


@lru_cache(maxsize=8192)
def _blend(said: tuple[tuple[Group, tuple[Decimal, ...]], ...], weights: tuple[tuple[Group, int], ...]) -> Blend | None:
    return blend(dict(said), dict(weights))


def key_of(assessment: Assessment) -> str:
    """Return the place of a rating among the sources; a rater has one."""
    if assessment.source is RatingSource.SELF:
        return Group.SELF.value
    return f"{assessment.source.value}:{assessment.rater_id}"


def rated_source(
    rating: Rating, assessment: Assessment, *, notes: Mapping[str, str], now: dt.datetime
) -> dict[str, Any]:
    """Return a finished rating as it is stored with results."""
    return {
        "group": assessment.source.value,
        "assessment": assessment.id,
        "cycle": assessment.cycle,
        "rated_at": now.isoformat(),
        "required": {step.key: step.required.level for step in rating.steps},
        "answers": {step.key: _answers(step) for step in rating.steps},
        "notes": {key: note for key, note in notes.items() if note},
    }


def _answers(step: Step) -> dict[str, list[str | None]]:
    return {
        str(rung.level): [question.mark.value if question.mark else None for question in rung.questions]
        for rung in step.rungs
        if rung.answered
    }


def evidence_sources(person: PersonRef, *, now: dt.datetime, valid: dt.timedelta) -> dict[str, Any]:
    """Return what others recorded of a person, as it is stored with results: of each group the newest level.

    What the plugin itself recorded of ratings is left out; it has their answers.
    """
    sources: dict[str, Any] = {}
    for one in evidence_of(person, since=now - valid):
        level = None if one.source in RATINGS else _level_of(one)
        if level is None:
            continue
        first = {"group": one.kind.value, "rated_at": one.seen_at.isoformat(), "levels": {}}
        levels = sources.setdefault(f"{_EVIDENCE}{one.kind.value}", first)["levels"]
        told = {"level": str(level), "evidence": one.id, "source": one.source, "seen_at": one.seen_at.isoformat()}
        levels.setdefault(one.competency, told)
    return sources


def _level_of(evidence: EvidenceView) -> Decimal | None:
    """Return the level that evidence speaks of; a share of a course is none, unless the course knows its level."""
    if evidence.kind.value not in {group.value for group in Group}:
        return None
    if evidence.kind is EvidenceKind.COURSE:
        return None if evidence.level is None else Decimal(evidence.level)
    return (evidence.value * HIGHEST_LEVEL).quantize(Decimal("0.01"), ROUND_HALF_UP)


def decisions(person: PersonRef, *, cycle: str) -> dict[str, Any]:
    """Return the levels that were decided upon objections in a cycle, as they are stored with results."""
    upheld = (
        select(Objection)
        .where(Objection.person_id.in_(person.ids), Objection.cycle == cycle, Objection.state == ObjectionState.UPHELD)
        .order_by(Objection.decided_at)
    )
    rows = db.session.scalars(upheld).all()
    if not rows:
        return {}
    levels = {row.competency: {"level": str(row.level), "objection": row.id} for row in rows}
    decided_at = rows[-1].decided_at or rows[-1].raised_at
    return {Group.DECISION.value: {"levels": levels, "rated_at": decided_at.isoformat()}}


def carried(
    last: Result | None, *, besides: Assessment | None, now: dt.datetime, valid: dt.timedelta
) -> dict[str, Any]:
    """Return the ratings of the last result that still count, perhaps beside one that is finished now.

    :param valid: how long a rating counts. Of a group whose members rate one by one, only the newest cycle counts.
    """
    return dict(_still_valid(last, besides=besides, now=now, valid=valid)) if last else {}


def _still_valid(
    last: Result, *, besides: Assessment | None, now: dt.datetime, valid: dt.timedelta
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for source in sources_in(last.inputs):
        if "levels" in source.stored or (besides and _replaced(source, besides, of=last)):
            continue
        if now - (source.rated_at or last.computed_at) < valid:
            # What older results did not keep with a source is known from the result itself.
            told = {"rated_at": last.computed_at.isoformat(), "cycle": last.cycle}
            yield source.key, {**told, **source.stored}


def _replaced(source: Source, by: Assessment, *, of: Result) -> bool:
    earlier = source.group.value == by.source.value and source.stored.get("cycle", of.cycle) < by.cycle
    return earlier or source.key == key_of(by)


@dataclass(frozen=True, slots=True)
class Difference:
    """A competency in which two ratings lie far apart: the one that is finished now, and the one before."""

    key: str
    name: str
    level: int
    other: int


def large_differences(rating: Rating, last: Result | None) -> list[Difference]:
    """Return where a rating lies two levels or more from what the other side said: self from superior, and back."""
    if last is None:
        return []
    other = Group.SELF if rating.of else Group.SUPERIOR
    theirs = [source for source in sources_in(last.inputs) if source.group is other]
    found = []
    for step in rating.steps:
        said = [
            level for source in theirs if (level := source.level(step.key, required=step.required.level)) is not None
        ]
        far = [
            int(level) for level in said if step.attained is not None and abs(level - step.attained) >= LARGE_DIFFERENCE
        ]
        if far:
            found.append(Difference(step.key, step.name, step.attained or 0, far[0]))
    return found
