"""The statements that change cells. Each does its work in the database, on however many cells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import case, func, insert, literal, or_, select, true, union_all
from sqlalchemy.dialects import postgresql, sqlite

from lms_bridge.db import current_agency, db
from lms_bridge.models import IndicatorCell, IndicatorDelta
from lms_bridge.services.indicator_tree import parents, paths

CELL, DELTA = IndicatorCell.__table__, IndicatorDelta.__table__
KEY = ("unit_id", "metric", "period", "competency", "post_group")
SUMS = ("numerator", "denominator", "n")
OWN = tuple(f"own_{name}" for name in SUMS)


def add_batch(batch: str, *, on: dt.date) -> None:
    """Add the deltas of a batch to the cells of their units and of all units above."""
    mine = DELTA.c.agency_id == current_agency(), DELTA.c.batch == batch
    path = paths(select(DELTA.c.unit_id).where(*mine).distinct(), on=on)
    at_home = path.c.ancestor_id == DELTA.c.unit_id
    key = [path.c.ancestor_id, *(DELTA.c[name] for name in KEY[1:])]
    added = select(
        literal(current_agency()),
        *key,
        *(func.sum(case((at_home, DELTA.c[name]), else_=literal(0, DELTA.c[name].type))) for name in SUMS),
        *(func.sum(DELTA.c[name]) for name in SUMS),
    )
    rows = added.join(path, path.c.unit_id == DELTA.c.unit_id).where(*mine).group_by(*key)
    statement = _insert().from_select(["agency_id", *KEY, *OWN, *SUMS], rows)
    more = {name: CELL.c[name] + statement.excluded[name] for name in (*OWN, *SUMS)}
    db.session.execute(statement.on_conflict_do_update(index_elements=KEY, set_=more))


def sum_up(unit_ids: Collection[int], *, on: dt.date) -> int:
    """Take the sums of units anew, from their own and those of the units right below; returns how many were wrong.

    :param unit_ids: none of which counts to another of them; a few hundred, for each is a parameter.
    """
    up = parents(on)
    own = select(*(CELL.c[name] for name in KEY), *(CELL.c[f"own_{name}"].label(name) for name in SUMS))
    below = select(up.c.parent_id, *(CELL.c[name] for name in (*KEY[1:], *SUMS)))
    parts = union_all(
        own.where(CELL.c.unit_id.in_(unit_ids)),
        below.join(up, up.c.unit_id == CELL.c.unit_id).where(up.c.parent_id.in_(unit_ids)),
    ).subquery()
    nothing = [literal(0, CELL.c[name].type) for name in OWN]
    rows = (
        select(literal(current_agency()), *(parts.c[name] for name in KEY), *nothing)
        .add_columns(*(func.sum(parts.c[name]) for name in SUMS))
        .where(true())
        .group_by(*(parts.c[name] for name in KEY))
    )
    statement = _insert().from_select(["agency_id", *KEY, *OWN, *SUMS], rows)
    new = {name: statement.excluded[name] for name in SUMS}
    wrong = or_(*(CELL.c[name] != new[name] for name in SUMS))
    statement = statement.on_conflict_do_update(index_elements=KEY, set_=new, where=wrong)
    done: Any = db.session.execute(statement, execution_options={"preserve_rowcount": True})
    return int(done.rowcount)


def take_back_own(metrics: Collection[str], batch: str) -> None:
    """Write what cells of these metrics have of their own as deltas with minus, so that facts given anew cancel it."""
    rows = select(
        literal(current_agency()),
        literal(batch),
        *(CELL.c[name] for name in KEY),
        *(-CELL.c[name] for name in OWN),
    ).where(
        CELL.c.agency_id == current_agency(),
        CELL.c.metric.in_(metrics),
        or_(*(CELL.c[name] != literal(0, CELL.c[name].type) for name in OWN)),
    )
    db.session.execute(insert(DELTA).from_select(["agency_id", "batch", *KEY, *SUMS], rows))


def differing(batch: str) -> int:
    """Return in how many cells the deltas of a batch do not cancel."""
    mine = DELTA.c.agency_id == current_agency(), DELTA.c.batch == batch
    totals = {name: func.sum(DELTA.c[name]) for name in SUMS}
    wrong = or_(*(total != literal(0, DELTA.c[name].type) for name, total in totals.items()))
    cells = select(DELTA.c.unit_id).where(*mine).group_by(*(DELTA.c[name] for name in KEY)).having(wrong).subquery()
    return db.session.scalar(select(func.count()).select_from(cells)) or 0


def _insert() -> Any:
    dialect = db.session.get_bind().dialect.name
    return postgresql.insert(CELL) if dialect == "postgresql" else sqlite.insert(CELL)
