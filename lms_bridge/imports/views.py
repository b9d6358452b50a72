"""Imports as pages show them: the history, and the rows of one with what is wrong or would happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from lms_bridge.db import db
from lms_bridge.imports.error_file import reasons
from lms_bridge.imports.store import kind_of
from lms_bridge.models import Import, ImportRow, Person

SHOWN = 20
"""Rows that a preview shows of each sort; the error file has all."""
HISTORY = 50
_R = ImportRow.__table__


@dataclass(frozen=True, slots=True)
class FaultyRow:
    """A row that is left out: its number, its first filled cells, and why."""

    number: int
    cells: str
    reasons: str


@dataclass(frozen=True, slots=True)
class GoodRow:
    """A row as it was understood: titles of its columns, and what they hold."""

    number: int
    cells: tuple[tuple[Any, str], ...]


def history() -> list[tuple[Import, str | None]]:
    """Return the agency's imports, the last first, each with the name of who began it; nothing for the operator."""
    rows = select(Import, Person.name).outerjoin(Person, Person.id == Import.created_by_id)
    return [(row.Import, row.name) for row in db.session.execute(rows.order_by(Import.id.desc()).limit(HISTORY))]


def faulty_rows(row: Import) -> list[FaultyRow]:
    """Return the first faulty rows."""
    kind = kind_of(row)
    found = select(_R.c.number, _R.c.cells, _R.c.faults).where(_R.c.import_id == row.id, _R.c.faults.is_not(None))
    return [
        FaultyRow(one.number, " · ".join(filter(None, one.cells[: len(row.headings)]))[:120], reasons(kind, one.faults))
        for one in db.session.execute(found.order_by(_R.c.number).limit(SHOWN))
    ]


def good_rows(row: Import) -> list[GoodRow]:
    """Return the first good rows by what they say; what a row refers to is shown in the file only."""
    kind = kind_of(row)
    titles = {column.field: column.title for column in kind.columns}
    found = select(_R.c.number, _R.c["values"]).where(_R.c.import_id == row.id, _R.c.faults.is_(None))
    return [
        GoodRow(
            one.number,
            tuple((titles[name], str(value)) for name, value in one[1].items() if name in titles),
        )
        for one in db.session.execute(found.order_by(_R.c.number).limit(SHOWN // 4))
    ]
