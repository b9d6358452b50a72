"""What an error of the database means, whichever database said it."""

from __future__ import annotations

import sqlite3
from enum import Enum, auto
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError


class Fault(Enum):
    """Why a statement failed. Only a faulty statement is a bug; the rest is for the operator."""

    AWAY = auto()
    """Not reachable, refusing the user, locked too long, or gone in the middle."""
    READ_ONLY = auto()
    FULL = auto()
    DAMAGED = auto()
    UNPREPARED = auto()
    """A table or column is missing: the upgrade has not run."""
    STATEMENT = auto()


_SQLITE = {
    sqlite3.SQLITE_BUSY: Fault.AWAY,
    sqlite3.SQLITE_LOCKED: Fault.AWAY,
    sqlite3.SQLITE_CANTOPEN: Fault.READ_ONLY,
    sqlite3.SQLITE_READONLY: Fault.READ_ONLY,
    sqlite3.SQLITE_IOERR: Fault.AWAY,
    sqlite3.SQLITE_FULL: Fault.FULL,
    sqlite3.SQLITE_CORRUPT: Fault.DAMAGED,
    sqlite3.SQLITE_NOTADB: Fault.DAMAGED,
}
_POSTGRESQL = {
    "UndefinedTable": Fault.UNPREPARED,
    "UndefinedColumn": Fault.UNPREPARED,
    "ReadOnlySqlTransaction": Fault.READ_ONLY,
    "DiskFull": Fault.FULL,
}


def fault_of(error: DBAPIError) -> Fault:
    """Return what an error means."""
    sqlite_code = getattr(error.orig, "sqlite_errorcode", None)
    if sqlite_code is not None:
        # One code stands for every fault of a statement; only its words tell a missing table.
        missing = str(error.orig).startswith(("no such table", "no such column"))
        return _SQLITE.get(sqlite_code & 0xFF, Fault.UNPREPARED if missing else Fault.STATEMENT)
    if known := _POSTGRESQL.get(type(error.orig).__name__):
        return known
    gone = isinstance(error, (OperationalError, InterfaceError)) or error.connection_invalidated
    return Fault.AWAY if gone else Fault.STATEMENT


def is_aborted(connection: Connection) -> bool:
    """Return whether the transaction takes nothing but going back, as on PostgreSQL after a statement that failed.

    Asked of the driver, which knows it without asking the server. SQLite undoes a failed statement and goes on.
    """
    driver: Any = connection.connection.dbapi_connection
    return (
        connection.dialect.name == "postgresql"
        and driver.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
    )
