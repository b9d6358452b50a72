"""What people plan to do in a year to close their gaps, and what was decided upon it."""

from __future__ import annotations

import datetime as dt
from enum import Enum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.api import AgencyOwned, Code, Hours, Money, Name
from lms_bridge_competency.models import Base


class PlanState(Enum):
    """Where a plan stands: being written, waiting for the superior, returned to its owner, or approved."""

    DRAFT = "draft"
    AWAITING = "awaiting"
    RETURNED = "returned"
    APPROVED = "approved"


class Plan(AgencyOwned, Base):
    """The development plan of one person for one year (PP 11/2017 art. 205-207)."""

    __tablename__ = "competency_plan"
    __table_args__ = (
        UniqueConstraint("person_id", "year"),
        Index("ix_competency_plan_waiting", "agency_id", "state"),
        CheckConstraint("checked_at IS NULL OR state = 'approved'", name="checked"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    year: Mapped[int]
    state: Mapped[PlanState] = mapped_column(default=PlanState.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    """Rises with each change, so that nobody decides upon what they have not seen."""
    changed_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime | None]
    checked_at: Mapped[dt.datetime | None]
    """When an analyst checked money and schedule of the approved plan."""


class PlanItem(AgencyOwned, Base):
    """One activity of a plan; ``jp`` is what it is expected to count."""

    __tablename__ = "competency_plan_item"
    __table_args__ = (
        CheckConstraint("quarter BETWEEN 1 AND 4", name="quarter"),
        CheckConstraint("to_level BETWEEN 1 AND 5", name="to_level"),
        CheckConstraint("jp > 0", name="jp"),
        CheckConstraint("cost >= 0", name="cost"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("competency_plan.id", ondelete="CASCADE"), index=True)
    competency: Mapped[Name]
    to_level: Mapped[int]
    form: Mapped[Code]
    title: Mapped[Name]
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("core_programme.id", ondelete="SET NULL"), index=True)
    jp: Mapped[Hours]
    quarter: Mapped[int]
    organiser: Mapped[Name]
    cost: Mapped[Money | None]
    """In rupiah; nothing where it costs nothing or is not known."""


class StepKind(Enum):
    """What was done with a plan."""

    SENT = "sent"
    TAKEN_BACK = "taken_back"
    RETURNED = "returned"
    APPROVED = "approved"
    CHECKED = "checked"
    REOPENED = "reopened"


class PlanStep(AgencyOwned, Base):
    """One step in the history of a plan. Never changed."""

    __tablename__ = "competency_plan_step"
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("competency_plan.id", ondelete="CASCADE"), index=True)
    kind: Mapped[StepKind]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"), index=True)
    at: Mapped[dt.datetime]
    note: Mapped[str]
