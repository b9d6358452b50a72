"""Who in a unit has a gap: from whom participants of a programme are proposed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Select, func, select

from lms_bridge.db import db
from lms_bridge.models import Gap, Person, Post, Unit
from lms_bridge.services.heads import placed_below


@dataclass(frozen=True, slots=True)
class PersonGap:
    """Somebody's open gap: levels 1-5 required and 0-5 attained, with the post and unit that they are in."""

    person_id: int
    name: str
    post_name: str
    unit_name: str
    required: int
    attained: int
    opened_at: dt.datetime


def gaps_in_unit(
    unit_id: int, competency: str, *, on: dt.date, visible: Select[int], limit: int = 200
) -> list[PersonGap]:
    """Return who in a unit and below it has an open gap in a competency, the widest first, then the oldest.

    Worked example: ``gaps_in_unit(7, "asn-38-2017:M3", on=today, visible=visible_people(current, "x.propose"))``.

    :param visible: query of the people of whom the reader may know it; note them by ``audit_reads``.
    """
    placed = placed_below(unit_id, on=on)
    canonical = func.coalesce(Person.same_as_id, Person.id)
    rows = db.session.execute(
        select(placed.c.person_id, Person.name, Post.name, Unit.name, Gap.required, Gap.attained, Gap.opened_at)
        .join(Person, canonical == placed.c.person_id)
        .join(Gap, Gap.person_id == Person.id)
        .join(Post, Post.id == placed.c.post_id)
        .join(Unit, Unit.id == placed.c.unit_id)
        .where(Gap.competency == competency, Gap.closed_at.is_(None), Person.id.in_(visible))
        .order_by(Gap.attained - Gap.required, Gap.opened_at, Person.name)
        .limit(limit)
    )
    found: dict[int, PersonGap] = {}
    for row in rows:
        found.setdefault(row[0], PersonGap(*row))
    return list(found.values())
