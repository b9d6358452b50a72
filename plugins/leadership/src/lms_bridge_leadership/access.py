"""Which units the person of the session may open, and what must be held back of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lms_bridge.api import (
    Metric,
    Refused,
    UnitView,
    _,
    child_units,
    current,
    indicator_parts,
    may,
    may_for_others,
    top_units,
    unit_path,
    units_headed,
)

VIEW, VIEW_EVERY, ACT = "leadership.view", "leadership.view-every-unit", "leadership.act"


@dataclass(frozen=True, slots=True)
class OpenUnit:
    """A unit that the reader may open, with those above that they may open too, the highest first.

    ``acts`` says whether they head it or a unit above; analysts look only.
    """

    unit: UnitView
    above: tuple[UnitView, ...]
    acts: bool
    everything: bool


def first_units(*, on: dt.date) -> list[UnitView]:
    """Return the units with which the person of the session begins: those that they head, the top for analysts."""
    headed = units_headed(current.person, on=on) if may_for_others(current, VIEW) else []
    found = [unit_path(unit_id, on=on)[0] for unit_id in headed]
    if not found and may(current, VIEW_EVERY):
        return top_units(on=on)
    return found


def open_unit(unit_id: int, *, on: dt.date) -> OpenUnit:
    """Return a unit for its head, whoever heads a unit above, and analysts.

    :raises Refused: they are none of these.
    :raises NotFound: the agency has no such unit.
    """
    path = unit_path(unit_id, on=on)
    headed = set(units_headed(current.person, on=on)) if may_for_others(current, VIEW) else set()
    own = [place for place, unit in enumerate(path) if unit.id in headed]
    if may(current, VIEW_EVERY):
        return OpenUnit(path[0], tuple(path[:0:-1]), acts=bool(own), everything=True)
    if not own:
        raise Refused(_("Your role does not include this unit."), reason=VIEW)
    return OpenUnit(path[0], tuple(path[max(own) : 0 : -1]), acts=True, everything=False)


def held_back(opened: OpenUnit, metrics: Sequence[Metric], *, until: str, on: dt.date) -> frozenset[str]:
    """Return the metrics that this unit must not show, because the page of a unit above holds them back.

    A unit that is hidden among its neighbours, to protect another one, must not be readable on its own page.
    """
    found: set[str] = set()
    for above, unit in pairwise([*opened.above, opened.unit]):
        children = [child.id for child in child_units(above.id, on=on)]
        parts = indicator_parts(above.id, children, metrics, until=until)
        found |= {value.metric for value in parts if value.unit_id == unit.id and value.held_back}
    return frozenset(found)
