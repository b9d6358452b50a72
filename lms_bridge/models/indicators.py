"""Indicators: numbers of units, never of people, that are kept so that a page of any size reads only what it shows."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, types
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.db import AgencyOwned, Code, Model, Name

_PLACES = 4


class ExactSum(types.TypeDecorator[Decimal]):
    """A decimal of four places, stored as a whole number: sums stay exact on SQLite, which has no decimals."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, dialect: Any) -> int | None:
        if value is None:
            return None
        return int(Decimal(value).scaleb(_PLACES).to_integral_value(rounding=ROUND_HALF_UP))

    def process_result_value(self, value: Any, dialect: Any) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-_PLACES)


class IndicatorDelta(Model, AgencyOwned):
    """What one fact adds to its cell. Written with the fact, and gone as soon as the worker has folded it in."""

    __tablename__ = "core_indicator_delta"
    __table_args__ = (Index("ix_core_indicator_delta_batch", "batch"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    metric: Mapped[Code]
    unit_id: Mapped[int] = mapped_column(ForeignKey("core_unit.id", ondelete="CASCADE"), index=True)
    post_group: Mapped[Code]
    competency: Mapped[Name]
    period: Mapped[Code]
    numerator: Mapped[Decimal] = mapped_column(ExactSum())
    denominator: Mapped[Decimal] = mapped_column(ExactSum())
    n: Mapped[int]
    batch: Mapped[Code | None]
    """Which fold takes it; seen by nobody else, for the fold ends in the same transaction."""


class IndicatorCell(Model, AgencyOwned):
    """One number of one unit: its own sums, and those of the unit with everything below it. Kept for good: it holds
    nobody's name, and what is shown of it is held back where fewer than five people are behind it."""

    __tablename__ = "core_indicator_cell"
    __table_args__ = (
        UniqueConstraint("unit_id", "metric", "period", "competency", "post_group", name="uq_core_indicator_cell_key"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    metric: Mapped[Code]
    """``<plugin>.<code>``, as the plugin declares it by the hook ``metrics``."""
    unit_id: Mapped[int] = mapped_column(ForeignKey("core_unit.id", ondelete="CASCADE"))
    post_group: Mapped[Code]
    """Type of the post, such as JF_KEAHLIAN; empty where the fact knows none."""
    competency: Mapped[Name]
    period: Mapped[Code]
    """A quarter, such as 2026-Q4."""
    own_numerator: Mapped[Decimal] = mapped_column(ExactSum())
    own_denominator: Mapped[Decimal] = mapped_column(ExactSum())
    own_n: Mapped[int]
    numerator: Mapped[Decimal] = mapped_column(ExactSum())
    denominator: Mapped[Decimal] = mapped_column(ExactSum())
    n: Mapped[int]


class IndicatorStale(Model, AgencyOwned):
    """That what a unit is made of has changed, so that its sums must be taken anew; without a unit, of all units."""

    __tablename__ = "core_indicator_stale"
    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("core_unit.id", ondelete="CASCADE"), index=True)


class IndicatorState(Model, AgencyOwned):
    """How far an agency's indicators are: one row, which is also the lock that lets one worker at a time change
    them."""

    __tablename__ = "core_indicator_state"
    __table_args__ = (UniqueConstraint("agency_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    folded_at: Mapped[dt.datetime | None]
    """When facts were last folded in: the data date of every number."""
    checked_on: Mapped[dt.date | None]
    """The day on which the cells were last compared with the facts."""
    repaired: Mapped[int] = mapped_column(default=0)
    """How many cells had to be put right then."""
