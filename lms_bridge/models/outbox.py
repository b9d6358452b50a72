"""The outbox: events written in the transaction of their fact, and one delivery for each handler."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.db import AgencyOwned, Model, Name


class OutboxEvent(Model, AgencyOwned):
    """Something that happened; carries ids, never names or answers."""

    __tablename__ = "core_outbox_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[Name]
    version: Mapped[int]
    payload: Mapped[dict[str, Any]]
    caused_by_id: Mapped[int | None] = mapped_column(ForeignKey("core_outbox_event.id", ondelete="SET NULL"))
    happened_at: Mapped[dt.datetime]


class DeliveryState(Enum):
    """Where a delivery stands; a dead one failed five times and waits for an operator."""

    DUE = "due"
    DONE = "done"
    DEAD = "dead"


class Delivery(Model, AgencyOwned):
    """One event on its way to one handler."""

    __tablename__ = "core_outbox_delivery"
    __table_args__ = (UniqueConstraint("event_id", "handler"), Index(None, "state", "next_try_at"))
    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("core_outbox_event.id", ondelete="CASCADE"))
    handler: Mapped[Name]
    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.DUE)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[dt.datetime]
    lease: Mapped[str | None]
    error: Mapped[Name | None]
    """Class name of the last failure; its text may hold data and stays in the log."""
