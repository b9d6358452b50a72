"""Numbers in words: what stands out in a unit, by fixed rules that a reader can follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import format_decimal

from lms_bridge.api import Metric, MetricDirection, MetricUnit, _
from lms_bridge_leadership.figures import Figure, Standing
from lms_bridge_leadership.reading import Matrix

MOST = 4


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence about a unit, and the number or the competency that it is about."""

    sentence: str
    metric: str
    competency: str = ""


def written(metric: Metric, value: Decimal | None) -> str:
    """Write a number as its metric counts: 46 %, 78.4 or 3,994."""
    if value is None:
        return "–"
    if metric.unit is MetricUnit.SHARE:
        return f"{format_decimal(round(100 * value), '#,##0')} %"
    return format_decimal(value, "#,##0" if metric.unit is MetricUnit.COUNT else "#,##0.##")


def difference(metric: Metric, value: Decimal) -> str:
    """Write by how much a number differs, in points for a share."""
    if metric.unit is MetricUnit.SHARE:
        return _("%(num)s points", num=format_decimal(abs(round(100 * value)), "#,##0"))
    return format_decimal(abs(value), "#,##0" if metric.unit is MetricUnit.COUNT else "#,##0.##")


def remarks(figures: Sequence[Figure], matrix: Matrix | None) -> list[Remark]:
    """Return what stands out: the widest gap and where, targets missed, what changed most, where others do better."""
    found = [*_widest_gap(matrix), *_missed(figures), *_changed(figures), *_behind(figures)]
    return found[:MOST]


def _widest_gap(matrix: Matrix | None) -> list[Remark]:
    """Name the competency in which the units are furthest below the standard, and the two that are furthest."""
    if matrix is None:
        return []
    gaps = {
        key: [(row.cells[key][0], row.unit.name) for row in matrix.rows if key in row.cells] for key in matrix.names
    }
    means = {key: sum(gap for gap, _name in rows) / len(rows) for key, rows in gaps.items() if rows}
    worst = max(means, key=lambda key: means[key], default=None)
    if worst is None or means[worst] <= 0:
        return []
    places = sorted(gaps[worst], reverse=True)[:2]
    where = _(" and ").join(f"{name} ({_signed(gap)})" for gap, name in places if gap > 0)
    sentence = _(
        "The widest gap is in %(competency)s, most of all in %(units)s.", competency=matrix.names[worst], units=where
    )
    return [Remark(sentence, matrix.share.code, worst)]


def _missed(figures: Sequence[Figure]) -> list[Remark]:
    return [
        Remark(
            _(
                "%(name)s: %(value)s, the target is %(target)s.",
                name=one.metric.name,
                value=written(one.metric, one.value),
                target=written(one.metric, one.target),
            ),
            one.metric.code,
        )
        for one in figures
        if one.standing is Standing.MISSED
    ]


def _changed(figures: Sequence[Figure]) -> list[Remark]:
    """Name the number that changed most within a year, by more than a tenth of what it was."""
    moved = []
    for one in figures:
        if one.change is None or one.value is None:
            continue
        before = one.value - one.change
        if before and abs(one.change / before) > Decimal("0.1"):
            moved.append((abs(one.change / before), one))
    if not moved:
        return []
    one = max(moved, key=lambda pair: pair[0])[1]
    amount = difference(one.metric, one.change or Decimal(0))
    words = (
        _("%(name)s rose by %(amount)s within a year.", name=one.metric.name, amount=amount)
        if (one.change or 0) > 0
        else _("%(name)s fell by %(amount)s within a year.", name=one.metric.name, amount=amount)
    )
    return [Remark(words, one.metric.code)]


def _behind(figures: Sequence[Figure]) -> list[Remark]:
    """Name where the unit is worse than the agency by more than a tenth."""
    found = []
    for one in figures:
        if one.metric.unit is MetricUnit.COUNT or one.value is None or not one.agency:
            continue
        worse = one.agency - one.value if one.metric.direction is MetricDirection.UP else one.value - one.agency
        if one.metric.direction is not MetricDirection.NEUTRAL and worse / abs(one.agency) > Decimal("0.1"):
            sentence = _(
                "%(name)s: %(value)s here, %(agency)s in the whole agency.",
                name=one.metric.name,
                value=written(one.metric, one.value),
                agency=written(one.metric, one.agency),
            )
            found.append(Remark(sentence, one.metric.code))
    return found


def _signed(gap: Decimal) -> str:
    return f"+{format_decimal(gap, '#,##0.0')}"
