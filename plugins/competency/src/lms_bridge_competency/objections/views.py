"""The pages of objections: raising one from the explanation of a result, and deciding."""

from __future__ import annotations

from typing import Any

from flask import request

from lms_bridge.api import (
    Invalid,
    NotFound,
    _,
    audit_reads,
    current,
    db,
    ensure,
    flash,
    load,
    may_for_others,
    now,
    redirect,
    render_template,
    require_permission,
    url_for,
)
from lms_bridge_competency.models import Result
from lms_bridge_competency.objections.deciding import DECIDE, decide, raise_objection, to_decide, withdraw_objection
from lms_bridge_competency.objections.models import ObjectionState
from lms_bridge_competency.objections.reading import show_objections
from lms_bridge_competency.objections.schemas import DecideSchema, Decision, RaiseSchema
from lms_bridge_competency.rating_views import RATE
from lms_bridge_competency.views import VIEW, bp

SHOWN = 100
"""Waiting objections on one page; the others follow once these are decided."""


@bp.post("/results/<int:result_id>/objections")
@require_permission(RATE)
def object_to(result_id: int) -> Any:
    """Object to a level of one's own result."""
    found = db.session.get(Result, result_id)
    if found is None or found.person_id not in current.person.ids:
        raise NotFound(_("This result does not exist. Open the competency mapping from the menu."))
    sent = load(RaiseSchema, request.form)
    raise_objection(found, sent["competency"], sent["reason"], person=current.person, now=now())
    db.session.commit()
    flash(_("Sent. Your superior or an analyst decides; the result shows what was decided."))
    return redirect(url_for("competency.result", result_id=result_id), 303)


@bp.post("/objections/<int:objection_id>/withdraw")
@require_permission(RATE)
def take_objection_back(objection_id: int) -> Any:
    """Take one's own objection back."""
    objection = withdraw_objection(objection_id, person=current.person, now=now())
    db.session.commit()
    flash(_("Taken back."))
    return redirect(url_for("competency.result", result_id=objection.result_id), 303)


@bp.get("/objections")
def objections() -> str:
    """List the objections that wait for the reader's decision."""
    return _waiting({}, None)


@bp.post("/objections/<int:objection_id>")
def decide_objection(objection_id: int) -> Any:
    """Uphold an objection with another level, or turn it down."""
    _ensure_any()
    try:
        decision: Decision = load(DecideSchema, request.form)
    except Invalid as error:
        return _waiting(dict(error.problems), objection_id), error.status
    objection, result = decide(objection_id, decision, actor=current, now=now())
    db.session.commit()
    if objection.state is ObjectionState.TURNED_DOWN:
        flash(_("Turned down; the result stays as it is."))
    elif result is None:
        flash(_("Upheld; it counts as soon as the person has a post with a standard."))
    else:
        flash(_("Upheld; the result was computed anew."))
    return redirect(url_for("competency.objections"), 303)


def _ensure_any() -> None:
    if not may_for_others(current, DECIDE):
        ensure(DECIDE)


def _waiting(problems: dict[str, Any], refused: int | None) -> str:
    _ensure_any()
    shown = show_objections(db.session.scalars(to_decide(current).limit(SHOWN)))
    audit_reads(VIEW, sorted({one.person_id for one in shown}))
    return render_template(
        "competency/objections/waiting.html", shown=shown, problems=problems, refused=refused, sent=request.form
    )
