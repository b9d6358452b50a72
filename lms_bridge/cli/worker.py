"""``lms-bridge worker``: grades, events, rosters, indicators, housekeeping, until it is told to stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

import click
import structlog
from sqlalchemy.exc import SQLAlchemyError

from lms_bridge.app import create_app
from lms_bridge.db import db
from lms_bridge.jobs import events, grades, housekeeping, imports, indicators, retention, rosters

log = structlog.get_logger("lms_bridge.worker")
HOUSEKEEPING_SECONDS, RETENTION_SECONDS, FOLD_SECONDS = 300.0, 86_400.0, 2.0


@click.command()
@click.option("--once", is_flag=True, help="Do what is due and end.")
@click.option("--pause", default=0.5, show_default=True, help="Seconds to wait when nothing is due.")
def worker(once: bool, pause: float) -> None:
    """Deliver grades and events, fetch rosters, import lists, sum up indicators and clean up, until SIGTERM or Ctrl-C.

    Any number may run against PostgreSQL, one against SQLite.

    Example: lms-bridge worker
    """
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    cleaned = thinned = folded = float("-inf")
    app = create_app()
    # A long list must not hold up grades: imports have a thread of their own.
    beside = threading.Thread(target=imports.run_until, args=(app, stop, pause), name="imports")
    acts: list[Callable[[], int]] = [grades.deliver_due, events.deliver_due, rosters.sync_wanted]
    if once:
        acts.append(imports.run_due)
    else:
        beside.start()
    with app.app_context():
        while not stop.is_set():
            if time.monotonic() - cleaned > HOUSEKEEPING_SECONDS:
                cleaned = time.monotonic()
                _step(housekeeping.clean_up)
                _step(indicators.check_due)
            if time.monotonic() - thinned > RETENTION_SECONDS:
                thinned = time.monotonic()
                _step(retention.apply_rules)
            busy = sum(_step(act) or 0 for act in acts)
            if once or time.monotonic() - folded > FOLD_SECONDS:
                folded = time.monotonic()
                busy += _step(indicators.fold_due) or 0
            if once and not busy:
                break
            if not busy:
                stop.wait(pause)
        if not once:
            beside.join()
        db.engine.dispose()


def _step(act: Callable[[], int | None]) -> int | None:
    """Do one kind of work. A database that is away for a while must not end the worker."""
    try:
        return act()
    except SQLAlchemyError as error:
        db.session.rollback()
        log.error("database failed", kind=type(error).__name__)
        time.sleep(1.0)
        return None
    finally:
        db.session.remove()
