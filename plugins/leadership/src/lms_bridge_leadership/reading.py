"""Reading the numbers of a unit: as many statements for a team as for the country."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from lms_bridge.api import (
    IndicatorValue,
    Metric,
    MetricUnit,
    UnitView,
    child_units,
    competencies,
    indicator_groups,
    indicator_parts,
    indicators,
    last_quarters,
    quarter_of,
    top_units,
)
from lms_bridge_leadership.access import OpenUnit, held_back
from lms_bridge_leadership.figures import QUARTERS, Figure, figures

FRAMEWORK = "asn-38-2017"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a unit with its number: a unit below, a post group or a competency."""

    key: str
    name: str
    value: IndicatorValue
    unit_id: int | None = None


@dataclass(frozen=True, slots=True)
class Matrix:
    """Units below a unit by competency: the mean gap in levels and the share below the standard."""

    gap: Metric
    share: Metric
    names: dict[str, str]
    rows: tuple[MatrixRow, ...]


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One unit: for each competency mean gap and share; ``people`` is nothing where it is held back."""

    unit: UnitView
    people: int | None
    hidden: bool
    cells: dict[str, tuple[Decimal, Decimal]]

    def step(self, competency: str) -> int:
        """Return the step of the scale, -2 to 3, on which a mean gap stands, rounded to one decimal."""
        gap = round(self.cells[competency][0], 1)
        limits = ((Decimal("1.5"), 3), (Decimal(1), 2), (Decimal("0.5"), 1))
        if gap <= Decimal("-0.5"):
            return -2 if gap <= Decimal("-1.5") else -1
        return next((step for limit, step in limits if gap >= limit), 0)


def read_figures(
    opened: OpenUnit, metrics: Sequence[Metric], *, until: str, on: dt.date, targets: dict[str, Decimal]
) -> list[Figure]:
    """Return metrics of a unit with the trend of eight quarters, beside the whole agency."""
    tops = [unit.id for unit in top_units(on=on)]
    values = indicators({opened.unit.id, *tops}, metrics, until=until, quarters=QUARTERS)
    return figures(
        metrics,
        values,
        unit_id=opened.unit.id,
        tops=tops,
        periods=last_quarters(until, QUARTERS),
        hidden=held_back(opened, metrics, until=until, on=on),
        targets=targets,
    )


def units_below(unit_id: int, metric: Metric, *, until: str, on: dt.date) -> list[Part]:
    """Return the units right below a unit with their numbers, worst first as the reader needs it: by name."""
    children = {child.id: child for child in child_units(unit_id, on=on)}
    found = {one.unit_id: one for one in indicator_parts(unit_id, list(children), [metric], until=until)}
    return [
        Part(str(child.id), child.name, found[child.id], child.id) for child in children.values() if child.id in found
    ]


def post_groups(unit_id: int, metric: Metric, names: dict[str, str], *, until: str) -> list[Part]:
    """Return the post groups of a unit with their numbers."""
    return [
        Part(one.post_group, names.get(one.post_group, one.post_group), one)
        for one in indicator_groups(unit_id, [metric], until=until)
    ]


def by_competency(unit_id: int, metric: Metric, *, until: str) -> list[Part]:
    """Return the competencies of a unit with their numbers, the highest first."""
    names = competency_names()
    found = indicators([unit_id], [metric], until=until, by_competency=True)
    parts = [Part(one.competency, names.get(one.competency, one.competency), one) for one in found]
    return sorted(parts, key=lambda part: (-(part.value.value or Decimal(-9)), part.name))


def read_matrix(unit_id: int, metrics: Sequence[Metric], *, until: str, on: dt.date) -> Matrix | None:
    """Return the gap matrix of the units right below a unit; nothing where no plugin keeps such numbers."""
    by = [metric for metric in metrics if metric.by_competency]
    gap = next((metric for metric in by if metric.unit is MetricUnit.MEAN), None)
    share = next((metric for metric in by if metric.unit is MetricUnit.SHARE), None)
    if gap is None or share is None:
        return None
    children = child_units(unit_id, on=on)
    parts = indicator_parts(unit_id, [child.id for child in children], [gap, share], until=until, by_competency=True)
    found = {(one.unit_id, one.metric, one.competency): one for one in parts}
    keys = {one.competency for one in parts}
    names = {key: name for key, name in competency_names().items() if key in keys}
    rows = []
    for child in children:
        mine = {key: (found.get((child.id, gap.code, key)), found.get((child.id, share.code, key))) for key in names}
        known = [one for pair in mine.values() for one in pair if one is not None]
        cells = {
            key: (one.value, other.value)
            for key, (one, other) in mine.items()
            if one and other and one.value is not None and other.value is not None
        }
        if known:
            people = max((one.n or 0 for one in known), default=0)
            hidden = any(one.held_back for one in known)
            rows.append(MatrixRow(child, None if hidden else people, hidden, {} if hidden else cells))
    return Matrix(gap, share, names, tuple(rows))


def competency_names() -> dict[str, str]:
    """Return the names of the official competencies by key, in their order."""
    return {one.key: one.name for one in competencies(FRAMEWORK)}


def period_of(day: dt.date, wanted: str = "") -> str:
    """Return the quarter that was asked for, or the present one."""
    return wanted or quarter_of(day)
