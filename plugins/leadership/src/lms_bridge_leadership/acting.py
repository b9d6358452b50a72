"""What a leader does about a number: each deed is audited, and kept with what the number was then."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select

from lms_bridge.api import (
    Aim,
    Conflict,
    Invalid,
    Metric,
    PersonRef,
    ProgrammeDetails,
    ProgrammeStatus,
    ProgrammeView,
    Unit,
    _,
    _l,
    audit,
    create_programme,
    db,
    indicators,
    person_ref,
    programme,
    programmes,
    register_participant,
    set_programme_status,
)
from lms_bridge_leadership.models import Action, ActionKind, Target
from lms_bridge_leadership.reading import period_of

OPEN = (ProgrammeStatus.OPEN, ProgrammeStatus.RUNNING)


class AlreadySponsored(Conflict):
    """A programme for this gap was sponsored meanwhile, perhaps by pressing the button twice.

    What helps: Look at the actions below the number before you sponsor another.
    """

    code = "already-sponsored"
    title = _l("A programme for this gap has just been sponsored")

    def __init__(self) -> None:
        super().__init__(_("Look at what was done about this number before you sponsor another programme."))


@dataclass(frozen=True, slots=True)
class Sponsor:
    """A programme for a gap: one that is open already, or a new one; with who gets a seat.

    ``seen`` is how many were sponsored for this gap when the page was drawn.
    """

    seen: int
    people: tuple[int, ...]
    programme_id: int | None = None
    title: str = ""
    form: str = ""
    jp: Decimal = Decimal(0)
    starts_on: dt.date | None = None
    seats: int | None = None


def sponsored(unit_id: int, competency: str) -> int:
    """Return how many programmes were sponsored for a gap of a unit."""
    rows = select(func.count()).select_from(Action)
    return db.session.scalar(rows.where(Action.unit_id == unit_id, Action.competency == competency)) or 0


def sponsor(
    command: Sponsor,
    unit_id: int,
    metric: Metric,
    competency: str,
    *,
    proposed: set[int],
    by: PersonRef,
    today: dt.date,
    now: dt.datetime,
) -> ProgrammeView:
    """Open a programme for a gap, or take one that is open, and give seats to people who have the gap.

    :param proposed: who has the gap and may be seen; nobody else gets a seat.
    :raises AlreadySponsored: another was sponsored since the page was drawn.
    :raises Invalid: nobody is chosen, more than there are seats, or the programme's details do not fit.
    """
    # Whoever sponsors at the same time waits here, and then sees what the first one did.
    db.session.execute(select(Unit.id).where(Unit.id == unit_id).with_for_update())
    if sponsored(unit_id, competency) != command.seen:
        raise AlreadySponsored
    people = [one for one in command.people if one in proposed]
    if not people:
        raise Invalid({"people": [_("Choose at least one person.")]})
    view = _programme(command, competency, len(people))
    for one in people:
        register_participant(view.id, person_ref(one), on=today)
    _note(ActionKind.SPONSOR, unit_id, metric, competency, by=by, now=now, programme_id=view.id, people=len(people))
    audit(
        "leadership.sponsored",
        unit=unit_id,
        programme=view.id,
        people=len(people),
        competency=competency.split(":")[-1],
    )
    return programme(view.id)


def _programme(command: Sponsor, competency: str, people: int) -> ProgrammeView:
    if command.programme_id is not None:
        view = next((one for one in open_programmes(competency) if one.id == command.programme_id), None)
        if view is None:
            raise Invalid({"programme_id": [_("Choose a programme from the list.")]})
        if view.seats_left is not None and view.seats_left < people:
            raise Invalid({"people": [_("There are %(seats)s seats left. Choose fewer.", seats=view.seats_left)]})
        return view
    if command.seats is not None and command.seats < people:
        raise Invalid({"seats": [_("More people are chosen than there are seats.")]})
    if not command.title:
        raise Invalid({"title": [_("Give the programme a title.")]})
    view = create_programme(
        ProgrammeDetails(
            code=f"PIM-{competency.split(':')[-1]}-{secrets.token_hex(3)}".upper(),
            title=command.title,
            form=command.form,
            jp=command.jp,
            starts_on=command.starts_on,
            seats=command.seats,
            aims=(Aim(competency),),
        )
    )
    set_programme_status(view.id, ProgrammeStatus.OPEN)
    return view


def open_programmes(competency: str) -> list[ProgrammeView]:
    """Return the programmes for a competency that take participants."""
    return programmes(statuses=OPEN, competency=competency)


def set_target(unit_id: int, metric: Metric, value: Decimal, *, by: PersonRef, now: dt.datetime) -> None:
    """Want a number of a unit to be something; it counts in place of the metric's own target."""
    db.session.execute(select(Unit.id).where(Unit.id == unit_id).with_for_update())
    row = db.session.scalar(select(Target).where(Target.unit_id == unit_id, Target.metric == metric.code))
    if row is None:
        row = Target(unit_id=unit_id, metric=metric.code)
        db.session.add(row)
    row.value, row.set_at = value, now
    _note(ActionKind.TARGET, unit_id, metric, "", by=by, now=now, target=value)
    audit("leadership.target-set", unit=unit_id, metric=metric.code)


def targets_of(unit_id: int) -> dict[str, Decimal]:
    """Return the targets that were set for a unit, by metric."""
    rows = db.session.execute(select(Target.metric, Target.value).where(Target.unit_id == unit_id))
    return {code: value for code, value in rows}


def actions_about(unit_id: int, metric: str) -> list[Action]:
    """Return what was done about a number of a unit, the newest first."""
    rows = select(Action).where(Action.unit_id == unit_id, Action.metric == metric)
    return list(db.session.scalars(rows.order_by(Action.acted_at.desc(), Action.id.desc()).limit(50)))


def _note(
    kind: ActionKind,
    unit_id: int,
    metric: Metric,
    competency: str,
    *,
    by: PersonRef,
    now: dt.datetime,
    programme_id: int | None = None,
    people: int = 0,
    target: Decimal | None = None,
) -> None:
    period = period_of(now.date())
    values = indicators([unit_id], [metric], until=period, by_competency=bool(competency))
    then = next((one.value for one in values if one.competency == competency), None)
    db.session.add(
        Action(
            unit_id=unit_id,
            kind=kind,
            metric=metric.code,
            competency=competency,
            period=period,
            value_then=then,
            target=target,
            programme_id=programme_id,
            people=people,
            actor_id=by.id,
            acted_at=now,
        )
    )
    db.session.flush()
