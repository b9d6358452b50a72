"""Units of the organisation: making, renaming and moving them, and reading the tree of any day.

What was true before a change stays known: a change is dated, and every question takes a day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, case, func, or_, select

from lms_bridge.db import db
from lms_bridge.errors import Conflict, NotFound
from lms_bridge.models import Placement, Unit, UnitClosure, UnitHistory
from lms_bridge.services.unit_tree import UnitCircle, derive_closure, lies_below, lock_tree, valid


@dataclass(frozen=True, slots=True)
class UnitView:
    """A unit as it is on a day; ``depth`` counts from the unit that was asked about, or from the top."""

    id: int
    code: str
    name: str
    parent_id: int | None
    depth: int


class NotThen(Conflict):
    """A unit, or the unit above it, does not exist on the day or in the time that was given.

    What helps: Look at its first and last day.
    """

    code = "not-then"
    title = _l("This does not exist at that time")


class LaterChange(Conflict):
    """A unit was changed already on a later day than that of the change to be recorded.

    What helps: Record changes in order; give the day of the last one or a later day.
    """

    code = "later-change"
    title = _l("A later change is recorded already")

    def __init__(self, since: dt.date) -> None:
        super().__init__(
            _(
                "The unit is as it is since %(day)s. Give that day or a later one: changes are recorded in order.",
                day=since.strftime("%d-%m-%Y"),
            )
        )


class UnitInUse(Conflict):
    """A unit is to end while people or units are still in it.

    What helps: First move the people and units to where they are from the next day on.
    """

    code = "unit-in-use"
    title = _l("People or units are still in this unit")

    def __init__(self) -> None:
        super().__init__(_("First move the people and units that are in it after that day."))


def get_unit(unit_id: int) -> Unit:
    """Return a unit of the agency.

    :raises NotFound: there is none with this id.
    """
    unit = db.session.scalar(select(Unit).where(Unit.id == unit_id))
    if unit is None:
        raise NotFound(_("There is no such unit."))
    return unit


def create_unit(
    code: str, name: str, *, parent_id: int | None = None, valid_from: dt.date, valid_to: dt.date | None = None
) -> Unit:
    """Create a unit below another, or at the top.

    :raises NotThen: the unit above does not exist in all of that time.
    """
    lock_tree()
    if parent_id is not None:
        check_stands(get_unit(parent_id), valid_from, valid_to)
    unit = Unit(code=code, name=name, parent_id=parent_id, valid_from=valid_from, valid_to=valid_to)
    db.session.add(unit)
    db.session.flush()
    derive_closure(below=[unit.id])
    return unit


def rename_unit(unit_id: int, name: str, *, on: dt.date) -> None:
    """Give a unit another name from a day on. On the first day of its present state this corrects it.

    :raises NotThen: the unit does not exist on that day.
    :raises LaterChange: a later change is recorded.
    """
    lock_tree()
    unit = get_unit(unit_id)
    _remember(unit, on)
    unit.name = name
    derive_closure(below=[unit.id])


def move_unit(unit_id: int, parent_id: int | None, *, on: dt.date) -> None:
    """Put a unit, with everything below it, below another or at the top from a day on.

    Worked example: ``move_unit(y, z, on=date(2025, 7, 1))`` for a unit Y of X. ``subtree(x, on=date(2025, 6, 30))``
    still holds Y, ``subtree(z, on=date(2025, 7, 1))`` holds it too, and who heads X sees nobody of Y from 1 July on.

    :raises NotThen: the unit or the one above does not exist from then on.
    :raises LaterChange: a later change is recorded.
    :raises UnitCircle: the unit above lies below the unit.
    """
    lock_tree()
    unit = get_unit(unit_id)
    if parent_id is not None:
        check_stands(get_unit(parent_id), on, unit.valid_to)
        if lies_below(parent_id, unit_id, since=on):
            raise UnitCircle(f"unit {parent_id} lies below {unit_id}")
    _remember(unit, on)
    unit.parent_id = parent_id
    derive_closure(below=[unit.id])


def end_unit(unit_id: int, *, on: dt.date) -> None:
    """Close a unit: ``on`` is the first day on which it is no more.

    :raises NotThen: it does not exist on the day before.
    :raises UnitInUse: people or units are in it on that day or later.
    """
    lock_tree()
    unit = get_unit(unit_id)
    if unit.valid_from >= on or (unit.valid_to is not None and unit.valid_to < on):
        raise NotThen(_("The unit %(name)s does not exist then.", name=unit.name))
    if (since := present_since(unit)) >= on:
        raise LaterChange(since)
    within = select(Placement.id).where(
        Placement.unit_id == unit.id, or_(Placement.valid_to.is_(None), Placement.valid_to > on)
    )
    below = select(UnitClosure.id).where(
        UnitClosure.ancestor_id == unit.id,
        UnitClosure.depth > 0,
        or_(UnitClosure.valid_to.is_(None), UnitClosure.valid_to > on),
    )
    if any(db.session.scalar(rows.limit(1)) is not None for rows in (within, below)):
        raise UnitInUse
    unit.valid_to = on
    derive_closure(below=[unit.id])


def present_since(unit: Unit) -> dt.date:
    """Return the first day of a unit's present name and place."""
    changed = db.session.scalar(select(func.max(UnitHistory.valid_to)).where(UnitHistory.unit_id == unit.id))
    return changed or unit.valid_from


def _remember(unit: Unit, on: dt.date) -> None:
    """Keep the present state as history that ends on a day, unless it begins on that day."""
    since = present_since(unit)
    if on < unit.valid_from or (unit.valid_to is not None and on >= unit.valid_to):
        raise NotThen(_("The unit %(name)s does not exist then.", name=unit.name))
    if on < since:
        raise LaterChange(since)
    if on > since:
        db.session.add(
            UnitHistory(unit_id=unit.id, name=unit.name, parent_id=unit.parent_id, valid_from=since, valid_to=on)
        )


def check_stands(unit: Unit, start: dt.date, end: dt.date | None) -> None:
    """Refuse a time in which a unit does not exist; without end, it must have none.

    :raises NotThen: the unit begins later or ends earlier.
    """
    if unit.valid_from > start or (unit.valid_to is not None and (end is None or end > unit.valid_to)):
        raise NotThen(_("The unit %(name)s does not exist in all of that time.", name=unit.name))


def subtree(unit_id: int, *, on: dt.date) -> list[UnitView]:
    """Return a unit and everything below it as the tree was on a day, the nearest first."""
    return _related(UnitClosure.descendant_id, UnitClosure.ancestor_id == unit_id, on)


def child_units(unit_id: int, *, on: dt.date) -> list[UnitView]:
    """Return the units that lay directly below a unit on a day, by code."""
    return _related(UnitClosure.descendant_id, and_(UnitClosure.ancestor_id == unit_id, UnitClosure.depth == 1), on)


def unit_path(unit_id: int, *, on: dt.date) -> list[UnitView]:
    """Return a unit as it was on a day, and after it the units above, the nearest first.

    :raises NotFound: the agency had none with this id then.
    """
    found = _related(UnitClosure.ancestor_id, UnitClosure.descendant_id == unit_id, on)
    if not found:
        raise NotFound(_("There is no such unit."))
    return found


def units_above(unit_id: int, *, on: dt.date) -> list[UnitView]:
    """Return the units above a unit on a day, the nearest first; the last is the top."""
    return [unit for unit in _related(UnitClosure.ancestor_id, UnitClosure.descendant_id == unit_id, on) if unit.depth]


def top_units(*, on: dt.date) -> list[UnitView]:
    """Return the units that lay below no other on a day, by code."""
    above = select(UnitClosure.id).where(
        UnitClosure.descendant_id == Unit.id,
        UnitClosure.depth > 0,
        valid(UnitClosure.valid_from, UnitClosure.valid_to, on),
    )
    rows = db.session.execute(
        select(Unit.id, Unit.code, name_then().label("name"))
        .outerjoin(UnitHistory, then(on))
        .where(valid(Unit.valid_from, Unit.valid_to, on), ~above.exists())
        .order_by(Unit.code)
    )
    return [UnitView(row.id, row.code, row.name, None, 0) for row in rows]


def then(on: dt.date) -> Any:
    """Return the condition that joins to ``Unit`` its past state of a day; as outer join, for there may be none."""
    return and_(UnitHistory.unit_id == Unit.id, UnitHistory.valid_from <= on, UnitHistory.valid_to > on)


def name_then() -> Any:
    """Return the name of a unit in a query that joins its history by ``then``."""
    return func.coalesce(UnitHistory.name, Unit.name)


def _related(end: Any, condition: Any, on: dt.date) -> list[UnitView]:
    parent = case((UnitHistory.id.is_not(None), UnitHistory.parent_id), else_=Unit.parent_id)
    rows = db.session.execute(
        select(Unit.id, Unit.code, name_then().label("name"), parent.label("parent"), UnitClosure.depth)
        .join(UnitClosure, end == Unit.id)
        .outerjoin(UnitHistory, then(on))
        .where(condition, valid(UnitClosure.valid_from, UnitClosure.valid_to, on))
        .order_by(UnitClosure.depth, Unit.code)
    )
    return [UnitView(row.id, row.code, row.name, row.parent, row.depth) for row in rows]
