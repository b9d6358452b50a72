"""Reading stored results: the newest, those before it, and whether it still says what is so."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import defer

from lms_bridge.api import PersonRef, db
from lms_bridge_competency.models import Result, ResultLine
from lms_bridge_competency.ratings import Rating
from lms_bridge_competency.sources import key_of


def latest_result(person: PersonRef) -> Result | None:
    """Return a person's newest result."""
    return db.session.scalar(
        select(Result)
        .where(Result.person_id.in_(person.ids))
        .order_by(Result.computed_at.desc(), Result.id.desc())
        .limit(1)
    )


def last_result(person: PersonRef, *, cycle: str) -> Result | None:
    """Return a person's newest result of a cycle."""
    return db.session.scalar(
        select(Result)
        .where(Result.person_id.in_(person.ids), Result.cycle == cycle)
        .order_by(Result.number.desc())
        .limit(1)
    )


def is_outdated(result: Result, rating: Rating) -> bool:
    """Say whether the rating's person now holds another post, or the post requires other levels, than in the result."""
    if rating.post is None or result.cycle != rating.cycle:
        return False
    then = {key: one["level"] for key, one in result.inputs["standard"].items()}
    today = {key: one.level for key, one in rating.post.standard.items()}
    return (result.post_id, result.post_level, then) != (rating.post.id, rating.post.level, today)


def settled_result(rating: Rating, person: PersonRef) -> Result | None:
    """Return the result that stands for a person's rating as it is: finished, unchanged, for the post of today."""
    if rating.assessment is None or not rating.finished:
        return None
    result = last_result(person, cycle=rating.cycle)
    stands = result is not None and key_of(rating.assessment) in result.inputs["sources"]
    return result if result is not None and stands and not is_outdated(result, rating) else None


def result_history(person: PersonRef) -> list[Result]:
    """Return all results of a person, the newest first, without their inputs."""
    return list(
        db.session.scalars(
            select(Result)
            .where(Result.person_id.in_(person.ids))
            .order_by(Result.computed_at.desc(), Result.id.desc())
            .options(defer(Result.inputs))
        )
    )


def lines_of(result: Result) -> list[ResultLine]:
    """Return the competencies of a result in the order of the framework."""
    return list(
        db.session.scalars(select(ResultLine).where(ResultLine.result_id == result.id).order_by(ResultLine.position))
    )
