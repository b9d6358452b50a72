"""The numbers of a unit as pages show them: now, over two years, and beside the agency. No database in here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from lms_bridge.api import IndicatorValue, Metric, MetricDirection

QUARTERS = 8


class Standing(Enum):
    """Where a number is, seen from its target: the only thing that colour tells, and never colour alone."""

    REACHED = "ok"
    NEAR = "warn"
    MISSED = "bad"
    NONE = "info"


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric of a unit: the newest number, one for each quarter (nothing where there is none), and the agency's."""

    metric: Metric
    now: IndicatorValue | None
    trend: tuple[Decimal | None, ...]
    agency: Decimal | None
    target: Decimal | None

    @property
    def value(self) -> Decimal | None:
        """What is shown; nothing where nobody or too few people are behind it."""
        return self.now.value if self.now else None

    @property
    def held_back(self) -> bool:
        """Whether too few people are behind it."""
        return self.now is not None and self.now.held_back

    @property
    def change(self) -> Decimal | None:
        """Difference to four quarters before."""
        before = self.trend[-5] if len(self.trend) >= 5 else None
        return None if self.value is None or before is None else self.value - before

    @property
    def standing(self) -> Standing:
        """Where the number is, seen from its target."""
        return standing_of(self.value, self.target, self.metric.direction)


def standing_of(value: Decimal | None, target: Decimal | None, direction: MetricDirection) -> Standing:
    """Say where a number is: within a tenth of the target counts as near.

    Worked example: target 80, higher is better: 80 is reached, 72 is near, 71.99 is missed.
    """
    if value is None or target is None or direction is MetricDirection.NEUTRAL:
        return Standing.NONE
    short = target - value if direction is MetricDirection.UP else value - target
    if short <= 0:
        return Standing.REACHED
    return Standing.NEAR if short <= abs(target) / 10 else Standing.MISSED


def figures(
    metrics: Sequence[Metric],
    values: Iterable[IndicatorValue],
    *,
    unit_id: int,
    tops: Sequence[int],
    periods: Sequence[str],
    hidden: frozenset[str],
    targets: dict[str, Decimal],
) -> list[Figure]:
    """Put the numbers of a unit and of the agency's top units together; those that are hidden have no value."""
    found = {(one.metric, one.unit_id, one.period): one for one in values}
    made = []
    for metric in metrics:
        mine = [found.get((metric.code, unit_id, period)) for period in periods]
        if metric.code in hidden:
            mine = [_hide(one) for one in mine]
        made.append(
            Figure(
                metric,
                mine[-1],
                tuple(one.value if one else None for one in mine),
                _together([found.get((metric.code, top, periods[-1])) for top in tops]),
                targets.get(metric.code, metric.target),
            )
        )
    return made


def _hide(one: IndicatorValue | None) -> IndicatorValue | None:
    if one is None:
        return None
    return IndicatorValue(
        one.metric, one.unit_id, one.period, one.post_group, one.competency, None, None, None, None, held_back=True
    )


def _together(tops: Sequence[IndicatorValue | None]) -> Decimal | None:
    """Return the mean of the agency; nothing where one of its top units is held back."""
    shown = [one for one in tops if one is not None]
    if any(one.held_back for one in shown):
        return None
    below = sum((one.denominator or Decimal(0) for one in shown), Decimal(0))
    above = sum((one.numerator or Decimal(0) for one in shown), Decimal(0))
    return above / below if below else None


def spark(trend: Sequence[Decimal | None], target: Decimal | None) -> tuple[str, str, str] | None:
    """Return a small line of at least two numbers, in a box of 80 × 32: its points, the last one, the target's height.

    The scale runs from the lowest to the highest of all; gaps in the line are left out.
    """
    known = [(place, value) for place, value in enumerate(trend) if value is not None]
    if len(known) < 2:
        return None
    of_all = [value for _place, value in known] + ([target] if target is not None else [])
    low, high = min(of_all), max(of_all)
    span = (high - low) or Decimal(1)

    def height(value: Decimal) -> str:
        return f"{28 - 24 * (value - low) / span:.1f}"

    step = Decimal(72) / max(1, len(trend) - 1)
    points = [f"{4 + step * place:.1f},{height(value)}" for place, value in known]
    return " ".join(points), points[-1], height(target) if target is not None else ""
