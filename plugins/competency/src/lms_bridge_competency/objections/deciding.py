"""Objecting to a level, and deciding upon it."""

from __future__ import annotations

import datetime as dt

import structlog
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError

from lms_bridge.api import Actor, NotFound, PersonRef, _, audit, db, person_ref, visible_people
from lms_bridge_competency.finishing import recompute
from lms_bridge_competency.models import Result, ResultLine
from lms_bridge_competency.objections.errors import ObjectionClosed
from lms_bridge_competency.objections.models import Objection, ObjectionState
from lms_bridge_competency.objections.schemas import Decision
from lms_bridge_competency.results import latest_result
from lms_bridge_competency.settings import objection_time

DECIDE = "competency.decide-objection"
log = structlog.get_logger("lms_bridge.plugin.competency")


def open_until(result: Result) -> dt.datetime:
    """Return until when somebody may object to a result."""
    return result.computed_at + objection_time()


def raise_objection(result: Result, competency: str, reason: str, *, person: PersonRef, now: dt.datetime) -> Objection:
    """Keep somebody's objection to a level of their newest result.

    :raises ObjectionClosed: the result is not the newest, too old, has no such level, or an objection waits already.
    """
    newest = latest_result(person)
    line = select(ResultLine.id).where(ResultLine.result_id == result.id, ResultLine.competency == competency)
    rated = db.session.scalar(line.where(ResultLine.attained.is_not(None)))
    if newest is None or newest.id != result.id or now >= open_until(result) or rated is None:
        raise ObjectionClosed
    objection = Objection(
        person_id=person.id,
        result_id=result.id,
        cycle=result.cycle,
        competency=competency,
        reason=reason,
        raised_at=now,
        answer="",
    )
    try:
        with db.session.begin_nested():
            db.session.add(objection)
    except IntegrityError as error:
        raise ObjectionClosed from error
    return objection


def withdraw_objection(objection_id: int, *, person: PersonRef, now: dt.datetime) -> Objection:
    """Take one's own objection back.

    :raises NotFound: it is somebody else's, or there is none.
    :raises ObjectionClosed: it was decided or taken back meanwhile.
    """
    objection = _locked(select(Objection).where(Objection.person_id.in_(person.ids)), objection_id)
    objection.state, objection.settled, objection.decided_at = ObjectionState.WITHDRAWN, objection.id, now
    db.session.flush()
    return objection


def to_decide(actor: Actor) -> Select[Objection]:
    """Return the query for the objections that wait for this superior or analyst, the oldest first."""
    return (
        select(Objection)
        .where(
            Objection.state == ObjectionState.OPEN,
            Objection.person_id.in_(visible_people(actor, DECIDE)),
            Objection.person_id.not_in(actor.person.ids),
        )
        .order_by(Objection.raised_at, Objection.id)
    )


def decide(objection_id: int, decision: Decision, *, actor: Actor, now: dt.datetime) -> tuple[Objection, Result | None]:
    """Uphold an objection with another level, which then counts before all raters, or turn it down.

    :returns: the objection, and the result with the level that was decided; none while the person has no post.

    :raises NotFound: it is not for this actor to decide upon.
    :raises ObjectionClosed: it was decided or taken back meanwhile.
    """
    mine = select(Objection).where(
        Objection.person_id.in_(visible_people(actor, DECIDE)), Objection.person_id.not_in(actor.person.ids)
    )
    objection = _locked(mine, objection_id)
    upheld = decision.level is not None
    objection.state = ObjectionState.UPHELD if upheld else ObjectionState.TURNED_DOWN
    objection.level, objection.answer, objection.settled = decision.level, decision.answer, objection.id
    objection.decided_by_id, objection.decided_at = actor.person.id, now
    db.session.flush()
    person = person_ref(objection.person_id)
    audit(f"competency.objection-{objection.state.value.replace('_', '-')}", subject=person, objection=objection.id)
    result = recompute(person, agency=actor.agency, now=now) if upheld else None
    log.info("objection decided", objection=objection.id, upheld=upheld)
    return objection, result


def _locked(query: Select[Objection], objection_id: int) -> Objection:
    found = db.session.scalar(query.where(Objection.id == objection_id).with_for_update(of=Objection))
    if found is None:
        raise NotFound(_("There is no such objection."))
    if found.state is not ObjectionState.OPEN:
        raise ObjectionClosed
    return found
