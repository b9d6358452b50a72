"""Whom a superior rates, and how far that is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from lms_bridge.api import Actor, Person, db, visible_people
from lms_bridge_competency.models import Assessment, AssessmentState, RatingSource

RATE_OTHERS = "competency.rate-others"


@dataclass(frozen=True, slots=True)
class PersonToRate:
    """Somebody whom the reader rates: when they finished their self-rating, and how far the reader's rating is."""

    person_id: int
    name: str
    self_rated_at: dt.datetime | None
    state: AssessmentState | None
    rated_at: dt.datetime | None

    @property
    def waits(self) -> bool:
        """Whether the self-rating is there and the reader's is not."""
        return self.self_rated_at is not None and self.state is not AssessmentState.FINISHED


def find_people(actor: Actor, *, cycle: str) -> list[PersonToRate]:
    """Return whom the actor may rate in a cycle: those who wait first, then by name."""
    found = [
        PersonToRate(row.id, row.name, row.self_rated_at, row.state, row.rated_at)
        for row in db.session.execute(_people(actor, cycle))
    ]
    return sorted(found, key=lambda one: (not one.waits, one.name))


def count_waiting(actor: Actor, *, cycle: str) -> int:
    """Return how many people have rated themselves in a cycle and wait for the actor's rating."""
    people = _people(actor, cycle).subquery()
    waiting = select(func.count()).where(
        people.c.self_rated_at.is_not(None), people.c.state.is_distinct_from(AssessmentState.FINISHED)
    )
    return db.session.scalar(waiting) or 0


def _people(actor: Actor, cycle: str) -> Select[Any]:
    own, mine, row = aliased(Assessment), aliased(Assessment), aliased(Person)
    self_rated_at = (
        select(func.max(own.finished_at))
        .join(row, row.id == own.person_id)
        .where(
            or_(row.id == Person.id, row.same_as_id == Person.id),
            own.cycle == cycle,
            own.source == RatingSource.SELF,
            own.state == AssessmentState.FINISHED,
        )
        .correlate(Person)
        .scalar_subquery()
    )
    by_actor = and_(
        mine.person_id == Person.id,
        mine.source == RatingSource.SUPERIOR,
        mine.cycle == cycle,
        mine.rater_id.in_(actor.person.ids),
    )
    return (
        select(
            Person.id,
            Person.name,
            self_rated_at.label("self_rated_at"),
            mine.state.label("state"),
            mine.finished_at.label("rated_at"),
        )
        .outerjoin(mine, by_actor)
        .where(
            Person.id.in_(visible_people(actor, RATE_OTHERS)),
            Person.id.not_in(actor.person.ids),
            Person.same_as_id.is_(None),
        )
    )
