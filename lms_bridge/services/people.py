"""Who somebody is in the organisation, on a given day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import or_, select

from lms_bridge.context import AbsentActor, AgencyRef, PersonRef
from lms_bridge.db import current_agency, db
from lms_bridge.models import Agency, Person, Placement, PlacementKind, Post, Unit, UnitHistory
from lms_bridge.services.unit_tree import valid
from lms_bridge.services.units import name_then, then


@dataclass(frozen=True, slots=True)
class PlacementView:
    """The post that somebody holds; ``post_level`` is a code such as AHLI_MUDA."""

    post_id: int
    post_name: str
    post_type: str
    post_level: str
    unit_id: int
    unit_name: str


def person_ref(person_id: int) -> PersonRef:
    """Return a person with every row that is the same person."""
    person = db.session.get_one(Person, person_id)
    canonical = person.same_as_id or person.id
    same = db.session.scalars(select(Person.id).where(or_(Person.id == canonical, Person.same_as_id == canonical)))
    return PersonRef(person.id, person.name, tuple(sorted({person.id, canonical, *same})))


def absent_actor(person_id: int) -> AbsentActor:
    """Return somebody of the chosen agency as the one in whose name a job works."""
    agency = db.session.get_one(Agency, current_agency())
    return AbsentActor(AgencyRef(agency.id, agency.code, agency.name, agency.timezone), person_ref(person_id))


def placement_of(person: PersonRef, *, on: dt.date) -> PlacementView | None:
    """Return the post that a person holds on a day; a definitive one before one held for another."""
    rows = db.session.execute(
        select(Placement.kind, Post, Unit.id.label("unit_id"), name_then().label("unit_name"))
        .join(Post, Post.id == Placement.post_id)
        .join(Unit, Unit.id == Placement.unit_id)
        .outerjoin(UnitHistory, then(on))
        .where(Placement.person_id.in_(person.ids), valid(Placement.valid_from, Placement.valid_to, on))
        .order_by(Placement.valid_from.desc(), Placement.id.desc())
    ).all()
    row = next((row for row in rows if row.kind == PlacementKind.DEFINITIVE), rows[0] if rows else None)
    if row is None:
        return None
    return PlacementView(row.Post.id, row.Post.name, row.Post.type, row.Post.level, row.unit_id, row.unit_name)
