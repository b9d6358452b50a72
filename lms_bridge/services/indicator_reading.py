"""Reading indicators: any unit, however large, by the rows that are shown, and nothing of groups that are too small."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, or_, select

from lms_bridge.contributions import Metric, MetricUnit
from lms_bridge.db import current_agency, db
from lms_bridge.domain.quarters import last_quarters
from lms_bridge.domain.suppression import MINIMUM
from lms_bridge.models import IndicatorCell

_C = IndicatorCell.__table__
Key = tuple[str, int, str, str]


@dataclass(frozen=True, slots=True)
class IndicatorValue:
    """One number. ``value`` is nothing where nobody is behind it, or where too few are: then it is ``held_back``.

    ``n`` is how many people are behind it: of all competencies together, the most that any of them has.
    """

    metric: str
    unit_id: int
    period: str
    post_group: str
    competency: str
    numerator: Decimal | None
    denominator: Decimal | None
    n: int | None
    value: Decimal | None
    held_back: bool


@dataclass(frozen=True, slots=True)
class IndicatorSum:
    """What is behind a number before it is known whether it may be shown; core's own."""

    numerator: Decimal = Decimal(0)
    denominator: Decimal = Decimal(0)
    n: int = 0

    def __add__(self, other: Any) -> IndicatorSum:
        return IndicatorSum(
            self.numerator + other.numerator, self.denominator + other.denominator, self.n + int(other.n)
        )


def indicators(
    unit_ids: Collection[int],
    metrics: Sequence[Metric],
    *,
    until: str,
    quarters: int = 1,
    by_post_group: bool = False,
    by_competency: bool = False,
) -> list[IndicatorValue]:
    """Return numbers of units, each with everything below it, by one statement; what has none is left out.

    Worked example: ``indicators([7], [mean_jpm], until="2026-Q4", quarters=8)`` is the trend of unit 7 over two years.

    :param metrics: as they were declared. A standing one counts at the end of each quarter all that happened until
        then; the others what happened in it.
    :param until: the last quarter, such as ``2026-Q4``.
    :param quarters: how many quarters, that one included.
    :param by_post_group: each post group for itself instead of all together; likewise ``by_competency``.
    """
    periods = last_quarters(until, quarters)
    declared = {metric.code: metric for metric in metrics}
    cells = _cells(unit_ids, declared, since=periods[0], until=until, by_post_group=by_post_group)
    found = []
    for key, sums in _merged(cells, by_competency=by_competency).items():
        metric = declared[key[0]]
        for period, total in _by_period(sums, periods, metric.standing):
            found.append(value_of(metric, key, period, total))
    return found


def indicator_sums(
    unit_ids: Collection[int],
    metrics: Sequence[Metric],
    *,
    until: str,
    by_post_group: bool = False,
    by_competency: bool = False,
) -> dict[Key, IndicatorSum]:
    """Return what is behind the numbers of one quarter, by metric, unit, post group and competency; not to be shown."""
    declared = {metric.code: metric for metric in metrics}
    cells = _cells(unit_ids, declared, since=until, until=until, by_post_group=by_post_group)
    return {
        key: total
        for key, sums in _merged(cells, by_competency=by_competency).items()
        for _period, total in _by_period(sums, [until], declared[key[0]].standing)
    }


def _cells(
    unit_ids: Collection[int], declared: dict[str, Metric], *, since: str, until: str, by_post_group: bool
) -> Iterable[Any]:
    group: list[Any] = [_C.c.metric, _C.c.unit_id, _C.c.period, _C.c.competency]
    if by_post_group:
        group.append(_C.c.post_group)
    sums = [func.sum(_C.c[name]).label(name) for name in ("numerator", "denominator", "n")]
    standing = [metric.code for metric in declared.values() if metric.standing]
    rows = select(*group, *sums).where(
        _C.c.agency_id == current_agency(),
        _C.c.unit_id.in_(unit_ids),
        _C.c.metric.in_(declared),
        _C.c.period <= until,
        or_(_C.c.period >= since, _C.c.metric.in_(standing)),
    )
    return db.session.execute(rows.group_by(*group).order_by(*group))


def _merged(cells: Iterable[Any], *, by_competency: bool) -> dict[Key, dict[str, IndicatorSum]]:
    """Return the sums of each key by period, over all competencies unless each is wanted for itself."""
    found: defaultdict[Key, dict[str, IndicatorSum]] = defaultdict(dict)
    for cell in cells:
        key = (cell.metric, cell.unit_id, getattr(cell, "post_group", ""), cell.competency if by_competency else "")
        known = found[key].get(cell.period, IndicatorSum())
        # The same people are behind several competencies: adding them up would hide how few they are.
        people = max(known.n, int(cell.n))
        found[key][cell.period] = IndicatorSum(
            known.numerator + cell.numerator, known.denominator + cell.denominator, people
        )
    return dict(found)


def _by_period(sums: dict[str, IndicatorSum], periods: list[str], standing: bool) -> Iterator[tuple[str, IndicatorSum]]:
    if not standing:
        yield from ((period, sums[period]) for period in periods if period in sums)
        return
    running, begun = IndicatorSum(), False
    for period in sorted({*sums, *periods}):
        if period in sums:
            begun = True
            one = sums[period]
            running = IndicatorSum(
                running.numerator + one.numerator, running.denominator + one.denominator, running.n + one.n
            )
        if begun and period in periods:
            yield period, running


def value_of(metric: Metric, key: Key, period: str, total: IndicatorSum) -> IndicatorValue:
    """Return a number as it may be shown where it stands alone."""
    held_back = 0 < total.n < MINIMUM
    shown = None if held_back else total
    value = None
    if shown is not None and shown.n > 0:
        if metric.unit is MetricUnit.COUNT:
            value = shown.numerator
        elif shown.denominator:
            value = shown.numerator / shown.denominator
    return IndicatorValue(
        metric=metric.code,
        unit_id=key[1],
        period=period,
        post_group=key[2],
        competency=key[3],
        numerator=shown.numerator if shown else None,
        denominator=shown.denominator if shown else None,
        n=shown.n if shown else None,
        value=value,
        held_back=held_back,
    )
