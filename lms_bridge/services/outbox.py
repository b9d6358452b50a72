"""Publishing events: written in the transaction of the fact, delivered later by the worker."""

from __future__ import annotations

from contextvars import ContextVar

from lms_bridge.db import current_agency, db, now
from lms_bridge.events import Event
from lms_bridge.models import Delivery, OutboxEvent
from lms_bridge.plugin_host import host

handling: ContextVar[int | None] = ContextVar("lms_bridge_handling", default=None)
"""The event that is being handled, which then is the cause of those published."""


def publish(event: Event) -> OutboxEvent:
    """Tell whoever wants to know. Nothing happens before the transaction of the caller is committed."""
    moment = now()
    row = OutboxEvent(
        name=event.name,
        version=event.version,
        payload=event.to_payload(),
        caused_by_id=handling.get(),
        happened_at=moment,
        agency_id=current_agency(),
    )
    db.session.add(row)
    db.session.flush()
    for handler, _, _ in host().handlers(event.name):
        db.session.add(Delivery(event_id=row.id, handler=handler, next_try_at=moment, agency_id=row.agency_id))
    db.session.flush()
    return row
