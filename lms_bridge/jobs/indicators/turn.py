"""One worker at a time changes the cells of an agency."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from sqlalchemy import select

from lms_bridge.db import current_agency, db, insert_new, now
from lms_bridge.models import Agency, IndicatorState


def take_turn() -> IndicatorState | None:
    """Lock the chosen agency's state until the transaction ends; nothing where another worker has it."""
    insert_new(IndicatorState.__table__, key={"agency_id": current_agency()}, values={"repaired": 0})
    return db.session.scalar(select(IndicatorState).with_for_update(skip_locked=True))


def agency_day() -> dt.date:
    """Return today in the chosen agency's zone."""
    zone = db.session.scalar(select(Agency.timezone).where(Agency.id == current_agency())) or "Asia/Jakarta"
    return now().astimezone(ZoneInfo(zone)).date()
