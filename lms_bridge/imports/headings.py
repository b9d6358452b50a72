"""Which column is what: told from the heading, by the official words, the English ones, and what the agency chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import force_locale

from lms_bridge.imports.cells import folded
from lms_bridge.imports.kinds import Kind
from lms_bridge.spreadsheets import FileRefused, Row

SEARCHED = 30
"""Rows in which headings are looked for: titles, the agency's address and merged cells may stand above them."""
REASON = ("Alasan", "Reason")
"""Headings of the column that error files add; it is left out when such a file comes back."""


@dataclass(frozen=True, slots=True)
class Headings:
    """The row with the headings."""

    row: int
    texts: list[str]


def find_headings(rows: Sequence[Row], kind: Kind) -> Headings:
    """Return the row that holds most of the headings known for this kind, the first of several.

    :raises FileRefused: there is no row with two cells, or headings occur twice.
    """
    candidates = [row for row in rows[:SEARCHED] if sum(map(bool, row.cells)) > 1]
    if not candidates:
        raise FileRefused("no-headings")
    known = _known(kind)
    best = max(candidates, key=lambda row: sum(folded(cell) in known for cell in row.cells))
    _refuse_twice(best.cells)
    return Headings(best.number, best.cells)


def guess_columns(headings: Sequence[str], kind: Kind, remembered: Mapping[str, str]) -> list[str]:
    """Return for each heading its field, or nothing; what the agency chose before goes first, no field twice."""
    known, taken, columns = _known(kind), set[str](), []
    chosen = {field for heading in headings if (field := remembered.get(folded(heading)))}
    for heading in headings:
        own = folded(heading)
        field = remembered[own] if own in remembered else known.get(own, "")
        if own not in remembered and field in chosen:
            field = ""
        if kind.column(field) is None or field in taken:
            field = ""
        taken.add(field)
        columns.append(field)
    return columns


def missing_columns(columns: Sequence[str], kind: Kind) -> list[str]:
    """Return the fields that a list of this kind needs and none of the columns is."""
    return [column.field for column in kind.columns if column.required and column.field not in columns]


def _known(kind: Kind) -> dict[str, str]:
    words: dict[str, str] = {}
    for locale in ("id", "en"):
        with force_locale(locale):
            for column in kind.columns:
                for heading in (str(column.title), column.field, *column.headings):
                    words.setdefault(folded(heading), column.field)
    return words


def _refuse_twice(cells: list[str]) -> None:
    seen, twice = set[str](), []
    for cell in cells:
        if folded(cell) in seen:
            twice.append(cell)
        if cell:
            seen.add(folded(cell))
    if twice:
        raise FileRefused("duplicate-headings", ", ".join(dict.fromkeys(twice))[:200])
