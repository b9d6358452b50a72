"""Objections as the pages show them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from lms_bridge.api import Person, PersonRef, db
from lms_bridge_competency.models import ResultLine
from lms_bridge_competency.objections.models import Objection, ObjectionState
from lms_bridge_competency.standards import dictionary_for


@dataclass(frozen=True, slots=True)
class ShownObjection:
    """An objection with the names that belong to it, and the levels to which it was raised."""

    id: int
    person_id: int
    person: str
    competency: str
    name: str
    result_id: int
    required: int
    attained: int | None
    reason: str
    raised_at: dt.datetime
    state: ObjectionState
    level: int | None
    answer: str
    decided_at: dt.datetime | None
    decided_by: str

    @property
    def waits(self) -> bool:
        """Whether it is not decided yet."""
        return self.state is ObjectionState.OPEN


def objections_of(person: PersonRef) -> list[ShownObjection]:
    """Return all objections of somebody, the newest first."""
    mine = select(Objection).where(Objection.person_id.in_(person.ids))
    return show_objections(db.session.scalars(mine.order_by(Objection.raised_at.desc(), Objection.id.desc())))


def show_objections(objections: Iterable[Objection]) -> list[ShownObjection]:
    """Put objections together for a page; three statements for however many there are."""
    rows = list(objections)
    if not rows:
        return []
    ids = {row.person_id for row in rows} | {row.decided_by_id for row in rows if row.decided_by_id}
    people = {one: name for one, name in db.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))}
    of_results = select(ResultLine).where(ResultLine.result_id.in_({row.result_id for row in rows}))
    lines = {(line.result_id, line.competency): line for line in db.session.scalars(of_results)}
    names = {one.key: one.name for one in dictionary_for({row.competency for row in rows})}
    return [_shown(row, lines[row.result_id, row.competency], people, names) for row in rows]


def _shown(row: Objection, line: ResultLine, people: dict[int, str], names: dict[str, str]) -> ShownObjection:
    return ShownObjection(
        id=row.id,
        person_id=row.person_id,
        person=people.get(row.person_id, ""),
        competency=row.competency,
        name=names.get(row.competency, row.competency),
        result_id=row.result_id,
        required=line.required,
        attained=line.attained,
        reason=row.reason,
        raised_at=row.raised_at,
        state=row.state,
        level=row.level,
        answer=row.answer,
        decided_at=row.decided_at,
        decided_by=people.get(row.decided_by_id or 0, ""),
    )
