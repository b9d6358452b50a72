"""The tree along which indicators are summed up: the units of today, with what is no more in the unit it went on in.

A unit that was merged counts to the one in which it went on, in every quarter; one that was split, or ended without
successor, to whatever lay above it. So the sums of a unit are those of what it is made of today.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from sqlalchemy import CTE, Select, Subquery, case, func, select, union_all

from lms_bridge.db import current_agency, db
from lms_bridge.models import Unit, UnitClosure, UnitSuccession
from lms_bridge.services.unit_tree import valid

_U, _C, _S = Unit.__table__, UnitClosure.__table__, UnitSuccession.__table__


def parents(on: dt.date) -> Subquery:
    """Return each unit with the one to which its sums count, as ``unit_id`` and ``parent_id``."""
    agency = current_agency()
    standing = select(_C.c.descendant_id.label("unit_id"), _C.c.ancestor_id.label("parent_id")).where(
        _C.c.agency_id == agency, _C.c.depth == 1, valid(_C.c.valid_from, _C.c.valid_to, on)
    )
    only = select(case((func.count() == 1, func.min(_S.c.successor_id)))).where(_S.c.predecessor_id == _U.c.id)
    goes_to = func.coalesce(only.scalar_subquery(), _U.c.parent_id)
    ended = select(_U.c.id, goes_to).where(_U.c.agency_id == agency, _U.c.valid_to <= on, goes_to.is_not(None))
    return union_all(standing, ended).subquery("parents")


def paths(units: Select[int], *, on: dt.date) -> CTE:
    """Return units with each unit to which their sums count, themselves included: ``unit_id`` and ``ancestor_id``."""
    found = units.subquery()
    unit = next(iter(found.c))
    path = select(unit.label("unit_id"), unit.label("ancestor_id")).cte("path", recursive=True)
    up = parents(on)
    return path.union(select(path.c.unit_id, up.c.parent_id).join(up, up.c.unit_id == path.c.ancestor_id))


def levels(on: dt.date) -> list[list[int]]:
    """Return the ids of all units, the lowest first, so that what counts to a unit comes before it."""
    below: defaultdict[int, list[int]] = defaultdict(list)
    up = parents(on)
    has_parent = set()
    for unit_id, parent_id in db.session.execute(select(up.c.unit_id, up.c.parent_id)):
        below[parent_id].append(unit_id)
        has_parent.add(unit_id)
    level = [unit for unit in db.session.scalars(select(_U.c.id).where(_U.c.agency_id == current_agency()))]
    level = [unit for unit in level if unit not in has_parent]
    found = []
    while level:
        found.append(level)
        level = [child for unit in level for child in below[unit]]
    return found[::-1]
