"""A unit beside its parts, so that nothing about too few people can be told from what is shown of the others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from lms_bridge.contributions import Metric
from lms_bridge.domain.suppression import MINIMUM, hidden_groups
from lms_bridge.services.indicator_reading import IndicatorSum, IndicatorValue, indicator_sums, value_of


def indicator_parts(
    unit_id: int,
    part_ids: Collection[int],
    metrics: Sequence[Metric],
    *,
    until: str,
    by_competency: bool = False,
) -> list[IndicatorValue]:
    """Return numbers of a unit and of units below it in one quarter, by one statement.

    A part is held back for a metric where one of its figures is about fewer than five people; then more are, the
    smallest first, until a difference tells nothing either. What the unit has beside its parts counts as a part, shown
    or not. Worked example: of 20 people rated in a unit, parts with 3, 8 and 9: the first and the second are held back.
    """
    sums = indicator_sums([unit_id, *part_ids], metrics, until=until, by_competency=by_competency)
    whole = {key: one for key, one in sums.items() if key[1] == unit_id}
    hidden = {
        (metric.code, part_id)
        for metric in metrics
        for part_id in _hidden(metric.code, unit_id, list(part_ids), sums, [key[3] for key in whole])
    }
    declared = {metric.code: metric for metric in metrics}
    return [
        _held_back(value) if (key[0], key[1]) in hidden else value
        for key, one in sums.items()
        for value in [value_of(declared[key[0]], key, until, one)]
    ]


def indicator_groups(unit_id: int, metrics: Sequence[Metric], *, until: str) -> list[IndicatorValue]:
    """Return numbers of a unit for each post group in one quarter, held back as ``indicator_parts`` does."""
    sums = indicator_sums([unit_id], metrics, until=until, by_post_group=True)
    found = []
    for metric in metrics:
        mine = {key: one for key, one in sums.items() if key[0] == metric.code}
        hidden = hidden_groups([[one.n] for one in mine.values()])
        for number, (key, one) in enumerate(mine.items()):
            value = value_of(metric, key, until, one)
            found.append(_held_back(value) if number in hidden else value)
    return found


def _hidden(
    metric: str,
    unit_id: int,
    part_ids: list[int],
    sums: dict[tuple[str, int, str, str], IndicatorSum],
    competencies: Collection[str],
) -> list[int]:
    """Return the parts whose numbers of a metric must not be shown."""
    figures = sorted(set(competencies))

    def people(unit: int) -> list[int]:
        return [sums[key].n if (key := (metric, unit, "", one)) in sums else 0 for one in figures]

    whole, parts = people(unit_id), [people(part) for part in part_ids]
    beside = [max(0, all_of - sum(column)) for all_of, *column in zip(whole, *parts, strict=True)]
    if any(0 < count < MINIMUM for count in whole):
        return part_ids
    return [part_ids[number] for number in hidden_groups([*parts, beside]) if number < len(part_ids)]


def _held_back(value: IndicatorValue) -> IndicatorValue:
    if value.n == 0:
        return value
    return replace(value, numerator=None, denominator=None, n=None, value=None, held_back=True)
