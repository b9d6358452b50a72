"""What is taken away from the pages of a unit: its numbers, their parts, the gap matrix."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from lms_bridge.api import Column, ColumnKind, IndicatorValue, Metric, MetricUnit, Table, _
from lms_bridge_leadership.access import OpenUnit
from lms_bridge_leadership.figures import Figure
from lms_bridge_leadership.reading import Matrix, Part

_KINDS = {
    MetricUnit.COUNT: ColumnKind.WHOLE,
    MetricUnit.SHARE: ColumnKind.PERCENT,
    MetricUnit.MEAN: ColumnKind.DECIMAL,
}


def footnotes(metrics: Sequence[Metric]) -> list[str]:
    """Return the definition of each metric, as every report has it below its table."""
    notes = [f"{one.name}: {one.formula} {_('Source')}: {one.source}" for one in metrics]
    return [
        *notes,
        _("Numbers about fewer than 5 people are held back, and others where a difference would tell them."),
    ]


def numbers_table(opened: OpenUnit, figures: Sequence[Figure], periods: Sequence[str], *, on: dt.date) -> Table:
    """Return all numbers of a unit with target, agency and the quarters of two years."""
    return Table(
        name="leadership.numbers",
        title=_("Numbers of the unit"),
        columns=[
            Column(_("Number")),
            Column(_("Counted in")),
            Column(_("People"), ColumnKind.WHOLE),
            Column(_("Value"), ColumnKind.DECIMAL),
            Column(_("Target"), ColumnKind.DECIMAL),
            Column(_("Whole agency"), ColumnKind.DECIMAL),
            *(Column(period, ColumnKind.DECIMAL) for period in periods),
        ],
        rows=[_numbers_row(one) for one in figures],
        scope=opened.unit.name,
        facts={"unit": opened.unit.id},
        notes=footnotes([one.metric for one in figures]),
        data_date=on,
    )


def _numbers_row(one: Figure) -> list[Any]:
    counted = {MetricUnit.COUNT: _("people"), MetricUnit.SHARE: "%", MetricUnit.MEAN: _("mean")}[one.metric.unit]
    value = _("held back") if one.held_back else _scaled(one.metric, one.value)
    people = _("held back") if one.held_back else (one.now.n if one.now else None)
    others = [_scaled(one.metric, number) for number in (one.target, one.agency, *one.trend)]
    return [str(one.metric.name), counted, people, value, *others]


def parts_table(opened: OpenUnit, metric: Metric, parts: Sequence[Part], heading: str, *, on: dt.date) -> Table:
    """Return a number for each part of a unit."""
    return Table(
        name="leadership.parts",
        title=metric.name,
        columns=[Column(heading), Column(_("People"), ColumnKind.WHOLE), Column(metric.name, _KINDS[metric.unit])],
        rows=[[part.name, *_part_row(metric, part.value)] for part in parts],
        scope=opened.unit.name,
        facts={"unit": opened.unit.id, "metric": metric.code},
        notes=footnotes([metric]),
        data_date=on,
        numbered=True,
    )


def _part_row(metric: Metric, value: IndicatorValue) -> list[Any]:
    return [_("held back")] * 2 if value.held_back else [value.n, _scaled(metric, value.value)]


def matrix_table(opened: OpenUnit, matrix: Matrix, *, on: dt.date) -> Table:
    """Return the gap matrix of the units below a unit."""
    columns = [Column(_("Unit")), Column(_("People"), ColumnKind.WHOLE)]
    for name in matrix.names.values():
        columns.append(Column(_("%(competency)s: mean gap", competency=name), ColumnKind.DECIMAL))
        columns.append(Column(_("%(competency)s: below standard", competency=name), ColumnKind.PERCENT))
    rows: list[list[Any]] = []
    for row in matrix.rows:
        if row.hidden:
            rows.append([row.unit.name, *[_("held back")] * (1 + 2 * len(matrix.names))])
            continue
        cells: list[Any] = []
        for key in matrix.names:
            gap, share = row.cells.get(key, (None, None))
            cells += [gap, None if share is None else 100 * share]
        rows.append([row.unit.name, row.people, *cells])
    return Table(
        name="leadership.matrix",
        title=_("Gap by unit and competency"),
        columns=columns,
        rows=rows,
        scope=opened.unit.name,
        facts={"unit": opened.unit.id},
        notes=footnotes([matrix.gap, matrix.share]),
        data_date=on,
    )


def _scaled(metric: Metric, value: Any) -> Any:
    return 100 * value if value is not None and metric.unit is MetricUnit.SHARE else value
