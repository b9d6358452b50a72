"""Every few seconds: what facts have added goes into the cells of their units and of all units above.

All of it is one transaction: a worker that is killed leaves cells and deltas as they were, and the next one folds them.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection

import structlog
from sqlalchemy import delete, select, union, update

from lms_bridge.db import acting_as, changed_rows, current_agency, db, now
from lms_bridge.jobs.indicators.statements import DELTA, add_batch, sum_up
from lms_bridge.jobs.indicators.turn import agency_day, take_turn
from lms_bridge.models import IndicatorStale
from lms_bridge.services.indicator_tree import levels

MOST = 50_000
"""Deltas of one transaction."""
AT_ONCE = 500
_S = IndicatorStale.__table__
log = structlog.get_logger("lms_bridge.indicators")


def fold_due() -> int:
    """Fold what waits, of every agency; returns how many deltas and changed units that were."""
    waiting = union(select(DELTA.c.agency_id), select(_S.c.agency_id))
    agencies = list(db.session.scalars(waiting))
    db.session.rollback()
    done = 0
    for agency_id in agencies:
        with acting_as(agency_id):
            done += _fold(now())
    return done


def _fold(moment: dt.datetime) -> int:
    state = take_turn()
    if state is None:
        db.session.rollback()
        return 0
    today = agency_day()
    changed = _sum_up_changed(today)
    folded = _fold_deltas(today)
    if not folded or folded < MOST:
        state.folded_at = moment
    db.session.commit()
    if changed:
        log.info("sums of changed units taken anew", agency=current_agency(), units=changed)
    return changed + folded


def _fold_deltas(today: dt.date) -> int:
    batch = secrets.token_hex(8)
    mine = select(DELTA.c.id).where(DELTA.c.agency_id == current_agency(), DELTA.c.batch.is_(None))
    # Marked first, so that deltas that arrive meanwhile with smaller ids are neither summed nor deleted.
    taken = changed_rows(update(DELTA).where(DELTA.c.id.in_(mine.order_by(DELTA.c.id).limit(MOST))).values(batch=batch))
    if taken:
        add_batch(batch, on=today)
        db.session.execute(delete(DELTA).where(DELTA.c.batch == batch))
    return taken


def _sum_up_changed(today: dt.date) -> int:
    rows = db.session.execute(select(_S.c.id, _S.c.unit_id).where(_S.c.agency_id == current_agency())).all()
    if not rows:
        return 0
    units = {row.unit_id for row in rows}
    sum_up_levels(None if None in units else units, today)
    last = max(row.id for row in rows)
    seen = [row.id for row in rows]
    if len(seen) > AT_ONCE:
        db.session.execute(delete(_S).where(_S.c.agency_id == current_agency(), _S.c.id <= last))
    else:
        db.session.execute(delete(_S).where(_S.c.id.in_(seen)))
    return len(units)


def sum_up_levels(units: Collection[int] | None, today: dt.date) -> int:
    """Take the sums of these units anew, or of all, from the lowest up; returns how many cells were wrong."""
    wrong = 0
    for level in levels(today):
        wanted = level if units is None else [unit for unit in level if unit in units]
        for start in range(0, len(wanted), AT_ONCE):
            wrong += sum_up(wanted[start : start + AT_ONCE], on=today)
    return wrong
