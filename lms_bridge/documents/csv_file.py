"""CSV for other programs: UTF-8 with its mark, commas, RFC 4180. The last record is the stamp."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import IO, Any

from flask_babel import gettext as _

from lms_bridge.documents.table import NUMBERS, Column, ColumnKind, Stamp, Table, Value
from lms_bridge.domain.nip import spaced_nip
from lms_bridge.domain.spreadsheet import safe_cell
from lms_bridge.web.formats import clock, day


def write_csv(table: Table, stamp: Stamp, target: IO[bytes]) -> int:
    """Write a table; returns the number of its rows."""
    columns, written = table.shown_columns(), 0
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([safe_cell(str(column.heading)) for column in columns])
    for row in table.shown_rows():
        writer.writerow([_cell(column, value, stamp) for column, value in zip(columns, row, strict=True)])
        written += 1
    # One record, as wide as the others, so that the file keeps its shape for whoever reads it.
    writer.writerow([safe_cell(stamp_sentence(table.scope, stamp)), *[""] * (len(columns) - 1)])
    text.detach()
    return written


def stamp_sentence(scope: Any, stamp: Stamp) -> str:
    """Say who took something away, when, and what it covers."""
    return _(
        "Exported by %(person)s, %(agency)s, on %(day)s at %(time)s. Scope: %(scope)s",
        person=stamp.person,
        agency=stamp.agency,
        day=day(stamp.moment, zone=stamp.zone),
        time=clock(stamp.moment, zone=stamp.zone),
        scope=scope,
    )


def _cell(column: Column, value: Value, stamp: Stamp) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        # In its groups, as it is officially written, a spreadsheet program leaves a NIP the text that it is.
        return safe_cell(spaced_nip(value) if column.kind is ColumnKind.NIP else value)
    if column.kind is ColumnKind.DATE and not isinstance(value, (int, float, Decimal)):
        return stamp.day(value).isoformat()
    return str(value) if column.kind in NUMBERS else safe_cell(str(value))
