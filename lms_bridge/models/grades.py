"""Grades on their way to an LMS: one row per line item and user holds what is wanted and what was sent."""

from __future__ import annotations

import datetime as dt
from enum import Enum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.db import AgencyOwned, Model, Score


class LineItem(Model, AgencyOwned):
    """A column of an LMS's gradebook that our modules fill."""

    __tablename__ = "core_line_item"
    __table_args__ = (UniqueConstraint("platform_id", "url"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("core_platform.id", ondelete="CASCADE"))
    url: Mapped[str]
    scopes: Mapped[list[str]]


class GradeState(Enum):
    """Where a grade stands: due, delivered, or parked until somebody looks at it."""

    DUE = "due"
    SENT = "sent"
    PARKED = "parked"


class Grade(Model, AgencyOwned):
    """The newest wanted grade of a user in a line item, and the last one that the LMS accepted."""

    __tablename__ = "core_grade"
    __table_args__ = (UniqueConstraint("line_item_id", "platform_user_id"), Index(None, "state", "next_try_at"))
    id: Mapped[int] = mapped_column(primary_key=True)
    line_item_id: Mapped[int] = mapped_column(ForeignKey("core_line_item.id", ondelete="CASCADE"))
    platform_user_id: Mapped[int] = mapped_column(ForeignKey("core_platform_user.id", ondelete="CASCADE"), index=True)
    state: Mapped[GradeState] = mapped_column(default=GradeState.DUE)
    wanted: Mapped[Score]
    maximum: Mapped[int]
    in_progress: Mapped[bool] = mapped_column(default=False)
    comment: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    """Rises with each new wanted value, so that a delivery knows whether what it carried is still wanted."""
    sent: Mapped[Score | None]
    sent_at: Mapped[dt.datetime | None]
    """The timestamp that the last delivery carried, whole seconds, whether or not its answer arrived."""
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[dt.datetime]
    lease: Mapped[str | None]
    reason: Mapped[str | None]
    """Why the grade is parked or late: a stable code, shown as a sentence."""
