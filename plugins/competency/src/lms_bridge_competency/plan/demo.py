"""Development plans of the demo agency: in every state, so that every page has something to show."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from lms_bridge.api import Person, PersonRef, db, development_forms, gaps_of, person_ref, programmes
from lms_bridge_competency.models import Result
from lms_bridge_competency.plan.models import Plan, PlanState, PlanStep, StepKind
from lms_bridge_competency.plan.rules import propose
from lms_bridge_competency.plan.writing import ItemDetails, add_items
from lms_bridge_competency.standards import dictionary_for

_STATES = (PlanState.APPROVED, PlanState.AWAITING, PlanState.APPROVED, PlanState.RETURNED, PlanState.DRAFT)
_PEOPLE = 120
"""As many of those with a gap begin a plan; the others show what is still to be done."""


def make_plans(today: dt.date) -> list[str]:
    """Plan for people with gaps what is proposed for the widest one."""
    at = dt.datetime.combine(today, dt.time(2), tzinfo=dt.UTC) - dt.timedelta(days=2)
    people = select(Result.person_id).join(Person, Person.id == Result.person_id).distinct().order_by(Result.person_id)
    made = 0
    for person_id in db.session.scalars(people.limit(_PEOPLE)):
        person = person_ref(person_id)
        items = _items(person)
        if items:
            plan = add_items(items, person=person, year=today.year, now=at)
            _bring_to(plan, _STATES[made % len(_STATES)], at=at)
            made += 1
    db.session.flush()
    return [f"{made} development plans"]


def _items(person: PersonRef) -> list[ItemDetails]:
    found = propose(gaps_of(person)[:1], development_forms(), programmes())
    names = {one.key: one.name for one in dictionary_for(one.competency for one in found)}
    return [
        ItemDetails(
            competency=one.competency,
            to_level=one.to_level,
            form=one.form,
            title=one.title or f"{development_forms()[one.form].name}: {names[one.competency]}"[:255],
            jp=one.jp,
            quarter=4,
            programme_id=one.programme_id,
        )
        for one in found
    ]


def _bring_to(plan: Plan, state: PlanState, *, at: dt.datetime) -> None:
    plan.state = state
    if state is PlanState.DRAFT:
        return
    plan.sent_at = at
    kinds = {PlanState.APPROVED: StepKind.APPROVED, PlanState.RETURNED: StepKind.RETURNED}
    db.session.add(PlanStep(plan_id=plan.id, kind=StepKind.SENT, by_id=plan.person_id, at=at, note=""))
    if state in kinds:
        note = "Tambahkan kegiatan pengalaman kerja." if state is PlanState.RETURNED else ""
        db.session.add(PlanStep(plan_id=plan.id, kind=kinds[state], by_id=None, at=at, note=note))
