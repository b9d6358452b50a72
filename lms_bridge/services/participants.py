"""Who takes part in a programme, and how it ended for them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from lms_bridge.context import PersonRef
from lms_bridge.db import db
from lms_bridge.errors import Conflict, NotFound
from lms_bridge.events import ParticipationSettled
from lms_bridge.models import ParticipantStatus, Person, ProgrammeParticipant, ProgrammeStatus
from lms_bridge.services.outbox import publish
from lms_bridge.services.programmes import ProgrammeClosed, get_programme, seats_taken


@dataclass(frozen=True, slots=True)
class Participation:
    """Somebody in a programme, and how it stands; ``ended_on`` is the day of completion or failure."""

    programme_id: int
    person_id: int
    name: str
    status: ParticipantStatus
    registered_on: dt.date
    ended_on: dt.date | None


class ProgrammeFull(Conflict):
    """Every seat is taken.

    What helps: Wait for a withdrawal, or ask for more seats.
    """

    code = "programme-full"
    title = _l("Every seat is taken")

    def __init__(self) -> None:
        super().__init__(_("Wait until somebody withdraws, or ask the organiser for more seats."))


def participants(programme_id: int) -> list[Participation]:
    """Return who is or was in a programme, by name."""
    return _participations(ProgrammeParticipant.programme_id == programme_id)


def participations_of(person: PersonRef) -> list[Participation]:
    """Return every programme that somebody is or was in, the newest first."""
    found = _participations(ProgrammeParticipant.person_id.in_(person.ids))
    return sorted(found, key=lambda one: (one.registered_on, one.programme_id), reverse=True)


def register_participant(programme_id: int, person: PersonRef, *, on: dt.date) -> None:
    """Give somebody a seat; who is in it already keeps it, who withdrew gets one again.

    Worked example: two people ask for the last seat at once. The row of the programme is locked while seats are
    counted, so one gets it and the other ``ProgrammeFull``.

    :raises ProgrammeClosed: the programme is neither open nor running.
    :raises ProgrammeFull: every seat is taken.
    """
    row = get_programme(programme_id, locked=True)
    mine = _participant(programme_id, person)
    if mine is not None and mine.status is not ParticipantStatus.WITHDRAWN:
        return
    if row.status not in {ProgrammeStatus.OPEN, ProgrammeStatus.RUNNING}:
        raise ProgrammeClosed(row.status)
    if row.seats is not None and seats_taken([programme_id]).get(programme_id, 0) >= row.seats:
        raise ProgrammeFull
    if mine is None:
        mine = ProgrammeParticipant(programme_id=programme_id, person_id=person.id)
        db.session.add(mine)
    mine.status, mine.registered_on = ParticipantStatus.REGISTERED, on
    db.session.flush()


def withdraw_participant(programme_id: int, person: PersonRef) -> None:
    """Free the seat of somebody who will not take part.

    :raises NotFound: they are not in it.
    :raises ProgrammeClosed: how it ended for them is settled already.
    """
    mine = _registered(programme_id, person)
    if mine.status in {ParticipantStatus.COMPLETED, ParticipantStatus.FAILED}:
        raise ProgrammeClosed(get_programme(programme_id).status)
    mine.status = ParticipantStatus.WITHDRAWN
    db.session.flush()


def settle_participant(programme_id: int, person: PersonRef, *, completed: bool, on: dt.date) -> None:
    """Say how a programme ended for somebody; may be said again, to correct it.

    :raises NotFound: they are not in it.
    :raises ProgrammeClosed: the programme has not begun or is cancelled, or they withdrew.
    """
    mine, row = _registered(programme_id, person), get_programme(programme_id)
    begun = row.status in {ProgrammeStatus.RUNNING, ProgrammeStatus.FINISHED}
    if not begun or mine.status is ParticipantStatus.WITHDRAWN:
        raise ProgrammeClosed(row.status)
    mine.status = ParticipantStatus.COMPLETED if completed else ParticipantStatus.FAILED
    mine.ended_on = on
    db.session.flush()
    publish(ParticipationSettled(programme_id=programme_id, person_id=mine.person_id, completed=completed))


def _participant(programme_id: int, person: PersonRef) -> ProgrammeParticipant | None:
    return db.session.scalar(
        select(ProgrammeParticipant)
        .where(ProgrammeParticipant.programme_id == programme_id, ProgrammeParticipant.person_id.in_(person.ids))
        .limit(1)
    )


def _registered(programme_id: int, person: PersonRef) -> ProgrammeParticipant:
    mine = _participant(programme_id, person)
    if mine is None:
        raise NotFound(_("This person is not in the programme."))
    return mine


def _participations(which: Any) -> list[Participation]:
    rows = db.session.execute(
        select(ProgrammeParticipant, Person.name, Person.same_as_id)
        .join(Person, Person.id == ProgrammeParticipant.person_id)
        .where(which)
        .order_by(Person.name, ProgrammeParticipant.id)
    )
    return [
        Participation(one.programme_id, same_as or one.person_id, name, one.status, one.registered_on, one.ended_on)
        for one, name, same_as in rows
    ]
