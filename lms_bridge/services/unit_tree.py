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
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.exc import IntegrityError

from lms_bridge.db import current_agency, db
from lms_bridge.errors import Conflict
from lms_bridge.models import Agency, Unit, UnitClosure, UnitHistory

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
    db.session.execute(select(Agency.id).where(Agency.id == current_agency()).with_for_update())


def derive_closure(*, below: Collection[int] | None = None) -> None:
    """Derive the closure rows of units and everything below them anew; of all the agency's units by default.

    Call it once after writing units in bulk. Worked example: unit Y lay below X until it moved below Z on 1 July 2025.
    Its rows then say (X, Y, 1 January 2024 to 1 July 2025) and (Z, Y, from 1 July 2025), each also for whatever lies
    above X and Z in that time.

    :param below: ids of the units that were changed; a few, for each is a parameter of the statement.
    :raises UnitCircle: the units written do not form a tree. Nothing is changed then.
    """
    edges = _edges()
    wanted = select(_U.c.id).where(_U.c.agency_id == current_agency())
    if below is not None:
        wanted = select(_subtree(edges, below).c.id)
    try:
        with db.session.begin_nested():
            db.session.flush()
            db.session.execute(delete(_C).where(_C.c.descendant_id.in_(wanted)))
            db.session.execute(_derivation(edges, wanted))
    except IntegrityError as error:
        raise UnitCircle("the units do not form a tree") from error


def _edges() -> CTE:
    """Every unit and the one above it, by period; a period ends with the next move, or with either of the two."""
    changed = select(func.max(_H.c.valid_to)).where(_H.c.unit_id == _U.c.id).scalar_subquery()
    present = select(_U.c.id, _U.c.parent_id, func.coalesce(changed, _U.c.valid_from).label("since"))
    past = select(_H.c.unit_id, _H.c.parent_id, _H.c.valid_from)
    state = union_all(
        present.where(_U.c.agency_id == current_agency()), past.where(_H.c.agency_id == current_agency())
    ).subquery()
    before = select(
        state, func.lag(state.c.parent_id).over(partition_by=state.c.id, order_by=state.c.since).label("before")
    ).subquery()
    # A new name alone begins no period.
    moves = select(
        before, func.lead(before.c.since).over(partition_by=before.c.id, order_by=before.c.since).label("next")
    ).where(before.c.parent_id.is_distinct_from(before.c.before))
    move, up = moves.subquery(), _U.alias("up")
    return (
        select(
            move.c.id.label("unit_id"),
            move.c.parent_id,
            _later(move.c.since, up.c.valid_from).label("valid_from"),
            _earlier(_end(move.c.next), _end(up.c.valid_to)).label("valid_to"),
        )
        .join(up, up.c.id == move.c.parent_id)
        .cte("edge")
    )


def _subtree(edges: CTE, roots: Collection[int]) -> CTE:
    """Ids of the units and of whatever ever lay below them."""
    start = select(_U.c.id).where(_U.c.id.in_(roots), _U.c.agency_id == current_agency()).cte("subtree", recursive=True)
    return start.union(select(edges.c.unit_id).join(start, start.c.id == edges.c.parent_id))


def _derivation(edges: CTE, wanted: Any) -> Any:
    path = (
        select(
            _U.c.id.label("ancestor_id"),
            _U.c.id.label("descendant_id"),
            literal(0).label("depth"),
            _U.c.valid_from,
            _end(_U.c.valid_to).label("valid_to"),
        )
        .where(_U.c.id.in_(wanted))
        .cte("path", recursive=True)
    )
    start, end = _later(path.c.valid_from, edges.c.valid_from), _earlier(path.c.valid_to, edges.c.valid_to)
    climb = (
        select(edges.c.parent_id, path.c.descendant_id, path.c.depth + 1, start, end)
        .join(path, path.c.ancestor_id == edges.c.unit_id)
        # One step past the limit, so that a circle breaks the constraint instead of going on for ever.
        .where(start < end, path.c.depth <= MAX_DEPTH)
        .where(or_(path.c.depth == 0, path.c.ancestor_id != path.c.descendant_id))
    )
    path = path.union_all(climb)
    until = case((path.c.valid_to == literal(FOREVER, Date), null()), else_=path.c.valid_to)
    rows = select(
        path.c.ancestor_id, path.c.descendant_id, path.c.depth, path.c.valid_from, until, literal(current_agency())
    )
    return insert(_C).from_select(
        ["ancestor_id", "descendant_id", "depth", "valid_from", "valid_to", "agency_id"], rows
    )


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
