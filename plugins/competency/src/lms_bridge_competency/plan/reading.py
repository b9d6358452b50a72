"""A plan as its pages show it: activities with their sums, proposals that are not taken over yet, and history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select

from lms_bridge.api import (
    DevelopmentForm,
    Person,
    PersonRef,
    ProgrammeStatus,
    db,
    development_forms,
    gaps_of,
    programmes,
)
from lms_bridge_competency.plan.models import Plan, PlanItem, PlanState, PlanStep
from lms_bridge_competency.plan.rules import Proposal, mix, propose
from lms_bridge_competency.plan.writing import WRITABLE, find_plan, items_of, steps_of
from lms_bridge_competency.standards import dictionary_for

_COMING = frozenset({ProgrammeStatus.PLANNED, ProgrammeStatus.OPEN})


@dataclass(frozen=True, slots=True)
class PlanView:
    """Somebody's plan for a year; without a row it has not begun."""

    person: PersonRef
    year: int
    plan: Plan | None
    items: Sequence[PlanItem]
    steps: Sequence[PlanStep]
    actors: Mapping[int, str]
    names: Mapping[str, str]
    forms: Mapping[str, DevelopmentForm]

    @property
    def state(self) -> PlanState:
        """Where it stands."""
        return self.plan.state if self.plan else PlanState.DRAFT

    @property
    def writable(self) -> bool:
        """Whether its owner may change it now."""
        return self.state in WRITABLE

    @property
    def jp(self) -> Decimal:
        """The JP of all activities."""
        return sum((one.jp for one in self.items), Decimal(0))

    @property
    def cost(self) -> Decimal:
        """The cost of all activities in rupiah, as far as it is known."""
        return sum((one.cost for one in self.items if one.cost is not None), Decimal(0))

    @property
    def mix(self) -> dict[int, Decimal]:
        """Percent of the JP for each share of 70:20:10."""
        return mix((self.forms[one.form].share, one.jp) for one in self.items)


def plan_of(person: PersonRef, *, year: int) -> PlanView:
    """Return somebody's plan with everything that a page shows of it."""
    plan = find_plan(person, year=year)
    items, steps = items_of(plan), steps_of(plan)
    names = {one.key: one.name for one in dictionary_for(item.competency for item in items)}
    return PlanView(person, year, plan, items, steps, _actors(steps), names, development_forms())


def _actors(steps: Sequence[PlanStep]) -> dict[int, str]:
    if not steps:
        return {}
    found = select(Person.id, Person.name).where(Person.id.in_({step.by_id for step in steps if step.by_id}))
    return {person_id: name for person_id, name in db.session.execute(found)}


def proposals_for(view: PlanView) -> list[Proposal]:
    """Return what is proposed for the open gaps of a plan's owner and not planned yet."""
    gaps = gaps_of(view.person)
    if not gaps:
        return []
    planned = {(one.competency, view.forms[one.form].share) for one in view.items}
    found = propose(gaps, view.forms, programmes(statuses=_COMING))
    return [one for one in found if (one.competency, one.share) not in planned]


@dataclass(frozen=True, slots=True)
class WaitingPlan:
    """A plan that waits for a decision, with its sums."""

    id: int
    version: int
    person_id: int
    name: str
    year: int
    sent_at: dt.datetime | None
    items: int
    jp: Decimal
    cost: Decimal


def waiting_plans(plans: Sequence[Plan]) -> list[WaitingPlan]:
    """Return plans of a list with the names of their owners and their sums."""
    if not plans:
        return []
    names = select(Person.id, Person.name).where(Person.id.in_({plan.person_id for plan in plans}))
    called = {person_id: name for person_id, name in db.session.execute(names)}
    sums = (
        select(PlanItem.plan_id, func.count(), func.sum(PlanItem.jp), func.sum(PlanItem.cost))
        .where(PlanItem.plan_id.in_([plan.id for plan in plans]))
        .group_by(PlanItem.plan_id)
    )
    counted = {plan_id: (count, jp, cost or Decimal(0)) for plan_id, count, jp, cost in db.session.execute(sums)}
    return [
        WaitingPlan(
            plan.id,
            plan.version,
            plan.person_id,
            called[plan.person_id],
            plan.year,
            plan.sent_at,
            *counted.get(plan.id, (0, Decimal(0), Decimal(0))),
        )
        for plan in plans
    ]
