"""Once a day: plugins give their facts anew, and cells that differ from them are put right.

It reads facts and waiting deltas as they were at one moment, so what is recorded meanwhile is neither lost nor counted
twice; folding waits until it has ended.
"""

from __future__ import annotations

import secrets
from itertools import islice

import structlog
from sqlalchemy import delete, insert, select

from lms_bridge.db import acting_as, current_agency, db, guest, now
from lms_bridge.jobs.indicators.folding import sum_up_levels
from lms_bridge.jobs.indicators.statements import DELTA, add_batch, differing, take_back_own
from lms_bridge.jobs.indicators.turn import agency_day, take_turn
from lms_bridge.models import Agency, IndicatorState
from lms_bridge.plugin_host import collect, host
from lms_bridge.services.indicators import IndicatorSource, fact_row

AT_ONCE = 1000
log = structlog.get_logger("lms_bridge.indicators")


def check_due() -> None:
    """Check the cells of every agency that has not been checked on its day yet."""
    agencies = list(db.session.scalars(select(Agency.id).order_by(Agency.id)))
    for agency_id in agencies:
        with acting_as(agency_id):
            checked = db.session.scalar(select(IndicatorState.checked_on))
            today = agency_day()
            db.session.rollback()
            if checked is None or checked < today:
                check_cells()


def check_cells() -> int:
    """Compare the chosen agency's cells with the facts and put right what differs; returns how many cells did."""
    db.session.rollback()
    if db.session.get_bind().dialect.name == "postgresql":
        # One view of facts and deltas; a fold that is committed meanwhile makes this fail, to be tried again.
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    state = take_turn()
    if state is None:
        db.session.rollback()
        return 0
    today = agency_day()
    wrong = 0
    for answer in collect("indicator_facts"):
        try:
            with guest(answer.plugin):
                batch = _write_differences(answer.value)
        except Exception as error:
            host().note_failure(answer.plugin, "indicator_facts", error)
            continue
        if found := differing(batch):
            add_batch(batch, on=today)
            wrong += found
        db.session.execute(delete(DELTA).where(DELTA.c.batch == batch))
    wrong += sum_up_levels(None, today)
    state.checked_on, state.repaired, state.folded_at = today, wrong, now()
    db.session.commit()
    if wrong:
        log.warning("indicators differed from the facts and were put right", agency=current_agency(), cells=wrong)
    return wrong


def _write_differences(source: IndicatorSource) -> str:
    """Write facts with plus and what the cells have with minus, in the place of the deltas that wait."""
    batch, agency = secrets.token_hex(8), current_agency()
    db.session.execute(delete(DELTA).where(DELTA.c.agency_id == agency, DELTA.c.metric.in_(source.metrics)))
    facts = iter(source.read())
    while rows := [fact_row(fact) for fact in islice(facts, AT_ONCE)]:
        db.session.execute(insert(DELTA), [{**row, "batch": batch} for row in rows])
    take_back_own(source.metrics, batch)
    return batch
