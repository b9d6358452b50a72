"""Who may open the map of a unit, and whose names stand in it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select

from lms_bridge.api import (
    Refused,
    UnitView,
    _,
    current,
    may,
    may_for_others,
    top_units,
    unit_path,
    units_headed,
    visible_people,
)
from lms_bridge_competency.unit_map.figures import UnitFigures, protected
from lms_bridge_competency.unit_map.reading import count_unit

VIEW_UNIT, VIEW_EVERY_UNIT = "competency.view-unit", "competency.view-every-unit"
VIEW_RESULT = "competency.view-result"


@dataclass(frozen=True, slots=True)
class OpenUnit:
    """A unit that the reader may open: what they may see of it, and the units above that they may open too.

    ``visible`` is the query for the people whose names they may see; nothing where they may see everybody's.
    """

    figures: UnitFigures
    above: tuple[UnitView, ...]
    visible: Select[int] | None


def open_unit(unit_id: int, *, on: dt.date) -> OpenUnit:
    """Count a unit for the person of the session.

    Analysts see everything. A head sees what lies below the units that they head, without groups so small that figures
    would tell about single people, and of their people only the names that they may see anyway.

    :raises Refused: they neither head the unit nor one above it, or it is hidden among its neighbours.
    :raises NotFound: the agency has no such unit.
    """
    path = unit_path(unit_id, on=on)
    if may(current, VIEW_EVERY_UNIT):
        return OpenUnit(count_unit(path[0], on=on), tuple(path[:0:-1]), None)
    headed = set(units_headed(current.person, on=on)) if may_for_others(current, VIEW_UNIT) else set()
    own = [place for place, unit in enumerate(path) if unit.id in headed]
    if not own:
        raise Refused(_("Your role does not include this unit."), reason=VIEW_UNIT)
    path = path[max(own) :: -1]
    return OpenUnit(_walk_down(path, on=on), tuple(path[:-1]), visible_people(current, VIEW_RESULT, on=on))


def _walk_down(path: list[UnitView], *, on: dt.date) -> UnitFigures:
    """Return the figures of the last unit of a path, unless one on it is hidden among its neighbours.

    A unit that its parent's page hides, to protect another one, must not be readable on its own page.
    """
    figures = protected(count_unit(path[0], on=on))
    for unit in path[1:]:
        if any(group.hidden for group in figures.groups if group.unit_id == unit.id) or figures.whole.hidden:
            raise Refused(
                _("Too few people were rated there, or in a unit beside it: figures would tell about single people."),
                reason="small group",
            )
        figures = protected(count_unit(unit, on=on))
    return figures


def first_units(*, on: dt.date) -> list[UnitView]:
    """Return the units with which the person of the session begins: the top for analysts, those that they head."""
    if may(current, VIEW_EVERY_UNIT):
        return top_units(on=on)
    headed = units_headed(current.person, on=on) if may_for_others(current, VIEW_UNIT) else []
    return [unit_path(unit_id, on=on)[0] for unit_id in headed]


def facts_of(unit_id: int, opened: OpenUnit) -> dict[str, Any]:
    """Return what the audit log keeps of an export."""
    return {"unit": unit_id, "names": "all" if opened.visible is None else "own"}
