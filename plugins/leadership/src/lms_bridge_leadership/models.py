"""What the plugin keeps: targets that leaders set, and what they did about a number."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.api import AgencyOwned, Code, Name, plugin_base

Base = plugin_base("leadership")
NUMBER = Numeric(18, 4)


class Target(AgencyOwned, Base):
    """What a leader wants a number of their unit to be, in place of the metric's own target. The last one counts."""

    __tablename__ = "leadership_target"
    __table_args__ = (UniqueConstraint("unit_id", "metric"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("core_unit.id", ondelete="CASCADE"))
    metric: Mapped[Code]
    value: Mapped[Decimal] = mapped_column(NUMBER)
    set_at: Mapped[dt.datetime]


class ActionKind(Enum):
    """What a leader did."""

    SPONSOR = "sponsor"
    TARGET = "target"


class Action(AgencyOwned, Base):
    """One deed of a leader about a number, with what the number was then: so it can be asked which deeds changed it.

    Kept for good; who did it is forgotten when the person is erased.
    """

    __tablename__ = "leadership_action"
    __table_args__ = (
        Index("ix_leadership_action_unit_id_acted_at", "unit_id", "acted_at"),
        CheckConstraint("people >= 0", name="people"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("core_unit.id", ondelete="CASCADE"))
    kind: Mapped[ActionKind]
    metric: Mapped[Code]
    competency: Mapped[Name]
    """Empty where it is about the number as a whole."""
    period: Mapped[Code]
    value_then: Mapped[Decimal | None] = mapped_column(NUMBER)
    """The number when it was done; nothing where too few people were behind it."""
    target: Mapped[Decimal | None] = mapped_column(NUMBER)
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("core_programme.id", ondelete="SET NULL"), index=True)
    people: Mapped[int] = mapped_column(default=0)
    """How many were given a seat."""
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"), index=True)
    acted_at: Mapped[dt.datetime]
