"""Rows of a file become values of a table, or faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import select

from lms_bridge.db import db
from lms_bridge.imports.faults import Fault
from lms_bridge.imports.kinds import Kind, Reference
from lms_bridge.spreadsheets import Row

Values = dict[str, Any]
Key = tuple[Any, ...]


class Checker:
    """Checks the rows of one file in their order; knows the keys of those before.

    :param columns: what each column is, by its place.
    :param seen: the number of the row in which each natural key stood.
    """

    def __init__(self, kind: Kind, columns: Sequence[str], seen: dict[Key, int]) -> None:
        self.kind, self.columns, self.seen = kind, columns, seen

    def check(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Return what to stage for each row. Asks the database once for each table that the rows refer to."""
        checked = [self._load(row) for row in rows]
        for field, reference in self.kind.references.items():
            _resolve(field, reference, checked)
        if self.kind.complete:
            self.kind.complete(checked)
        return [self._staged(row, *result) for row, result in zip(rows, checked, strict=True)]

    def _load(self, row: Row) -> tuple[Values, list[Fault]]:
        cells = {field: cell for field, cell in zip(self.columns, row.cells, strict=False) if field and cell}
        try:
            return self.kind.schema.load(cells), []
        except ValidationError as error:
            return {}, [
                Fault(str(field), *str(code).split(":", 1))
                for field, codes in error.normalized_messages().items()
                for code in codes
            ]

    def _staged(self, row: Row, values: Values, faults: list[Fault]) -> dict[str, Any]:
        if not faults:
            first = self.seen.setdefault(key_of(self.kind, values), row.number)
            if first != row.number:
                faults = [Fault(self.kind.columns[0].field, "twice", str(first))]
        return {
            "number": row.number,
            "values": None if faults else values,
            "cells": [*row.cells, *[""] * (len(self.columns) - len(row.cells))] if faults else None,
            "faults": [str(fault) for fault in faults] or None,
        }


def key_of(kind: Kind, values: Values) -> Key:
    """Return the natural key of a row's values."""
    return tuple(values[name] for name in kind.key)


def _resolve(field: str, reference: Reference, checked: list[tuple[Values, list[Fault]]]) -> None:
    found = _named(reference, {values[field] for values, _faults in checked if field in values})
    for values, faults in checked:
        if field in values:
            code = values.pop(field)
            if code in found:
                values[reference.column] = found[code]
            else:
                faults.append(Fault(field, "unknown", code))


def _named(reference: Reference, codes: set[str]) -> dict[str, Any]:
    """Return what rows that are named by these codes or names are kept as; a name that two rows have is no name."""
    table, found = reference.table, dict[str, Any]()
    for name in (*reversed(reference.known_as), reference.key):
        known = select(table.c[name], table.c[reference.takes]).where(*reference.rows(), table.c[name].in_(codes))
        rows = db.session.execute(known).all()
        counted = Counter(code for code, _identity in rows)
        found |= {code: identity for code, identity in rows if counted[code] == 1}
    return found
