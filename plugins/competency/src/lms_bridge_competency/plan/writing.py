"""A plan of one's own: adding, changing and removing activities, sending it, and taking it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lms_bridge.api import NotFound, PersonRef, _, db
from lms_bridge_competency.plan.errors import PlanChanged, PlanClosed
from lms_bridge_competency.plan.models import Plan, PlanItem, PlanState, PlanStep, StepKind

WRITABLE = frozenset({PlanState.DRAFT, PlanState.RETURNED})


@dataclass(frozen=True, slots=True)
class ItemDetails:
    """An activity as its owner plans it; ``jp`` in JP, ``cost`` in rupiah."""

    competency: str
    to_level: int
    form: str
    title: str
    jp: Decimal
    quarter: int
    organiser: str = ""
    cost: Decimal | None = None
    programme_id: int | None = None


def find_plan(person: PersonRef, *, year: int, lock: bool = False) -> Plan | None:
    """Return somebody's plan for a year, if it has begun."""
    query = select(Plan).where(Plan.person_id.in_(person.ids), Plan.year == year).order_by(Plan.id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).first()


def items_of(plan: Plan | None) -> Sequence[PlanItem]:
    """Return the activities of a plan by quarter."""
    if plan is None:
        return []
    rows = select(PlanItem).where(PlanItem.plan_id == plan.id).order_by(PlanItem.quarter, PlanItem.id)
    return db.session.scalars(rows).all()


def steps_of(plan: Plan | None) -> Sequence[PlanStep]:
    """Return what was done with a plan, the last first."""
    if plan is None:
        return []
    return db.session.scalars(select(PlanStep).where(PlanStep.plan_id == plan.id).order_by(PlanStep.id.desc())).all()


def add_items(details: Iterable[ItemDetails], *, person: PersonRef, year: int, now: dt.datetime) -> Plan:
    """Add activities to the plan of a year, which begins with the first one.

    :raises PlanClosed: it waits or is approved.
    """
    plan = find_plan(person, year=year, lock=True) or _begin(person, year=year, now=now)
    _changed(plan, now=now)
    db.session.add_all(PlanItem(plan_id=plan.id, **asdict(one)) for one in details)
    db.session.flush()
    return plan


def _begin(person: PersonRef, *, year: int, now: dt.datetime) -> Plan:
    plan = Plan(person_id=person.id, year=year, state=PlanState.DRAFT, changed_at=now)
    try:
        with db.session.begin_nested():
            db.session.add(plan)
    except IntegrityError:
        # Another tab began it between our look and our insert; theirs is as good as ours.
        begun = find_plan(person, year=year, lock=True)
        if begun is None:
            raise
        return begun
    return plan


def own_item(item_id: int, person: PersonRef) -> tuple[Plan, PlanItem]:
    """Return an activity of one's own plan, with the plan.

    :raises NotFound: there is none of this person.
    """
    query = select(Plan, PlanItem).join(PlanItem, PlanItem.plan_id == Plan.id)
    row = db.session.execute(query.where(PlanItem.id == item_id, Plan.person_id.in_(person.ids))).first()
    if row is None:
        raise NotFound(_("There is no such activity in your plan."))
    return row[0], row[1]


def change_item(item_id: int, details: ItemDetails, *, person: PersonRef, version: int, now: dt.datetime) -> None:
    """Change an activity of one's own plan.

    :raises PlanChanged: the plan is not as the person saw it.
    :raises PlanClosed: it waits or is approved.
    """
    item = _own_item(item_id, person, version, now=now)
    for name, value in asdict(details).items():
        if name != "programme_id":
            setattr(item, name, value)
    db.session.flush()


def remove_item(item_id: int, *, person: PersonRef, version: int, now: dt.datetime) -> None:
    """Remove an activity from one's own plan.

    :raises PlanChanged: the plan is not as the person saw it.
    :raises PlanClosed: it waits or is approved.
    """
    db.session.delete(_own_item(item_id, person, version, now=now))
    db.session.flush()


def _own_item(item_id: int, person: PersonRef, version: int, *, now: dt.datetime) -> PlanItem:
    plan, item = own_item(item_id, person)
    db.session.refresh(plan, with_for_update=True)
    if plan.version != version:
        raise PlanChanged
    _changed(plan, now=now)
    return item


def _changed(plan: Plan, *, now: dt.datetime) -> None:
    if plan.state not in WRITABLE:
        raise PlanClosed
    plan.version += 1
    plan.changed_at = now


def send_plan(*, person: PersonRef, year: int, version: int, now: dt.datetime) -> Plan:
    """Hand the plan to the superior.

    :raises PlanClosed: it waits already, is approved, or has no activity.
    :raises PlanChanged: it is not as the person saw it.
    """
    plan = _own(person, year, version)
    if plan.state not in WRITABLE or not items_of(plan):
        raise PlanClosed
    plan.sent_at = now
    _step(plan, PlanState.AWAITING, StepKind.SENT, person, now=now)
    return plan


def reopen_plan(*, person: PersonRef, year: int, version: int, now: dt.datetime) -> Plan:
    """Take a waiting plan back, or begin a change of the approved one, which then needs approval again.

    :raises PlanClosed: it is being written anyway.
    :raises PlanChanged: it is not as the person saw it.
    """
    plan = _own(person, year, version)
    if plan.state in WRITABLE:
        raise PlanClosed
    kind = StepKind.TAKEN_BACK if plan.state is PlanState.AWAITING else StepKind.REOPENED
    plan.checked_at = None
    _step(plan, PlanState.DRAFT, kind, person, now=now)
    return plan


def _own(person: PersonRef, year: int, version: int) -> Plan:
    plan = find_plan(person, year=year, lock=True)
    if plan is None:
        raise NotFound(_("You have no plan for this year yet."))
    if plan.version != version:
        raise PlanChanged
    return plan


def _step(plan: Plan, state: PlanState, kind: StepKind, person: PersonRef, *, now: dt.datetime) -> None:
    plan.state = state
    plan.version += 1
    plan.changed_at = now
    db.session.add(PlanStep(plan_id=plan.id, kind=kind, by_id=person.id, at=now, note=""))
    db.session.flush()
