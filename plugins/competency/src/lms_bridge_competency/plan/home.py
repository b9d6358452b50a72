"""What plans say on the home page."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select

from lms_bridge.api import BridgeContext, Task, _, current, db, may_for_others, ngettext, now, url_for
from lms_bridge_competency.plan.deciding import APPROVE, CHECK, to_approve, to_check
from lms_bridge_competency.plan.models import Plan, PlanState


def tasks(context: BridgeContext) -> list[Task]:
    """Remind of one's own plan that came back, and of plans that wait for a decision."""
    found = []
    year = now().astimezone(ZoneInfo(context.agency.timezone)).year
    own = select(Plan.id).where(
        Plan.person_id.in_(context.person.ids), Plan.year == year, Plan.state == PlanState.RETURNED
    )
    if db.session.scalar(own):
        detail = _("Your superior has said what is missing")
        found.append(Task(title=_("Correct your development plan"), detail=detail, link=url_for("competency.plan")))
    if may_for_others(current, APPROVE) and (count := _count(to_approve(current))):
        title = ngettext("Approve %(num)s development plan", "Approve %(num)s development plans", count)
        detail = _("Your people wait for your decision")
        found.append(Task(title=title, detail=detail, link=url_for("competency.plans"), count=count))
    if may_for_others(current, CHECK) and (count := _count(to_check(current))):
        title = ngettext("Check %(num)s approved plan", "Check %(num)s approved plans", count)
        detail = _("Money and schedule")
        found.append(Task(title=title, detail=detail, link=url_for("competency.plans"), count=count))
    return found


def _count(query: Select[Plan]) -> int:
    return db.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
