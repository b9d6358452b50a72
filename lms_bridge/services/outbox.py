"""Publishing events: written in the transaction of the fact, delivered later by the worker."""

from __future__ import annotations

import datetime as dt
from contextvars import ContextVar
from typing import Any

from sqlalchemy import func, insert, select, update

from lms_bridge.db import changed_rows, current_agency, db, now, run
from lms_bridge.events import Event
from lms_bridge.models import Delivery, DeliveryState, OutboxEvent
from lms_bridge.plugin_host import host

# Built once: putting a statement together costs more than running it.
_EVENT = insert(OutboxEvent.__table__).returning(OutboxEvent.__table__.c.id)
_DELIVERY = insert(Delivery.__table__)
_D = Delivery.__table__
WAITS_FOR_SWITCH = "SwitchedOff"
"""Why a delivery is put off whose plugin the agency has switched off."""
handling: ContextVar[int | None] = ContextVar("lms_bridge_handling", default=None)
"""The event that is being handled, which then is the cause of those published."""


def publish(event: Event) -> None:
    """Tell whoever wants to know. Nothing happens before the transaction of the caller is committed."""
    moment, agency_id = now(), current_agency()
    row = {
        "name": event.name,
        "version": event.version,
        "payload": event.to_payload(),
        "caused_by_id": handling.get(),
        "happened_at": moment,
        "agency_id": agency_id,
    }
    event_id = run(_EVENT, row).scalar_one()
    for handler, _plugin, _handle in host().handlers(event.name):
        run(_DELIVERY, {"event_id": event_id, "handler": handler, "next_try_at": moment, "agency_id": agency_id})


def dead_deliveries(*, agency_id: int | None = None) -> list[Any]:
    """Return the deliveries that wait for somebody, with event, handler and failure; by default of all agencies."""
    events = OutboxEvent.__table__
    statement = (
        select(_D.c.id, _D.c.handler, _D.c.attempts, _D.c.error, events.c.name, events.c.happened_at)
        .join(events, events.c.id == _D.c.event_id)
        .where(_D.c.state == DeliveryState.DEAD)
        .order_by(_D.c.id)
    )
    if agency_id is not None:
        statement = statement.where(_D.c.agency_id == agency_id)
    return list(db.session.execute(statement))


def requeue_deliveries(ids: list[int] | None, *, now: dt.datetime, agency_id: int | None = None) -> int:
    """Deliver dead deliveries again: these, or all; by default of all agencies. Returns how many."""
    statement = update(_D).where(_D.c.state == DeliveryState.DEAD)
    if agency_id is not None:
        statement = statement.where(_D.c.agency_id == agency_id)
    if ids is not None:
        statement = statement.where(_D.c.id.in_(ids))
    return changed_rows(statement.values(state=DeliveryState.DUE, attempts=0, next_try_at=now, error=None))


def resume_deliveries(plugin: str, *, now: dt.datetime) -> None:
    """Let what waited while the chosen agency had a plugin switched off be delivered to it now."""
    waits = _D.c.agency_id == current_agency(), _D.c.state == DeliveryState.DUE, _D.c.error == WAITS_FOR_SWITCH
    mine = _D.c.handler.startswith(f"{plugin}:", autoescape=True)
    db.session.execute(update(_D).where(*waits, mine).values(next_try_at=now))


def overdue_deliveries(since: dt.datetime) -> int:
    """Return how many deliveries nobody has taken although they were due then."""
    due = select(func.count()).where(_D.c.state == DeliveryState.DUE, _D.c.next_try_at < since)
    return int(db.session.scalar(due) or 0)
