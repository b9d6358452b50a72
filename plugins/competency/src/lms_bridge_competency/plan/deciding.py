"""Deciding upon plans: the superior approves or returns them, an analyst checks money and schedule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Select, select

from lms_bridge.api import Actor, NotFound, _, audit, db, person_ref, visible_people
from lms_bridge_competency.plan.errors import PlanChanged
from lms_bridge_competency.plan.models import Plan, PlanState, PlanStep, StepKind
from lms_bridge_competency.plan.progress import tell_progress

APPROVE, CHECK = "competency.approve-plan", "competency.check-plan"
log = structlog.get_logger("lms_bridge.plugin.competency")


def to_approve(actor: Actor) -> Select[Plan]:
    """Return the query for the plans that wait for this superior, the oldest first."""
    return _of_others(actor, APPROVE).where(Plan.state == PlanState.AWAITING).order_by(Plan.sent_at, Plan.id)


def to_check(actor: Actor) -> Select[Plan]:
    """Return the query for the approved plans whose money and schedule this analyst has not checked yet."""
    waiting = _of_others(actor, CHECK).where(Plan.state == PlanState.APPROVED, Plan.checked_at.is_(None))
    return waiting.order_by(Plan.sent_at, Plan.id)


def _of_others(actor: Actor, action: str) -> Select[Plan]:
    return select(Plan).where(
        Plan.person_id.in_(visible_people(actor, action)), Plan.person_id.not_in(actor.person.ids)
    )


def decide(seen: Mapping[int, int], *, approve: bool, note: str, actor: Actor, now: dt.datetime) -> list[Plan]:
    """Approve plans, or return them with a reason; all or none. Nobody decides upon their own.

    :param seen: the version of each plan that the actor saw, by its id.
    :raises NotFound: one of them is not for this actor to decide upon.
    :raises PlanChanged: one of them is not as the actor saw it.
    """
    state, kind = (PlanState.APPROVED, StepKind.APPROVED) if approve else (PlanState.RETURNED, StepKind.RETURNED)
    plans = _waiting(to_approve(actor), seen)
    for plan in plans:
        plan.state = state
        _note(plan, kind, note if not approve else "", actor, now=now)
    db.session.flush()
    if approve:
        zone = ZoneInfo(actor.agency.timezone)
        for plan in plans:
            tell_progress(person_ref(plan.person_id), year=plan.year, zone=zone, now=now)
    log.info("plans decided", plans=[plan.id for plan in plans], approved=approve)
    return plans


def check(seen: Mapping[int, int], *, actor: Actor, now: dt.datetime) -> list[Plan]:
    """Note that money and schedule of approved plans are checked; all or none.

    :raises NotFound: one of them is not for this actor to check.
    :raises PlanChanged: one of them is not as the actor saw it.
    """
    plans = _waiting(to_check(actor), seen)
    for plan in plans:
        plan.checked_at = now
        _note(plan, StepKind.CHECKED, "", actor, now=now)
    db.session.flush()
    return plans


def _waiting(query: Select[Plan], seen: Mapping[int, int]) -> list[Plan]:
    plans = list(db.session.scalars(query.where(Plan.id.in_(seen)).with_for_update(of=Plan)))
    if len(plans) != len(seen):
        known = db.session.scalar(select(Plan.id).where(Plan.id.in_(seen)).limit(1))
        raise PlanChanged if known else NotFound(_("There is no such plan."))
    if any(plan.version != seen[plan.id] for plan in plans):
        raise PlanChanged
    return plans


def _note(plan: Plan, kind: StepKind, note: str, actor: Actor, *, now: dt.datetime) -> None:
    plan.version += 1
    plan.changed_at = now
    db.session.add(PlanStep(plan_id=plan.id, kind=kind, by_id=actor.person.id, at=now, note=note))
    audit(f"competency.plan-{kind.value}", subject=person_ref(plan.person_id), plan=plan.id, year=plan.year)
