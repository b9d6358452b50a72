"""The queue of people whom an LMS brought and the agency's data does not know, for an analyst to link or dismiss."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from lms_bridge.db import db
from lms_bridge.domain.nip import clean_nip
from lms_bridge.models import Matching, Person, Placement, PlatformUser, Post, Unit, UnitHistory
from lms_bridge.services.matching import known
from lms_bridge.services.unit_tree import valid
from lms_bridge.services.units import name_then, then

PAGE = 50


class Queue(Enum):
    """The three lists: who waits, who was linked, who was dismissed."""

    WAITING = "waiting"
    LINKED = "linked"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody of the agency's data who may be the person that waits, with their post of today where there is one."""

    person_id: int
    name: str
    nip: str | None
    email: str | None
    post_name: str | None
    unit_name: str | None


@dataclass(frozen=True, slots=True)
class QueuedPerson:
    """Somebody as their LMS tells them. ``candidates`` have the same e-mail address or, as NIP, the login name, to the
    letter; for somebody who is linked it is whom they are linked to."""

    person_id: int
    name: str
    email: str | None
    username: str | None
    issuer: str
    came_at: dt.datetime
    candidates: tuple[Candidate, ...] = ()


def count_waiting() -> int:
    """Return how many people wait for an analyst."""
    return db.session.scalar(select(func.count()).select_from(_people(Queue.WAITING).subquery())) or 0


def queued_people(queue: Queue, *, today: dt.date, after: int = 0, limit: int = PAGE) -> list[QueuedPerson]:
    """Return a page of a list, who came first first, by three statements at most.

    :param after: id of the last person of the page before.
    """
    rows = db.session.execute(_people(queue).where(Person.id > after).order_by(Person.id).limit(limit)).all()
    people = [QueuedPerson(row.id, row.name, row.email, row.username, row.issuer, row.created_at) for row in rows]
    if queue is Queue.WAITING:
        found = _candidates(people, today=today)
    elif queue is Queue.LINKED:
        found = _described(Person.id.in_([row.same_as_id for row in rows]), today=today)
    else:
        return people
    return [
        replace(one, candidates=tuple(other for other in found if _fits(queue, one, row.same_as_id, other)))
        for one, row in zip(people, rows, strict=True)
    ]


def _people(queue: Queue) -> Any:
    user = aliased(PlatformUser)
    first = select(func.min(user.id)).where(user.person_id == Person.id).correlate(Person).scalar_subquery()
    rows = select(
        Person.id,
        Person.name,
        Person.email,
        Person.same_as_id,
        Person.created_at,
        PlatformUser.username,
        PlatformUser.issuer,
    ).join(PlatformUser, PlatformUser.id == first)
    if queue is Queue.LINKED:
        return rows.where(Person.same_as_id.is_not(None))
    dismissed = Person.matching == Matching.DISMISSED
    waits = and_(Person.same_as_id.is_(None), ~known())
    return rows.where(waits, dismissed if queue is Queue.DISMISSED else ~dismissed)


def _candidates(people: list[QueuedPerson], *, today: dt.date) -> list[Candidate]:
    nips = {nip for one in people if (nip := clean_nip(one.username))}
    emails = {text for one in people if one.email for text in (one.email, one.email.lower())}
    if not nips and not emails:
        return []
    return _described(and_(or_(Person.nip.in_(nips), Person.email.in_(emails)), known()), today=today)


def _described(which: Any, *, today: dt.date) -> list[Candidate]:
    other = aliased(Placement)
    newest = (
        select(func.max(other.id))
        .where(other.person_id == Person.id, valid(other.valid_from, other.valid_to, today))
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            Person.id,
            Person.name,
            Person.nip,
            Person.email,
            Post.name.label("post_name"),
            name_then().label("unit_name"),
        )
        .select_from(Person)
        .outerjoin(Placement, Placement.id == newest)
        .outerjoin(Post, Post.id == Placement.post_id)
        .outerjoin(Unit, Unit.id == Placement.unit_id)
        .outerjoin(UnitHistory, then(today))
        .where(which)
        .order_by(Person.name, Person.id)
    )
    return [Candidate(row.id, row.name, row.nip, row.email, row.post_name, row.unit_name) for row in rows]


def _fits(queue: Queue, one: QueuedPerson, linked_to: int | None, other: Candidate) -> bool:
    if queue is Queue.LINKED:
        return other.person_id == linked_to
    nip = clean_nip(one.username)
    same_address = bool(one.email) and (other.email or "") in {one.email, (one.email or "").lower()}
    return other.person_id != one.person_id and (same_address or (nip is not None and other.nip == nip))
