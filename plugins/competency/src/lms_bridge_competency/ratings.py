"""Ratings by oneself or a superior: beginning one, keeping its answers, and how far it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lms_bridge.api import BridgeContext, Invalid, PersonRef, _, competencies, db
from lms_bridge_competency.errors import NoStandard, NotBegun
from lms_bridge_competency.models import Answer, Assessment, AssessmentState, Example, RatingSource
from lms_bridge_competency.progress import Step, build_steps
from lms_bridge_competency.reference import FRAMEWORK
from lms_bridge_competency.rules import Mark
from lms_bridge_competency.standards import PostView, post_of


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating as a page needs it; without an assessment it has not begun, without a post it cannot.

    ``of`` is the person whom a superior rates; nothing in a self-rating.
    """

    assessment: Assessment | None
    cycle: str
    post: PostView | None
    steps: tuple[Step, ...]
    of: PersonRef | None = None

    @property
    def done(self) -> int:
        """How many competencies have a level."""
        return sum(step.done for step in self.steps)

    @property
    def finished(self) -> bool:
        """Whether a result was computed from exactly these answers."""
        return self.assessment is not None and self.assessment.state is AssessmentState.FINISHED

    @property
    def missing(self) -> tuple[Step, ...]:
        """The competencies that still need answers."""
        return tuple(step for step in self.steps if step.can_be_rated and not step.done)

    def step(self, code: str) -> Step | None:
        """Return a competency by its code."""
        return next((step for step in self.steps if step.code == code), None)

    def pages(self) -> list[tuple[Step, int]]:
        """Return the pages in the order in which they are asked: every level away from the required one."""
        return [
            (step, level)
            for step in self.steps
            for level in sorted(step.open_levels(), key=lambda level: abs(level - step.required.level))
        ]


def cycle_at(moment: dt.datetime, *, timezone: str) -> str:
    """Return the cycle of a moment: the year in the agency's zone."""
    return str(moment.astimezone(ZoneInfo(timezone)).year)


def load_rating(context: BridgeContext, *, now: dt.datetime, of: PersonRef | None = None, lock: bool = False) -> Rating:
    """Return a rating by the person of the session: the one that is open, else that of this cycle.

    :param of: whom they rate; by default themselves.
    :param lock: hold the assessment until the end of the transaction, so that two tabs write one after the other.
    """
    cycle = cycle_at(now, timezone=context.agency.timezone)
    person = of or context.person
    assessment = find_assessment(person, rater=context.person, source=_source(of), cycle=cycle, lock=lock)
    post = _post(context, person, assessment, now=now)
    if post is None and of:
        post = _post(context, person, _newest(person, RatingSource.SELF), now=now)
    steps = build_steps(post.competencies, post.standard, marks_of(assessment)) if post else ()
    return Rating(assessment, assessment.cycle if assessment else cycle, post, steps, of)


def _source(of: PersonRef | None) -> RatingSource:
    return RatingSource.SUPERIOR if of else RatingSource.SELF


def _post(
    context: BridgeContext, person: PersonRef, declared: Assessment | None, *, now: dt.datetime
) -> PostView | None:
    return post_of(
        person,
        competencies(FRAMEWORK),
        on=now.astimezone(ZoneInfo(context.agency.timezone)).date(),
        declared_level=declared.declared_level if declared else None,
        locale=context.locale,
    )


def find_assessment(
    person: PersonRef, *, rater: PersonRef, source: RatingSource, cycle: str, lock: bool = False
) -> Assessment | None:
    """Return the newest rating of a person by a rater if it is still open or of this cycle."""
    newest = _newest(person, source, rater=rater, lock=lock)
    if newest is None or newest.cycle == cycle:
        return newest
    # One's own goes on where it was left; a superior whose people rate themselves anew begins anew too.
    open_still = newest.state is AssessmentState.DRAFT and source is RatingSource.SELF
    return newest if open_still else None


def _newest(
    person: PersonRef, source: RatingSource, *, rater: PersonRef | None = None, lock: bool = False
) -> Assessment | None:
    statement = (
        select(Assessment)
        .where(Assessment.person_id.in_(person.ids), Assessment.source == source)
        .order_by(Assessment.cycle.desc(), Assessment.id.desc())
        .limit(1)
    )
    if rater is not None:
        statement = statement.where(Assessment.rater_id.in_(rater.ids))
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(statement)


def marks_of(assessment: Assessment | None) -> dict[str, Mark]:
    """Return the answers of an assessment by the key of the indicator."""
    if assessment is None:
        return {}
    rows = db.session.execute(select(Answer.indicator, Answer.mark).where(Answer.assessment_id == assessment.id))
    return {row.indicator: row.mark for row in rows}


def example_of(assessment: Assessment | None, competency: str) -> str:
    """Return the example told about one competency, or nothing."""
    if assessment is None:
        return ""
    text = db.session.scalar(
        select(Example.text).where(Example.assessment_id == assessment.id, Example.competency == competency)
    )
    return text or ""


def begin_rating(
    context: BridgeContext, *, now: dt.datetime, declared_level: str | None = None, of: PersonRef | None = None
) -> Rating:
    """Begin the rating of this cycle, or return the one that has begun.

    :param declared_level: counts only in a self-rating, while no post with a standard is known of the person.
    :param of: whom the person of the session rates; by default themselves.
    :raises NoStandard: neither a post nor a chosen level is known.
    """
    rating = load_rating(context, now=now, of=of, lock=True)
    assessment = rating.assessment or _new_assessment(context.person, of=of, cycle=rating.cycle, now=now)
    chooses = of is None and (rating.post is None or rating.post.declared)
    if chooses and declared_level and declared_level != assessment.declared_level:
        assessment.declared_level = declared_level
        _changed(assessment, now=now)
    db.session.flush()
    rating = load_rating(context, now=now, of=of)
    if rating.post is None or not rating.steps:
        raise NoStandard
    return rating


def _new_assessment(rater: PersonRef, *, of: PersonRef | None, cycle: str, now: dt.datetime) -> Assessment:
    person = of or rater
    assessment = Assessment(
        person_id=person.id,
        rater_id=rater.id,
        cycle=cycle,
        source=_source(of),
        framework=FRAMEWORK,
        state=AssessmentState.DRAFT,
        started_at=now,
        changed_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(assessment)
    except IntegrityError:
        # Another tab began it between our look and our insert; theirs is as good as ours.
        begun = find_assessment(person, rater=rater, source=_source(of), cycle=cycle, lock=True)
        if begun is None:
            raise
        return begun
    return assessment


@dataclass(frozen=True, slots=True)
class SaveAnswers:
    """What the question page posts: one answer that saves itself, or the whole page.

    ``was`` holds what the page showed when it was opened. A value that nobody touched on this page is not written, so
    that a page left open cannot undo what was changed elsewhere.
    """

    answers: Mapping[str, Mark]
    was: Mapping[str, str] = field(default_factory=dict)
    example: str | None = None
    was_example: str | None = None
    go: str | None = None


def save_answers(command: SaveAnswers, *, assessment: Assessment | None, step: Step, now: dt.datetime) -> bool:
    """Keep answers and example of one competency; the last one wins. Returns whether anything changed.

    A change after a result opens the rating again; the result stays as it is until the rating is finished anew.

    :raises NotBegun: there is no rating to answer for.
    :raises Invalid: an answer is for a behaviour of another competency.
    """
    if assessment is None:
        raise NotBegun
    known = {question.indicator for rung in step.rungs for question in rung.questions}
    if foreign := sorted(set(command.answers) - known):
        raise Invalid({one: [_("This behaviour does not belong to the competency.")] for one in foreign})
    touched = {key: mark for key, mark in command.answers.items() if command.was.get(key) != mark.value}
    changed = _write_answers(assessment, touched, now=now)
    if command.example is not None and command.example != command.was_example:
        changed |= _write_example(assessment, step.key, command.example, now=now)
    if changed:
        _changed(assessment, now=now)
        db.session.flush()
    return changed


def _changed(assessment: Assessment, *, now: dt.datetime) -> None:
    assessment.changed_at = now
    assessment.state = AssessmentState.DRAFT


def _write_answers(assessment: Assessment, marks: Mapping[str, Mark], *, now: dt.datetime) -> bool:
    if not marks:
        return False
    rows = db.session.scalars(
        select(Answer).where(Answer.assessment_id == assessment.id, Answer.indicator.in_(marks))
    ).all()
    known = {row.indicator: row for row in rows}
    changed = False
    for indicator, mark in marks.items():
        row = known.get(indicator)
        if row is None:
            db.session.add(Answer(assessment_id=assessment.id, indicator=indicator, mark=mark, answered_at=now))
        elif row.mark is not mark:
            row.mark, row.answered_at = mark, now
        else:
            continue
        changed = True
    return changed


def _write_example(assessment: Assessment, competency: str, text: str, *, now: dt.datetime) -> bool:
    row = db.session.scalar(
        select(Example).where(Example.assessment_id == assessment.id, Example.competency == competency)
    )
    if (row.text if row else "") == text:
        return False
    if row is None:
        db.session.add(Example(assessment_id=assessment.id, competency=competency, text=text, written_at=now))
    elif text:
        row.text, row.written_at = text, now
    else:
        db.session.delete(row)
    return True
