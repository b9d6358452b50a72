"""The template of a list: headings that are known, cells that take text, drop-down lists, and a sheet that explains."""

from __future__ import annotations

from typing import IO, Any

from flask_babel import gettext as _
from sqlalchemy import select

from lms_bridge.db import db
from lms_bridge.domain.spreadsheet import safe_cell
from lms_bridge.imports.cells import DayCell, NumberCell
from lms_bridge.imports.kinds import Column, Kind, Reference

ROWS = 10_000
"""Rows that are prepared with formats and drop-down lists; rows below are taken as well."""
LISTED = 5_000
"""Codes of the agency's own that a drop-down list offers at most."""


def write_template(kind: Kind, target: IO[bytes]) -> None:
    """Write the template of a kind as XLSX, in the language of the reader."""
    # Loaded when it is used: every web worker would hold it, and few ever write a list.
    import xlsxwriter

    book = xlsxwriter.Workbook(target, {"in_memory": True})
    sheet = book.add_worksheet(_("Data")[:31])
    guide = book.add_worksheet(_("Guide")[:31])
    lists = book.add_worksheet("_")
    lists.hide()
    heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    for number, column in enumerate(kind.columns):
        title = f"{column.title} *" if column.required else str(column.title)
        sheet.write_string(0, number, title, heading)
        sheet.set_column(number, number, max(16, len(title) + 4), _format(book, column))
        _offer(sheet, lists, number, _choices(kind, column))
    sheet.freeze_panes(1, 0)
    _explain(guide, kind, heading)
    book.close()


def _format(book: Any, column: Column) -> Any:
    if isinstance(column.cell, DayCell):
        return book.add_format({"num_format": "dd-mm-yyyy"})
    # Text keeps all digits of a NIP, and the zeros in front of a code.
    return None if isinstance(column.cell, NumberCell) else book.add_format({"num_format": "@"})


def _choices(kind: Kind, column: Column) -> list[str]:
    reference = kind.references.get(column.field)
    if column.field == kind.within:
        reference = Reference(kind.table, kind.key[0], "")
    if reference is None or reference.key == "nip":
        return list(column.choices)
    code = reference.table.c[reference.key]
    return list(db.session.scalars(select(code).where(*reference.rows()).order_by(code).limit(LISTED)))


def _offer(sheet: Any, lists: Any, number: int, choices: list[str]) -> None:
    from xlsxwriter.utility import xl_col_to_name

    if not choices:
        return
    for row, choice in enumerate(choices):
        lists.write_string(row, number, str(safe_cell(choice)))
    letter = xl_col_to_name(number, col_abs=True)
    sheet.data_validation(
        1,
        number,
        ROWS,
        number,
        {
            "validate": "list",
            "source": f"='_'!{letter}$1:{letter}${len(choices)}",
            "error_title": _("Not in the list"),
            "error_message": _("Choose one of the list."),
        },
    )


def _explain(guide: Any, kind: Kind, heading: Any) -> None:
    guide.set_column(0, 0, 28)
    guide.set_column(1, 1, 12)
    guide.set_column(2, 3, 40)
    for place, title in enumerate((_("Column"), _("Must be filled"), _("Example"), _("Choices"))):
        guide.write_string(0, place, title, heading)
    for row, column in enumerate(kind.columns, start=1):
        guide.write_string(row, 0, str(column.title))
        guide.write_string(row, 1, _("yes") if column.required else _("no"))
        guide.write_string(row, 2, str(safe_cell(column.example)))
        guide.write_string(row, 3, ", ".join(column.choices))
    notes = (
        _("Dates: 31-12-2026, 31/12/2026 or 2026-12-31."),
        _("NIP: keep the column in the format Text; all 18 digits count."),
        _("An empty cell leaves what is recorded already."),
    )
    for row, note in enumerate(notes, start=len(kind.columns) + 2):
        guide.write_string(row, 0, note)
