"""What shows the plugin in the demo agency: ratings of most of its people, with their results."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from random import Random
from typing import Any

from sqlalchemy import insert, select

from lms_bridge.api import (
    CompetencyView,
    PersonRef,
    Placement,
    PlacementKind,
    Post,
    competencies,
    db,
    open_gap,
    person_ref,
    superiors_of,
)
from lms_bridge_competency.computing import collect_inputs, compute_lines, store_result
from lms_bridge_competency.models import Answer, Assessment, AssessmentState, RatingSource
from lms_bridge_competency.progress import build_steps
from lms_bridge_competency.ratings import Rating
from lms_bridge_competency.reference import FRAMEWORK
from lms_bridge_competency.rules import Line, Mark
from lms_bridge_competency.sources import key_of, rated_source
from lms_bridge_competency.standards import PostView, Standard, resolve_standard

TRY_THEMSELVES = ("ANI", "BUDI", "DEWI", "RAHMAT", "HENDRA")
"""Posts whose holders are the people that one can be in the demo: they have not rated themselves yet."""
_DIFFERENCES = ((-2, 5), (-1, 22), (0, 55), (1, 18))
"""How far people are from their standard, and how often."""
_WEAK = f"{FRAMEWORK}:M3"


def make_self_ratings(today: dt.date) -> list[str]:
    """Rate five of six people who hold a post; communication is the weak point of many."""
    # Random for variety, not for secrecy; the seed makes the same ratings every time.
    chance, dictionary, made = Random(38), competencies(FRAMEWORK), 0  # noqa: S311
    standards: dict[int, Standard] = {}
    for person_id, post in _holders(today):
        if chance.random() < 1 / 6:
            continue
        if post.id not in standards:
            standards[post.id] = resolve_standard(dictionary, post_id=post.id, post_level=post.level, on=today)
        rated_at = dt.datetime.combine(today, dt.time(2), tzinfo=dt.UTC) - dt.timedelta(days=chance.randint(5, 40))
        view = PostView(post.id, post.name, post.level, "", False, standards[post.id])
        person = person_ref(person_id)
        # Most were rated in some quarter of the year before too, a little lower, so that numbers have a past.
        year_before = dt.datetime(rated_at.year - 1, 1, 15, 2, tzinfo=dt.UTC)
        if chance.random() < 0.8:
            earlier = year_before + dt.timedelta(days=chance.randint(0, 340))
            _rate(person, view, dictionary, chance, at=earlier, weaker=0.3)
        superior = _superior(person, today) if chance.random() < 0.6 else None
        lines = _rate(person, view, dictionary, chance, at=rated_at, superior=superior)
        _open_gaps(person, lines, at=rated_at)
        made += 1
    db.session.flush()
    return [f"{made} self-ratings with results"]


def _superior(person: PersonRef, today: dt.date) -> int | None:
    """Return who leads a person, unless it is somebody whom one can be: their people wait for them."""
    leading = superiors_of(person, on=today)
    themselves = select(Placement.id).join(Post, Post.id == Placement.post_id).where(Post.code.in_(TRY_THEMSELVES))
    if not leading or db.session.scalar(themselves.where(Placement.person_id == leading[0].person_id).limit(1)):
        return None
    return leading[0].person_id


def _holders(today: dt.date) -> list[tuple[int, Post]]:
    rows = db.session.execute(
        select(Placement.person_id, Post)
        .join(Post, Post.id == Placement.post_id)
        .where(
            Placement.kind == PlacementKind.DEFINITIVE,
            Placement.valid_from <= today,
            Placement.valid_to.is_(None),
            Post.code.not_in(TRY_THEMSELVES),
        )
        .order_by(Placement.person_id)
    )
    return [(row.person_id, row.Post) for row in rows]


def _rate(
    person: PersonRef,
    post: PostView,
    dictionary: list[CompetencyView],
    chance: Random,
    *,
    at: dt.datetime,
    weaker: float = 0.0,
    superior: int | None = None,
) -> list[Line]:
    """Store a self-rating, perhaps one by a superior that sees a few things otherwise, and their result."""
    levels = dict(_levels(post, dictionary, chance, weaker))
    sources = _answered(person, post, dictionary, levels, at=at)
    if superior:
        seen = {key: max(1, level - (chance.random() < 0.3)) for key, level in levels.items()}
        sources |= _answered(person, post, dictionary, seen, at=at, superior=superior)
    inputs = collect_inputs(post, sources)
    lines = compute_lines(inputs)
    store_result(inputs, lines, post, person_id=person.id, cycle=str(at.year), number=1, now=at)
    return lines


def _levels(
    post: PostView, dictionary: list[CompetencyView], chance: Random, weaker: float
) -> Iterator[tuple[str, int]]:
    differences, weights = zip(*_DIFFERENCES, strict=True)
    for competency in dictionary:
        required = post.standard[competency.key].level
        difference = chance.choices(differences, weights)[0] - (competency.key == _WEAK and chance.random() < 0.4)
        difference -= chance.random() < weaker
        yield competency.key, max(1, min(5, required + difference))


def _answered(
    person: PersonRef,
    post: PostView,
    dictionary: list[CompetencyView],
    levels: dict[str, int],
    *,
    at: dt.datetime,
    superior: int | None = None,
) -> dict[str, Any]:
    """Store a finished rating that gives these levels, and return it as a source of the result."""
    assessment = Assessment(
        person_id=person.id,
        rater_id=superior or person.id,
        cycle=str(at.year),
        source=RatingSource.SUPERIOR if superior else RatingSource.SELF,
        framework=FRAMEWORK,
        state=AssessmentState.FINISHED,
        started_at=at - dt.timedelta(minutes=12),
        changed_at=at,
        finished_at=at,
    )
    db.session.add(assessment)
    db.session.flush()
    marks: dict[str, Mark] = {}
    for competency in dictionary:
        marks |= _marks(competency, post.standard[competency.key].level, levels[competency.key])
    given = {"assessment_id": assessment.id, "answered_at": at}
    db.session.execute(insert(Answer), [{**given, "indicator": key, "mark": mark} for key, mark in marks.items()])
    rating = Rating(assessment, assessment.cycle, post, build_steps(dictionary, post.standard, marks))
    return {key_of(assessment): rated_source(rating, assessment, notes={}, now=at)}


def _open_gaps(person: PersonRef, lines: list[Line], *, at: dt.datetime) -> None:
    for line in lines:
        if line.attained is not None and line.gap is not None and line.gap > 0:
            open_gap(person=person, competency=line.competency, required=line.required, attained=line.attained, now=at)


def _marks(competency: CompetencyView, required: int, attained: int) -> dict[str, Mark]:
    """Answer as the self-rating asks: from the required level down to the attained one, or up to it."""
    return {
        indicator.key: Mark.SHOWN if level.level <= attained else Mark.NOT_SHOWN
        for level in competency.levels
        if level.level in _asked(required, attained)
        for indicator in level.indicators
    }


def _asked(required: int, attained: int) -> Iterator[int]:
    yield from range(min(required, attained), max(required, attained) + 1)
