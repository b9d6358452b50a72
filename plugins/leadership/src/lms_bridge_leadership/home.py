"""What the plugin says on the home page of a head of unit: gaps that nobody does anything about."""

from __future__ import annotations

from decimal import Decimal

from lms_bridge.api import (
    BridgeContext,
    Metric,
    MetricUnit,
    ProgrammeStatus,
    Task,
    _,
    declared_metrics,
    indicators,
    ngettext,
    now,
    programmes,
    units_headed,
    url_for,
)
from lms_bridge_leadership.reading import competency_names, period_of

GOING = (ProgrammeStatus.PLANNED, ProgrammeStatus.OPEN, ProgrammeStatus.RUNNING)


def tasks(context: BridgeContext) -> list[Task]:
    """Return one task for each unit that the person heads, where too many are below the standard in a competency for
    which there is no programme."""
    today = now().date()
    headed = units_headed(context.person, on=today)
    metric = _share_metric(context) if headed else None
    if metric is None:
        return []
    limit = metric.target if metric.target is not None else Decimal(0)
    values = indicators(headed, [metric], until=period_of(today), by_competency=True)
    wide = [one for one in values if one.value is not None and one.value > limit]
    if not wide:
        return []
    served = {aim.competency for one in programmes(statuses=GOING) for aim in one.aims}
    names = competency_names()
    found = []
    for unit_id in headed:
        mine = [one for one in wide if one.unit_id == unit_id and one.competency in set(names) - served]
        mine.sort(key=lambda one: (-(one.value or 0), one.competency))
        if mine:
            link = url_for("leadership.sponsoring", unit_id=unit_id, competency=mine[0].competency)
            found.append(_task([names[one.competency] for one in mine], link))
    return found


def _task(names: list[str], link: str) -> Task:
    title = ngettext("A gap without a programme", "%(num)s gaps without a programme", len(names))
    detail = _("Widest: %(names)s", names=", ".join(names[:3]))
    return Task(title=title, detail=detail, link=link, count=len(names), icon="chart")


def _share_metric(context: BridgeContext) -> Metric | None:
    return next((one for one in declared_metrics(context) if one.by_competency and one.unit is MetricUnit.SHARE), None)
