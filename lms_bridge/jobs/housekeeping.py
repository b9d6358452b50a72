"""Removing what has had its time: logins, sessions, tickets, delivered events."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, select

from lms_bridge.db import db, now
from lms_bridge.models import Delivery, DeliveryState, Login, OutboxEvent, Session, Ticket

EVENTS_KEPT = dt.timedelta(days=90)


def clean_up() -> None:
    """Delete expired rows. Grades, launches and evidence are records and stay."""
    moment = now()
    for table in (Login.__table__, Ticket.__table__, Session.__table__):
        db.session.execute(delete(table).where(table.c.expires_at < moment))
    waiting = select(Delivery.__table__.c.event_id).where(Delivery.__table__.c.state != DeliveryState.DONE)
    events = OutboxEvent.__table__
    db.session.execute(delete(events).where(events.c.happened_at < moment - EVENTS_KEPT, events.c.id.not_in(waiting)))
    db.session.commit()
