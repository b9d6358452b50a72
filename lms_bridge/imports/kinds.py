"""What a kind of list is: its columns, its natural key, and the table that it fills."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema
from sqlalchemy import ColumnElement, Table, or_

from lms_bridge.db import current_agency
from lms_bridge.imports.cells import Cell
from lms_bridge.imports.faults import Fault


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list. ``headings`` are other names by which agencies know it, Indonesian and English."""

    field: str
    title: Any
    cell: Cell
    headings: tuple[str, ...] = ()
    example: str = ""
    choices: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        return self.cell.required


@dataclass(frozen=True, slots=True)
class Reference:
    """That a field names a row of another table by its code: ``column`` takes that row's ``takes``.

    ``known_as`` are other columns by which it may be named, as long as only one row has that name.
    """

    table: Table
    key: str
    column: str
    takes: str = "id"
    known_as: tuple[str, ...] = ()

    def rows(self) -> list[ColumnElement[bool]]:
        """Return the condition on the rows that can be named: the agency's own, or those of everybody."""
        if "agency_id" not in self.table.c:
            return []
        owner = self.table.c.agency_id
        return [or_(owner == current_agency(), owner.is_(None)) if owner.nullable else owner == current_agency()]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of list. ``key`` are columns of the table by which a row is the same one in the next import."""

    name: str
    title: Any
    table: Table
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    sets: tuple[str, ...]
    """Columns of the table that a row of the list fills, the key among them."""
    schema: Schema
    references: Mapping[str, Reference] = field(default_factory=dict)
    within: str = ""
    """The field that names another row of the same kind by its code."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What a new row holds where the list says nothing."""
    keeps: frozenset[str] = frozenset()
    """Columns that only a new row takes: what is there already is changed in the console, with its day."""
    owned: frozenset[str] = frozenset()
    """Tables whose rows hang on a row of this one without being anybody's work."""
    complete: Callable[[Sequence[tuple[dict[str, Any], list[Fault]]]], None] | None = None
    """Completes the values of some rows, or adds faults, once their references are known."""
    check: Callable[[int], dict[int, Fault]] | None = None
    """Looks at all staged rows together; returns the faulty ones by their number."""
    after: Callable[[int], None] | None = None
    """Completes new rows, within the transaction that made them; ``before_undo`` takes that back."""
    before_undo: Callable[[int], None] | None = None

    @property
    def free(self) -> list[str]:
        """Columns that an import may change in a row that is there."""
        return [name for name in self.sets if name not in self.key and name not in self.keeps]

    def column(self, name: str) -> Column | None:
        """Return the column of a field, or nothing when the kind has none such."""
        return next((column for column in self.columns if column.field == name), None)
