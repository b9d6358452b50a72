"""Programmes of competency development: what they are, what they aim at, how far they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import structlog
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from lms_bridge.db import db
from lms_bridge.errors import Conflict, Invalid, NotFound
from lms_bridge.models import (
    Course,
    ParticipantStatus,
    Programme,
    ProgrammeCompetency,
    ProgrammeParticipant,
    ProgrammeStatus,
)
from lms_bridge.services.development_forms import development_forms
from lms_bridge.services.frameworks import known_keys

log = structlog.get_logger("lms_bridge.programmes")
_NEXT = {
    ProgrammeStatus.PLANNED: {ProgrammeStatus.OPEN, ProgrammeStatus.CANCELLED},
    ProgrammeStatus.OPEN: {ProgrammeStatus.PLANNED, ProgrammeStatus.RUNNING, ProgrammeStatus.CANCELLED},
    ProgrammeStatus.RUNNING: {ProgrammeStatus.FINISHED, ProgrammeStatus.CANCELLED},
    ProgrammeStatus.FINISHED: {ProgrammeStatus.RUNNING},
    ProgrammeStatus.CANCELLED: {ProgrammeStatus.PLANNED},
}


@dataclass(frozen=True, slots=True)
class Aim:
    """A competency that a programme aims at, by key, and the level (1-5) that it wants to reach, if it says so."""

    competency: str
    level: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeDetails:
    """What an organiser says of a programme; units and meaning as in ``ProgrammeView``."""

    code: str
    title: str
    form: str
    jp: Decimal
    cost: Decimal | None = None
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    seats: int | None = None
    course_id: int | None = None
    aims: tuple[Aim, ...] = ()


@dataclass(frozen=True, slots=True)
class ProgrammeView:
    """A programme. ``form`` is a code of ``development_forms()``, ``jp`` counts for each participant, ``cost`` is the
    planned one of the whole in rupiah, ``ends_on`` the last day; ``course_id`` is nothing outside the LMS. ``taken``
    counts everybody but who withdrew."""

    id: int
    code: str
    title: str
    form: str
    jp: Decimal
    cost: Decimal | None
    starts_on: dt.date | None
    ends_on: dt.date | None
    seats: int | None
    course_id: int | None
    status: ProgrammeStatus
    aims: tuple[Aim, ...]
    taken: int

    @property
    def seats_left(self) -> int | None:
        """Seats that are free; nothing where there is no limit."""
        return None if self.seats is None else max(0, self.seats - self.taken)


class ProgrammeClosed(Conflict):
    """The programme is not in a state that allows this.

    What helps: Look at its state and change that first.
    """

    code = "programme-closed"
    title = _l("The programme does not allow this now")

    def __init__(self, status: ProgrammeStatus) -> None:
        super().__init__(
            _("Look at the state of the programme, and change that first."),
            reason=status.value,
            status_now=status.value,
        )


def create_programme(details: ProgrammeDetails) -> ProgrammeView:
    """Plan a programme.

    :raises Invalid: the code is taken, or form, competency, course, dates or numbers do not fit.
    """
    _check(details, programme_id=None)
    row = Programme(status=ProgrammeStatus.PLANNED)
    _fill(row, details)
    db.session.add(row)
    db.session.flush()
    log.info("programme planned", programme=row.id)
    return _view(row, 0)


def change_programme(programme_id: int, details: ProgrammeDetails) -> ProgrammeView:
    """Change what is said of a programme. Fewer seats than are taken send nobody away.

    :raises Invalid: as ``create_programme``.
    """
    row = get_programme(programme_id)
    _check(details, programme_id=programme_id)
    _fill(row, details)
    db.session.flush()
    return programme(programme_id)


def set_programme_status(programme_id: int, status: ProgrammeStatus) -> None:
    """Open, start, finish or cancel a programme; a finished one may be taken up again, a cancelled one planned anew.

    :raises ProgrammeClosed: this step does not follow from the present state.
    """
    row = get_programme(programme_id)
    if status is row.status:
        return
    if status not in _NEXT[row.status]:
        raise ProgrammeClosed(row.status)
    row.status = status
    db.session.flush()
    log.info("programme status", programme=programme_id, status=status.value)


def next_statuses(status: ProgrammeStatus) -> list[ProgrammeStatus]:
    """Return the states that may follow a state, in the order of their course."""
    return [one for one in ProgrammeStatus if one in _NEXT[status]]


def programme(programme_id: int) -> ProgrammeView:
    """Return a programme of the agency.

    :raises NotFound: there is none with this id.
    """
    found = _views(select(Programme).where(Programme.id == programme_id))
    if not found:
        raise NotFound(_("There is no such programme."))
    return found[0]


def programmes(
    *,
    statuses: Collection[ProgrammeStatus] | None = None,
    competency: str | None = None,
    course_id: int | None = None,
) -> list[ProgrammeView]:
    """Return the agency's programmes by start and code: of some statuses, aiming at a competency, of a course."""
    rows = select(Programme)
    if statuses is not None:
        rows = rows.where(Programme.status.in_(statuses))
    if competency is not None:
        rows = rows.where(Programme.competencies.any(ProgrammeCompetency.competency == competency))
    if course_id is not None:
        rows = rows.where(Programme.course_id == course_id)
    return _views(rows.order_by(Programme.starts_on.is_(None), Programme.starts_on, Programme.code))


def get_programme(programme_id: int, *, locked: bool = False) -> Programme:
    """Return the row of a programme, locked against others until the transaction ends if so wished.

    :raises NotFound: there is none with this id.
    """
    found = select(Programme).where(Programme.id == programme_id)
    row = db.session.scalar(found.with_for_update(key_share=True) if locked else found)
    if row is None:
        raise NotFound(_("There is no such programme."))
    return row


def _check(details: ProgrammeDetails, *, programme_id: int | None) -> None:
    problems: dict[str, Any] = {}
    taken = select(Programme.id).where(Programme.code == details.code, Programme.id != (programme_id or 0))
    if db.session.scalar(taken) is not None:
        problems["code"] = [_("Another programme has this code.")]
    if details.form not in development_forms():
        problems["form"] = [_("Choose a form of development from the list.")]
    if details.jp < 0:
        problems["jp"] = [_("Give a number that is not negative.")]
    if details.cost is not None and details.cost < 0:
        problems["cost"] = [_("Give a number that is not negative.")]
    if details.seats is not None and details.seats < 1:
        problems["seats"] = [_("Give at least one seat, or nothing for no limit.")]
    if details.starts_on and details.ends_on and details.ends_on < details.starts_on:
        problems["ends_on"] = [_("The last day comes before the first.")]
    if (
        details.course_id is not None
        and db.session.scalar(select(Course.id).where(Course.id == details.course_id)) is None
    ):
        problems["course_id"] = [_("There is no such course.")]
    if details.aims and (unknown := _unknown(details.aims)):
        problems["aims"] = [_("There is no competency %(key)s.", key=", ".join(sorted(unknown)))]
    if any(aim.level not in {None, 1, 2, 3, 4, 5} for aim in details.aims):
        problems["aims"] = [_("A level is 1 to 5.")]
    if problems:
        raise Invalid(problems)


def _unknown(aims: tuple[Aim, ...]) -> set[str]:
    wanted = {aim.competency for aim in aims}
    return wanted - known_keys(wanted)


def _fill(row: Programme, details: ProgrammeDetails) -> None:
    for name in ("code", "title", "form", "jp", "cost", "starts_on", "ends_on", "seats", "course_id"):
        setattr(row, name, getattr(details, name))
    kept = {one.competency: one for one in row.competencies}
    wanted = {aim.competency: aim.level for aim in details.aims}
    row.competencies = [kept.get(key) or ProgrammeCompetency(competency=key) for key in sorted(wanted)]
    for one in row.competencies:
        one.level = wanted[one.competency]


def seats_taken(programme_ids: Collection[int]) -> dict[int, int]:
    """Return how many are in each of some programmes, those who withdrew left out; none is no entry."""
    rows = db.session.execute(
        select(ProgrammeParticipant.programme_id, func.count())
        .where(
            ProgrammeParticipant.programme_id.in_(programme_ids),
            ProgrammeParticipant.status != ParticipantStatus.WITHDRAWN,
        )
        .group_by(ProgrammeParticipant.programme_id)
    )
    return {programme_id: count for programme_id, count in rows}


def _views(rows: Select[Programme]) -> list[ProgrammeView]:
    found = db.session.scalars(rows.options(selectinload(Programme.competencies))).all()
    taken = seats_taken([row.id for row in found]) if found else {}
    return [_view(row, taken.get(row.id, 0)) for row in found]


def _view(row: Programme, taken: int) -> ProgrammeView:
    return ProgrammeView(
        id=row.id,
        code=row.code,
        title=row.title,
        form=row.form,
        jp=row.jp,
        cost=row.cost,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        seats=row.seats,
        course_id=row.course_id,
        status=row.status,
        aims=tuple(Aim(one.competency, one.level) for one in row.competencies),
        taken=taken,
    )
