"""Imports in the background: one step after another, each held by a lease."""

from __future__ import annotations

import threading
import time

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from lms_bridge.db import db
from lms_bridge.engine import only_reading
from lms_bridge.imports.running import LetGo, run_step
from lms_bridge.imports.store import claim, waiting

log = structlog.get_logger("lms_bridge.imports")


def run_due(stop: threading.Event | None = None) -> int:
    """Do what waits, step by step, until nothing does or it is told to stop; returns the number of steps."""

    def told(done: int, total: int) -> None:
        if stop is not None and stop.is_set():
            raise LetGo

    steps = 0
    while not (stop is not None and stop.is_set()) and _waits() and (claimed := claim()) is not None:
        run_step(*claimed, told=told)
        steps += 1
    return steps


def _waits() -> bool:
    """Look before claiming, so that an idle worker does not take the one writer's place of SQLite twice a second."""
    with only_reading():
        found = waiting()
        db.session.rollback()
    return found


def run_until(app: Flask, stop: threading.Event, pause: float) -> None:
    """Work beside the worker's other duties until it is told to stop."""
    with app.app_context():
        while not stop.is_set():
            try:
                run_due(stop)
            except SQLAlchemyError as error:
                db.session.rollback()
                log.error("database failed", kind=type(error).__name__)
                time.sleep(1.0)
            finally:
                db.session.remove()
            stop.wait(pause)
