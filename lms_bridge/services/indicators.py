"""Indicators: what a fact adds to the numbers of its unit is written with the fact, and summed up by the worker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import exists, insert, literal, select

from lms_bridge.db import current_agency, db, now
from lms_bridge.models import IndicatorDelta, IndicatorStale, IndicatorState, UnitClosure

_D, _S, _C = IndicatorDelta.__table__, IndicatorStale.__table__, UnitClosure.__table__
_ADD = insert(_D)


@dataclass(frozen=True, slots=True)
class IndicatorFact:
    """What one fact adds to a number of a unit; a fact that no longer holds is taken back by the same with minus.

    Worked example: Wati (JF_KEAHLIAN) in unit 7 has JPM 80.50 since 25 November 2026: metric ``competency.jpm``,
    unit 7, period ``2026-Q4``, numerator 80.50, denominator 1, n 1. The mean of a unit is the sum of the numerators
    through that of the denominators, over itself and everything below it.

    :param unit_id: where the person was placed when it happened.
    :param n: how many people it is about, so that small groups are held back.
    :param post_group: type of their post.
    """

    metric: str
    unit_id: int
    period: str
    numerator: Decimal
    denominator: Decimal
    n: int
    post_group: str = ""
    competency: str = ""


@dataclass(frozen=True, slots=True)
class IndicatorSource:
    """All facts of some metrics, so that the cells can be checked: ``read()`` yields them, summed up or one by one."""

    metrics: tuple[str, ...]
    read: Callable[[], Iterable[IndicatorFact]]


def publish_indicators(facts: Sequence[IndicatorFact]) -> None:
    """Add to the numbers of units, in the transaction of the fact; pages show it once the worker has folded it in.

    It costs one insert, whatever the size of the agency: units above are the worker's matter.
    """
    if facts:
        db.session.execute(_ADD, [fact_row(fact) for fact in facts])


def fact_row(fact: IndicatorFact) -> dict[str, Any]:
    """Return the row of a fact of the chosen agency."""
    return {**asdict(fact), "agency_id": current_agency()}


def mark_changed(unit_ids: Collection[int] | None) -> None:
    """Have the sums of units, and of those that are or were above them, taken anew; of all units without ids."""
    agency = current_agency()
    if unit_ids is None:
        db.session.execute(insert(_S).values(agency_id=agency))
        return
    above = select(_C.c.ancestor_id, literal(agency)).where(_C.c.descendant_id.in_(unit_ids)).distinct()
    db.session.execute(insert(_S).from_select(["unit_id", "agency_id"], above))


def indicators_as_of() -> dt.datetime | None:
    """Return the data date of the agency's indicators: now, or the last fold while facts wait; nothing before it."""
    waiting = exists().where(_D.c.agency_id == current_agency())
    row = db.session.execute(select(IndicatorState.folded_at, waiting)).first()
    if row is None or row[0] is None:
        return None
    folded_at: dt.datetime = row[0]
    return folded_at if row[1] else now()
