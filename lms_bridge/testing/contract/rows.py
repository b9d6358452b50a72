"""Rows of a plugin: those about a person, those of an agency, and the database without them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, String, Table, Text, cast, delete, or_, select

from lms_bridge.db import METADATA, db

Rows = dict[str, list[tuple[Any, ...]]]
"""Rows by table, in the order of their keys."""


def tables_of(plugin: str) -> list[Table]:
    """Return the plugin's tables, each after those that it points to."""
    return [table for table in METADATA.sorted_tables if table.name.startswith(f"{plugin}_")]


def rows_about(person_ids: Iterable[int], tables: list[Table]) -> Rows:
    """Return the rows that point to a person, and those that point to such rows; as their primary keys."""
    ids = list(person_ids)
    found: Rows = {}
    for table in tables:
        pointing = [column.in_(ids) for column in table.c if _points_to_person(column)]
        for column in table.c:
            for key in column.foreign_keys:
                if parents := found.get(key.column.table.name):
                    pointing.append(column.in_([row[0] for row in parents]))
        found[table.name] = _select(table, or_(*pointing), table.primary_key.columns) if pointing else []
    return {name: rows for name, rows in found.items() if rows}


def points_to_person(table: Table) -> bool:
    """Say whether a table's rows are about people."""
    return any(_points_to_person(column) for column in table.c)


def _points_to_person(column: Column[Any]) -> bool:
    by_key = any(key.column.table.name == "core_person" for key in column.foreign_keys)
    return by_key or column.name.endswith("person_id")


def rows_of_agency(agency_id: int, tables: list[Table]) -> Rows:
    """Return all that an agency has in these tables."""
    return {
        table.name: _select(table, table.c.agency_id == agency_id, table.c)
        for table in tables
        if "agency_id" in table.c
    }


def _select(table: Table, condition: Any, columns: Iterable[Column[Any]]) -> list[tuple[Any, ...]]:
    query = select(*columns).where(condition).order_by(*table.primary_key.columns)
    return [tuple(row) for row in db.session.execute(query)]


def take_away(agency_id: int, tables: list[Table]) -> None:
    """Delete what an agency has in these tables, and all rows of tables that know no agency."""
    for table in reversed(tables):
        mine = table.c.agency_id == agency_id if "agency_id" in table.c else None
        db.session.execute(delete(table) if mine is None else delete(table).where(mine))


def columns_that_hold(words: Iterable[str], tables: list[Table]) -> list[str]:
    """Return the columns in which one of these words stands."""
    faults = []
    for table in tables:
        for column in table.c:
            text = column if isinstance(column.type, (String, Text)) else cast(column, Text)
            if (
                db.session.scalar(select(column).where(or_(*(text.contains(word) for word in words))).limit(1))
                is not None
            ):
                faults.append(f"{table.name}.{column.name}")
    return faults
