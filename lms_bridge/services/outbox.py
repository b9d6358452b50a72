"""Publishing events: written in the transaction of the fact, delivered later by the worker."""

from __future__ import annotations

from contextvars import ContextVar

from sqlalchemy import insert

from lms_bridge.db import current_agency, now, run
from lms_bridge.events import Event
from lms_bridge.models import Delivery, OutboxEvent
from lms_bridge.plugin_host import host

# Built once: putting a statement together costs more than running it.
_EVENT = insert(OutboxEvent.__table__).returning(OutboxEvent.__table__.c.id)
_DELIVERY = insert(Delivery.__table__)
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
