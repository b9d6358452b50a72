"""What people object to in their results, and what was decided."""

from __future__ import annotations

import datetime as dt
from enum import Enum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.api import AgencyOwned, Code, Name
from lms_bridge_competency.models import Base


class ObjectionState(Enum):
    """Where an objection stands: it waits, was upheld with another level, turned down, or taken back."""

    OPEN = "open"
    UPHELD = "upheld"
    TURNED_DOWN = "turned_down"
    WITHDRAWN = "withdrawn"


class Objection(AgencyOwned, Base):
    """Somebody's objection to one level of a result. Kept, with its decision, as long as their results."""

    __tablename__ = "competency_objection"
    __table_args__ = (
        # One waits for each level at a time.
        UniqueConstraint("person_id", "competency", "settled"),
        Index("ix_competency_objection_waiting", "agency_id", "state"),
        CheckConstraint("level BETWEEN 0 AND 5", name="level"),
        CheckConstraint("(level IS NOT NULL) = (state = 'upheld')", name="upheld"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), index=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("competency_result.id", ondelete="CASCADE"), index=True)
    cycle: Mapped[Code]
    """The cycle of the result; a decided level counts in it."""
    competency: Mapped[Name]
    reason: Mapped[str]
    raised_at: Mapped[dt.datetime]
    state: Mapped[ObjectionState] = mapped_column(default=ObjectionState.OPEN)
    settled: Mapped[int] = mapped_column(default=0)
    """The own id once it is decided or taken back, so that another can follow."""
    level: Mapped[int | None]
    """The level that was decided where the objection was upheld."""
    answer: Mapped[str]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"), index=True)
    decided_at: Mapped[dt.datetime | None]
