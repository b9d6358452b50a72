"""How the database is reached: the pool of PostgreSQL's connections, and what SQLite needs to behave."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

_reading: ContextVar[bool] = ContextVar("lms_bridge_reading", default=False)


def engine_options(url: str) -> dict[str, Any]:
    """Return the options of the engine for this database; makes the folder of an SQLite file."""
    # A failed statement is logged; names, NIPs and answers in it are nobody's business there.
    quiet = {"hide_parameters": True}
    if url.startswith("postgresql"):
        return {**quiet, "pool_size": 5, "max_overflow": 10, "connect_args": {"connect_timeout": 5}}
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    return {**quiet, "connect_args": {"timeout": 10}}


def reading_only(reading: bool) -> None:
    """Say that this request will not write, so that SQLite need not take its one writer's place for it."""
    _reading.set(reading)


@contextmanager
def only_reading(reading: bool = True) -> Iterator[None]:
    """Read without taking the one writer's place of SQLite, whatever the request around it does; or write within."""
    token = _reading.set(reading)
    try:
        yield
    finally:
        _reading.reset(token)


REST = 2.0
"""Seconds after which a pooled connection is asked whether it still lives before it is used again."""


def prepare_engine(engine: Engine) -> None:
    """Replace dead connections to PostgreSQL; give SQLite what it lacks."""
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
        return

    @event.listens_for(engine, "connect")
    def on_connect(dbapi_connection: Any, record: Any) -> None:
        # Compiling a query takes PostgreSQL seconds where it has no statistics yet; ours run in milliseconds.
        dbapi_connection.execute("SET jit = off")
        dbapi_connection.commit()

    @event.listens_for(engine, "checkin")
    def on_checkin(dbapi_connection: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def on_checkout(dbapi_connection: Any, record: Any, proxy: Any) -> None:
        # Asking before every use would cost four round trips a launch; a busy connection has just shown that it lives.
        if time.monotonic() - record.info.pop("rests_since", time.monotonic()) < REST:
            return
        try:
            engine.dialect.do_ping(dbapi_connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def _prepare_sqlite(engine: Engine) -> None:
    """Set WAL, foreign keys, real savepoints, and a writer that waits instead of failing."""

    @event.listens_for(engine, "connect")
    def on_connect(dbapi_connection: Any, record: Any) -> None:
        # The driver starts transactions late, so a savepoint opened first would be
        # committed on its own. We begin transactions ourselves instead.
        dbapi_connection.isolation_level = None
        for pragma in ("foreign_keys=ON", "busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL"):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        # With a plain BEGIN two transactions that read first and then write lock each other out at once.
        connection.exec_driver_sql("BEGIN" if _reading.get() else "BEGIN IMMEDIATE")
