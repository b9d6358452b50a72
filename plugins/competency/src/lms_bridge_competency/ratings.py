"""Self-ratings: beginning one, keeping its answers, and how far it is."""

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
    """A self-rating as a page needs it; without an assessment it has not begun, without a post it cannot."""

    assessment: Assessment | None
    cycle: str
    post: PostView | None
    steps: tuple[Step, ...]

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


def load_rating(context: BridgeContext, *, now: dt.datetime, lock: bool = False) -> Rating:
    """Return the self-rating of the person of the session: the one that is open, else that of this cycle.

    :param lock: hold the assessment until the end of the transaction, so that two tabs write one after the other.
    """
    cycle = cycle_at(now, timezone=context.agency.timezone)
    assessment = find_assessment(context.person, cycle=cycle, lock=lock)
    dictionary = competencies(FRAMEWORK)
    post = post_of(
        context.person,
        dictionary,
        on=now.astimezone(ZoneInfo(context.agency.timezone)).date(),
        declared_level=assessment.declared_level if assessment else None,
        locale=context.locale,
    )
    steps = build_steps(post.competencies, post.standard, marks_of(assessment)) if post else ()
    return Rating(assessment, assessment.cycle if assessment else cycle, post, steps)


def find_assessment(person: PersonRef, *, cycle: str, lock: bool = False) -> Assessment | None:
    """Return the newest self-rating if it is still open or of this cycle."""
    statement = (
        select(Assessment)
        .where(Assessment.person_id.in_(person.ids), Assessment.source == RatingSource.SELF)
        .order_by(Assessment.cycle.desc(), Assessment.id.desc())
        .limit(1)
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    newest = db.session.scalar(statement)
    if newest is None or (newest.state is not AssessmentState.DRAFT and newest.cycle != cycle):
        return None
    return newest


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


def begin_rating(context: BridgeContext, *, declared_level: str | None, now: dt.datetime) -> Rating:
    """Begin the self-rating of this cycle, or return the one that has begun.

    :param declared_level: counts only while no post with a standard is known of the person.
    :raises NoStandard: neither a post nor a chosen level is known.
    """
    rating = load_rating(context, now=now, lock=True)
    assessment = rating.assessment or _new_assessment(context.person, cycle=rating.cycle, now=now)
    chooses = rating.post is None or rating.post.declared
    if chooses and declared_level and declared_level != assessment.declared_level:
        assessment.declared_level = declared_level
        _changed(assessment, now=now)
    db.session.flush()
    rating = load_rating(context, now=now)
    if rating.post is None or not rating.steps:
        raise NoStandard
    return rating


def _new_assessment(person: PersonRef, *, cycle: str, now: dt.datetime) -> Assessment:
    assessment = Assessment(
        person_id=person.id,
        rater_id=person.id,
        cycle=cycle,
        source=RatingSource.SELF,
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
        begun = find_assessment(person, cycle=cycle, lock=True)
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
