"""The closure table of the unit tree: who lay below whom, and when. Derived from units and their history alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    CTE,
    Date,
    Select,
    Subquery,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.exc import IntegrityError

from lms_bridge.db import current_agency, db
from lms_bridge.errors import Conflict
from lms_bridge.models import Agency, Unit, UnitClosure, UnitHistory
from lms_bridge.services.indicators import mark_changed

FOREVER = dt.date(9999, 12, 31)
MAX_DEPTH = 64
_U, _H, _C = Unit.__table__, UnitHistory.__table__, UnitClosure.__table__


class UnitCircle(Conflict):
    """A unit would come to lie below itself, or more than 64 units deep.

    What helps: Choose another unit above.
    """

    code = "unit-circle"
    title = _l("A unit cannot lie below itself")

    def __init__(self, reason: str) -> None:
        super().__init__(
            _("The unit above must not be one of the units below. Choose another unit above."), reason=reason
        )


def lock_tree() -> None:
    """Let one change of the agency's tree happen at a time: two moves at once could make a circle of two good trees."""
    # A lock that lets others go on writing rows of the agency, such as launches.
    db.session.execute(select(Agency.id).where(Agency.id == current_agency()).with_for_update(key_share=True))


def derive_closure(*, below: Collection[int] | None = None) -> None:
    """Derive the closure rows of units and everything below them anew; of all the agency's units by default.

    Call it once after writing units in bulk. Worked example: unit Y lay below X until it moved below Z on 1 July 2025.
    Its rows then say (X, Y, 1 January 2024 to 1 July 2025) and (Z, Y, from 1 July 2025), each also for whatever lies
    above X and Z in that time.

    :param below: ids of the units that were changed; a few, for each is a parameter of the statement.
    :raises UnitCircle: the units written do not form a tree. Nothing is changed then.
    """
    wanted = select(_U.c.id).where(_U.c.agency_id == current_agency())
    if below is not None:
        wanted = select(_subtree(below).c.id)
    try:
        with db.session.begin_nested():
            db.session.flush()
            # What lay above the units loses their numbers, and what lies above them now gains them.
            mark_changed(below)
            db.session.execute(delete(_C).where(_C.c.descendant_id.in_(wanted)))
            db.session.execute(_derivation(wanted))
            if below is not None:
                mark_changed(below)
    except IntegrityError as error:
        raise UnitCircle("the units do not form a tree") from error


def _subtree(roots: Collection[int]) -> CTE:
    """Ids of the units and of whatever ever lay below them."""
    child, was_child, past = _U.alias("child"), _H.alias("was_child"), _present_and_past()
    start = select(_U.c.id).where(_U.c.id.in_(roots), _U.c.agency_id == current_agency()).cte("subtree", recursive=True)
    found = func.coalesce(child.c.id, was_child.c.unit_id)
    return start.union(
        select(found)
        .select_from(start.join(past, true()))
        .outerjoin(child, and_(past.c.past == 0, child.c.parent_id == start.c.id))
        .outerjoin(was_child, and_(past.c.past == 1, was_child.c.parent_id == start.c.id))
        .where(found.is_not(None))
    )


def _derivation(wanted: Any) -> Any:
    """Climb from each unit, keeping the time that is common to all steps, to whatever lay above it."""
    start = select(
        _U.c.id.label("ancestor_id"),
        _U.c.id.label("descendant_id"),
        literal(0).label("depth"),
        _U.c.valid_from,
        _end(_U.c.valid_to).label("valid_to"),
    )
    path = start.where(_U.c.id.in_(wanted)).cte("path", recursive=True)
    path = path.union_all(_climb(path))
    until = case((path.c.valid_to == literal(FOREVER, Date), null()), else_=path.c.valid_to)
    rows = select(
        path.c.ancestor_id, path.c.descendant_id, path.c.depth, path.c.valid_from, until, literal(current_agency())
    )
    return insert(_C).from_select(
        ["ancestor_id", "descendant_id", "depth", "valid_from", "valid_to", "agency_id"], rows
    )


def _climb(path: CTE) -> Select[Any]:
    """One step up from each path: by the unit's present place, and by each of its past ones; joined by indexes."""
    unit, up, past = _U.alias("unit"), _U.alias("up"), _present_and_past()
    changed = select(func.max(_H.c.valid_to)).where(_H.c.unit_id == unit.c.id).correlate(unit).scalar_subquery()
    was = past.c.past == 1
    since = case((was, _H.c.valid_from), else_=func.coalesce(changed, unit.c.valid_from))
    start = _later(path.c.valid_from, _later(since, up.c.valid_from))
    end = _earlier(path.c.valid_to, _earlier(_end(_H.c.valid_to), _end(up.c.valid_to)))
    return (
        select(up.c.id, path.c.descendant_id, path.c.depth + 1, start, end)
        .select_from(path.join(unit, unit.c.id == path.c.ancestor_id).join(past, true()))
        .outerjoin(_H, and_(was, _H.c.unit_id == unit.c.id))
        .join(up, up.c.id == case((was, _H.c.parent_id), else_=unit.c.parent_id))
        # One step past the limit, so that a circle breaks the constraint instead of going on for ever.
        .where(start < end, path.c.depth <= MAX_DEPTH)
        .where(or_(path.c.depth == 0, path.c.ancestor_id != path.c.descendant_id))
    )


def _present_and_past() -> Subquery:
    return union_all(select(literal(0).label("past")), select(literal(1))).subquery()


def lies_below(unit_id: int, ancestor_id: int, *, since: dt.date) -> bool:
    """Say whether a unit is or will be the other, or below it, on that day or later."""
    found = select(UnitClosure.id).where(
        UnitClosure.ancestor_id == ancestor_id,
        UnitClosure.descendant_id == unit_id,
        or_(UnitClosure.valid_to.is_(None), UnitClosure.valid_to > since),
    )
    return db.session.scalar(found.limit(1)) is not None


def valid(start: Any, end: Any, on: dt.date) -> Any:
    """Return the condition that a period, from its first day until before its end, holds a day."""
    return and_(start <= on, or_(end.is_(None), end > on))


def _end(day: Any) -> Any:
    return func.coalesce(day, literal(FOREVER, Date))


def _later(one: Any, other: Any) -> Any:
    return case((one > other, one), else_=other)


def _earlier(one: Any, other: Any) -> Any:
    return case((one < other, one), else_=other)
