"""Who somebody is in the organisation, on a given day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from sqlalchemy import Select, func, or_, select, update

from lms_bridge.context import AbsentActor, AgencyRef, PersonRef
from lms_bridge.db import current_agency, db
from lms_bridge.models import (
    Agency,
    Grant,
    Person,
    Placement,
    PlacementKind,
    PlacementSuperior,
    PlatformUser,
    Post,
    ProgrammeParticipant,
    Unit,
    UnitHistory,
)
from lms_bridge.services.grants import take_grants
from lms_bridge.services.unit_tree import valid
from lms_bridge.services.units import name_then, then

log = structlog.get_logger("lms_bridge.people")


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


def same_person(person_id: int) -> Select[int]:
    """Return the query of the ids of a person: the row itself and those that are linked with it."""
    canonical = select(func.coalesce(Person.same_as_id, Person.id)).where(Person.id == person_id).scalar_subquery()
    return select(Person.id).where(or_(Person.id == canonical, Person.same_as_id == canonical))


def correct_nip(person_id: int, nip: str) -> bool:
    """Take over an NIP that the LMS corrected; returns whether it was.

    Only where nothing but the LMS's own account hangs on the row, and nobody else has that NIP. Otherwise two people
    could become one unseen, or somebody could come by the post, the reports or the rights of another: then all stays
    as it is, and the log says that the analyst must decide.
    """
    held = [
        select(Person.id).where(or_(Person.nip == nip, Person.same_as_id == person_id)),
        select(Placement.id).where(Placement.person_id == person_id),
        select(PlacementSuperior.id).where(PlacementSuperior.person_id == person_id),
        select(Grant.id).where(Grant.person_id == person_id),
        select(ProgrammeParticipant.id).where(ProgrammeParticipant.person_id == person_id),
    ]
    accounts = select(func.count()).select_from(PlatformUser).where(PlatformUser.person_id == person_id)
    if any(db.session.scalar(query.limit(1)) for query in held) or (db.session.scalar(accounts) or 0) > 1:
        log.warning("nip differs from the LMS, analyst must decide", person=person_id)
        return False
    db.session.execute(update(Person.__table__).where(Person.__table__.c.id == person_id).values(nip=nip))
    take_grants(person_id, nip)
    log.info("nip corrected by the LMS", person=person_id)
    return True


def placement_of(person: PersonRef, *, on: dt.date) -> PlacementView | None:
    """Return the post that a person holds on a day; a definitive one before one held for another."""
    return placements_of([person], on=on).get(person.id)


def placements_of(people: Iterable[PersonRef], *, on: dt.date) -> dict[int, PlacementView]:
    """Return the posts that people hold on a day by their ids, as ``placement_of`` gives them, by one statement."""
    whose = {row_id: person.id for person in people for row_id in person.ids}
    rows = db.session.execute(
        select(Placement.person_id, Placement.kind, Post, Unit.id.label("unit_id"), name_then().label("unit_name"))
        .join(Post, Post.id == Placement.post_id)
        .join(Unit, Unit.id == Placement.unit_id)
        .outerjoin(UnitHistory, then(on))
        .where(Placement.person_id.in_(whose), valid(Placement.valid_from, Placement.valid_to, on))
        .order_by(Placement.kind != PlacementKind.DEFINITIVE, Placement.valid_from.desc(), Placement.id.desc())
    )
    found: dict[int, PlacementView] = {}
    for row in rows:
        view = PlacementView(row.Post.id, row.Post.name, row.Post.type, row.Post.level, row.unit_id, row.unit_name)
        found.setdefault(whose[row.person_id], view)
    return found
