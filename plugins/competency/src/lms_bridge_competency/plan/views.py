"""The pages of development plans: one's own, and those that wait for a decision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request
from werkzeug.datastructures import MultiDict

from lms_bridge.api import (
    Invalid,
    PersonRef,
    _,
    audit_reads,
    current,
    db,
    development_forms,
    ensure,
    export_document,
    export_table,
    flash,
    load,
    may_for_others,
    ngettext,
    now,
    person_ref,
    redirect,
    render_template,
    require_permission,
    superiors_of,
    url_for,
)
from lms_bridge_competency.plan.deciding import APPROVE, CHECK, check, decide, to_approve, to_check
from lms_bridge_competency.plan.models import PlanItem, PlanState, StepKind
from lms_bridge_competency.plan.progress import progress_of
from lms_bridge_competency.plan.reading import plan_of, proposals_for, waiting_plans
from lms_bridge_competency.plan.rules import Proposal
from lms_bridge_competency.plan.schemas import DecideSchema, Decision, ItemSchema, TakeSchema, VersionSchema
from lms_bridge_competency.plan.tables import plan_document, plan_table, state_words
from lms_bridge_competency.plan.writing import (
    ItemDetails,
    add_items,
    change_item,
    own_item,
    remove_item,
    reopen_plan,
    send_plan,
)
from lms_bridge_competency.standards import dictionary_for
from lms_bridge_competency.views import bp

OWN, VIEW = "competency.own-plan", "competency.view-plan"
SHOWN = 100
"""Waiting plans on one page; the others follow once these are decided."""


def _zone() -> ZoneInfo:
    return ZoneInfo(current.agency.timezone)


def _today() -> dt.date:
    return now().astimezone(_zone()).date()


def _page(person: PersonRef, *, own: bool) -> str:
    view = plan_of(person, year=_today().year)
    proposals = proposals_for(view) if own and view.writable else []
    names = {one.key: one.name for one in dictionary_for(proposal.competency for proposal in proposals)}
    approved = view.state is PlanState.APPROVED
    planned = [(one.form, one.jp) for one in view.items]
    return render_template(
        "competency/plan/plan.html",
        view=view,
        own=own,
        progress=progress_of(person, planned, year=view.year, zone=_zone()) if approved else None,
        proposals=proposals,
        titles={one.key: _title(one, {**names, **view.names}) for one in proposals},
        names={**names, **view.names},
        state_words=state_words(),
        step_words=_step_words(),
    )


def _title(one: Proposal, names: dict[str, str]) -> str:
    if one.title:
        return one.title
    words = {
        70: _("Guided practice at work: %(competency)s"),
        20: _("Coaching: %(competency)s"),
        10: _("E-learning: %(competency)s"),
    }
    return words[one.share] % {"competency": names.get(one.competency, one.competency)}


def _step_words() -> dict[StepKind, str]:
    return {
        StepKind.SENT: _("Sent to the superior"),
        StepKind.TAKEN_BACK: _("Taken back"),
        StepKind.RETURNED: _("Returned"),
        StepKind.APPROVED: _("Approved"),
        StepKind.CHECKED: _("Money and schedule checked"),
        StepKind.REOPENED: _("Change begun"),
    }


@bp.get("/plan")
@require_permission(OWN)
def plan() -> str:
    """Show one's own plan of this year, and what is proposed for open gaps."""
    return _page(current.person, own=True)


@bp.get("/plan/of/<int:person_id>")
def plan_of_person(person_id: int) -> str:
    """Show the plan of somebody whom the reader leads or looks after."""
    person = person_ref(person_id)
    ensure(VIEW, person)
    return _page(person, own=False)


@bp.get("/plan.<ending>")
@require_permission(OWN)
def plan_file(ending: str) -> Response:
    """Hand out one's own plan: as PDF to be signed, else as a table."""
    view = plan_of(current.person, year=_today().year)
    if ending == "pdf":
        superiors = superiors_of(current.person, on=_today())
        return export_document(plan_document(view, superior=superiors[0].name if superiors else ""))
    return export_table(plan_table(view), ending)


@bp.post("/plan/take")
@require_permission(OWN)
def take_proposals() -> Any:
    """Take over what is marked of the proposals."""
    wanted = set(load(TakeSchema, {"proposals": request.form.getlist("proposals")})["proposals"])
    view = plan_of(current.person, year=_today().year)
    found = [one for one in proposals_for(view) if one.key in wanted]
    add_items(_as_items(found), person=current.person, year=view.year, now=now())
    db.session.commit()
    flash(ngettext("%(num)s activity is in your plan.", "%(num)s activities are in your plan.", len(found)))
    return redirect(url_for("competency.plan"), 303)


def _as_items(proposals: list[Proposal]) -> Iterator[ItemDetails]:
    names = {one.key: one.name for one in dictionary_for(one.competency for one in proposals)}
    following = min(4, (_today().month - 1) // 3 + 2)
    for one in proposals:
        yield ItemDetails(
            competency=one.competency,
            to_level=one.to_level,
            form=one.form,
            title=_title(one, names)[:255],
            jp=one.jp,
            quarter=following,
            programme_id=one.programme_id,
        )


@bp.get("/plan/items/new")
@require_permission(OWN)
def new_plan_item() -> str:
    """Ask for an activity of one's own."""
    return _item_page(None, {"quarter": (_today().month - 1) // 3 + 1}, {})


@bp.post("/plan/items/new")
@require_permission(OWN)
def add_plan_item() -> Any:
    """Add an activity of one's own."""
    try:
        add_items([load(ItemSchema, request.form)], person=current.person, year=_today().year, now=now())
    except Invalid as error:
        return _item_page(None, request.form, dict(error.problems)), error.status
    return _stored()


@bp.get("/plan/items/<int:item_id>")
@require_permission(OWN)
def plan_item(item_id: int) -> str:
    """Show an activity of one's own plan, to change or remove it."""
    found = own_item(item_id, current.person)[1]
    names = ("competency", "to_level", "form", "title", "quarter", "organiser")
    sent = {name: getattr(found, name) for name in names}
    numbers = {name: f"{value.normalize():f}" for name in ("jp", "cost") if (value := getattr(found, name)) is not None}
    return _item_page(found, {**sent, **numbers}, {})


@bp.post("/plan/items/<int:item_id>")
@require_permission(OWN)
def change_plan_item(item_id: int) -> Any:
    """Change an activity of one's own plan."""
    found = own_item(item_id, current.person)[1]
    version = load(VersionSchema, request.form)["version"]
    try:
        details = load(ItemSchema, request.form)
    except Invalid as error:
        return _item_page(found, request.form, dict(error.problems)), error.status
    change_item(item_id, details, person=current.person, version=version, now=now())
    return _stored()


@bp.post("/plan/items/<int:item_id>/remove")
@require_permission(OWN)
def remove_plan_item(item_id: int) -> Any:
    """Remove an activity from one's own plan."""
    remove_item(item_id, person=current.person, version=load(VersionSchema, request.form)["version"], now=now())
    return _stored()


def _stored() -> Any:
    db.session.commit()
    flash(_("Stored."))
    return redirect(url_for("competency.plan"), 303)


def _item_page(item: PlanItem | None, sent: Any, problems: dict[str, Any]) -> str:
    view = plan_of(current.person, year=_today().year)
    return render_template(
        "competency/plan/item.html",
        item=item,
        view=view,
        sent=sent,
        problems=problems,
        forms=development_forms(),
        competencies=[(one.key, one.name) for one in dictionary_for([sent.get("competency", ""), *view.names])],
    )


@bp.post("/plan/send")
@require_permission(OWN)
def send_own_plan() -> Any:
    """Hand one's own plan to the superior."""
    version = load(VersionSchema, request.form)["version"]
    send_plan(person=current.person, year=_today().year, version=version, now=now())
    db.session.commit()
    flash(_("Sent. Your superior sees it among the tasks."))
    return redirect(url_for("competency.plan"), 303)


@bp.post("/plan/reopen")
@require_permission(OWN)
def reopen_own_plan() -> Any:
    """Take one's own plan back, or begin a change of the approved one."""
    version = load(VersionSchema, request.form)["version"]
    reopen_plan(person=current.person, year=_today().year, version=version, now=now())
    db.session.commit()
    return redirect(url_for("competency.plan"), 303)


@bp.get("/plans")
def plans() -> str:
    """List what waits for the reader's approval or check."""
    return _waiting({}, MultiDict())


@bp.post("/plans")
def decide_plans() -> Any:
    """Approve, return or check what is marked."""
    _ensure_any()
    try:
        decision: Decision = load(DecideSchema, {**request.form.to_dict(), "plans": request.form.getlist("plans")})
    except Invalid as error:
        return _waiting(dict(error.problems), request.form), error.status
    if decision.go == "check":
        count = len(check(decision.seen, actor=current, now=now()))
        told = ngettext("%(num)s plan checked.", "%(num)s plans checked.", count)
    else:
        approve = decision.go == "approve"
        count = len(decide(decision.seen, approve=approve, note=decision.note, actor=current, now=now()))
        told = (
            ngettext("%(num)s plan approved.", "%(num)s plans approved.", count)
            if approve
            else ngettext("%(num)s plan returned.", "%(num)s plans returned.", count)
        )
    db.session.commit()
    flash(told)
    return redirect(url_for("competency.plans"), 303)


def _ensure_any() -> tuple[bool, bool]:
    """Return whether the reader may approve and may check; refuse who may neither."""
    rights = may_for_others(current, APPROVE), may_for_others(current, CHECK)
    if not any(rights):
        ensure(APPROVE)
    return rights


def _waiting(problems: dict[str, Any], sent: Any) -> str:
    approves, checks = _ensure_any()
    to_do = waiting_plans(db.session.scalars(to_approve(current).limit(SHOWN)).all()) if approves else []
    unchecked = waiting_plans(db.session.scalars(to_check(current).limit(SHOWN)).all()) if checks else []
    audit_reads(VIEW, sorted({one.person_id for one in (*to_do, *unchecked)}))
    return render_template(
        "competency/plan/waiting.html",
        to_approve=to_do,
        to_check=unchecked,
        approves=approves,
        checks=checks,
        problems=problems,
        chosen=set(sent.getlist("plans")),
        note=sent.get("note", ""),
    )
