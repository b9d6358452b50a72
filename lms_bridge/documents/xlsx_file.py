"""XLSX for people, in the house style of Indonesian offices: title rows, frozen headings, and a sheet that explains."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from typing import IO, Any

from flask_babel import gettext as _

from lms_bridge.documents.table import NUMBERS, Column, ColumnKind, Stamp, Table, TooManyRows, Value
from lms_bridge.domain.spreadsheet import safe_cell
from lms_bridge.web.formats import clock, day

LIMIT_ROWS = 1_000_000
"""Rows of one sheet; Excel's own limit is 1,048,576."""
LONGEST = 32_767
"""Characters in one cell; Excel's own limit."""
NARROW, WIDE = 8, 60
_EXACT = 10**15
"""Excel keeps fifteen digits of a number."""
_A4 = 9
_LANDSCAPE_FROM = 7
"""So many columns do not fit an upright sheet of paper."""


def write_xlsx(table: Table, stamp: Stamp, target: IO[bytes]) -> int:
    """Write a table and the sheet about it; returns the number of its rows.

    Rows go to a temporary file one by one, which is gone afterwards whatever happens: they may tell about people.

    :raises TooManyRows: it has more than a sheet takes.
    """
    # Loaded when it is used: every web worker would hold it, and few ever write a list.
    import xlsxwriter

    with tempfile.TemporaryDirectory(prefix="lms-bridge-xlsx-") as folder:
        book = xlsxwriter.Workbook(target, {"constant_memory": True, "tmpdir": folder})
        book.set_properties({"title": str(table.title), "author": stamp.person, "company": stamp.agency})
        try:
            written = _Sheet(book, table, stamp).write()
            _write_about(book, table, stamp, written)
        finally:
            book.close()
    return written


class _Sheet:
    """The sheet with the rows."""

    def __init__(self, book: Any, table: Table, stamp: Stamp) -> None:
        self.table, self.stamp = table, stamp
        self.columns = table.shown_columns()
        self.sheet = book.add_worksheet(_("Data"))
        self.title = book.add_format({"bold": True, "font_size": 14, "align": "center", "valign": "vcenter"})
        self.under = book.add_format({"align": "center"})
        self.heading = book.add_format(
            {
                "bold": True,
                "border": 1,
                "align": "center",
                "valign": "vcenter",
                "text_wrap": True,
                "bg_color": "#E6ECF2",
            }
        )
        self.formats = [book.add_format(_format(column)) for column in self.columns]
        self.text = book.add_format({"border": 1, "valign": "top"})
        self.widths = [min(max(NARROW, len(str(column.heading)) + 2), WIDE) for column in self.columns]

    def write(self) -> int:
        """Write titles, headings and rows; returns how many rows."""
        first = self._titles()
        for place, column in enumerate(self.columns):
            self.sheet.write_string(first - 1, place, safe_cell(str(column.heading)), self.heading)
        written = 0
        for row in self.table.shown_rows():
            if written == LIMIT_ROWS:
                raise TooManyRows(_("A sheet holds at most %(limit)s rows.", limit=f"{LIMIT_ROWS:,}"))
            for place, value in enumerate(row):
                self._cell(first + written, place, value)
            written += 1
        self._arrange(first, written)
        return written

    def _titles(self) -> int:
        """Write what stands above the headings; returns the row below them."""
        table, last = self.table, len(self.columns) - 1
        lines = [str(table.title), self.stamp.agency, str(table.scope)]
        if table.data_date:
            lines.append(_("Data as of %(day)s", day=day(table.data_date)))
        for number, line in enumerate(lines):
            style = self.under if number else self.title
            if last:
                self.sheet.merge_range(number, 0, number, last, safe_cell(line), style)
            else:
                self.sheet.write_string(number, 0, safe_cell(line), style)
        return len(lines) + 2

    def _cell(self, row: int, place: int, value: Value) -> None:
        kind, style = self.columns[place].kind, self.formats[place]
        if value is None:
            self.sheet.write_blank(row, place, None, style)
            return
        if isinstance(value, (int, float, Decimal)) and kind in NUMBERS and -_EXACT < value < _EXACT:
            shown = float(value) / 100 if kind is ColumnKind.PERCENT else value
            self.sheet.write_number(row, place, shown, style)
            return
        if kind is ColumnKind.DATE and not isinstance(value, (str, int, float, Decimal)):
            self.sheet.write_datetime(row, place, self.stamp.day(value), style)
            return
        text = safe_cell(str(value))
        text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
        self.widths[place] = min(max(self.widths[place], len(text) + 2), WIDE)
        self.sheet.write_string(row, place, text, self.text if kind in NUMBERS else style)

    def _arrange(self, first: int, written: int) -> None:
        """Fit widths, freeze the headings, and prepare the sheet for paper."""
        sheet, last = self.sheet, len(self.columns) - 1
        for place, column in enumerate(self.columns):
            least = {ColumnKind.DATE: 12, ColumnKind.NIP: 21}.get(column.kind, NARROW)
            sheet.set_column(place, place, max(self.widths[place], least))
        sheet.freeze_panes(first, 0)
        sheet.autofilter(first - 1, 0, first - 1 + written, last)
        sheet.set_paper(_A4)
        if len(self.columns) >= _LANDSCAPE_FROM:
            sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(first - 1)
        sheet.set_footer("&R" + _("page %(page)s of %(pages)s", page="&P", pages="&N"))


def _format(column: Column) -> dict[str, Any]:
    decimals = "." + "0" * column.digits if column.digits else ""
    styles: dict[ColumnKind, dict[str, Any]] = {
        ColumnKind.TEXT: {"text_wrap": True},
        ColumnKind.WHOLE: {"num_format": "#,##0"},
        ColumnKind.DECIMAL: {"num_format": f"#,##0{decimals}"},
        ColumnKind.PERCENT: {"num_format": f"0{decimals}%"},
        ColumnKind.DATE: {"num_format": "dd-mm-yyyy", "align": "center"},
        ColumnKind.NIP: {"num_format": "@", "align": "center"},
    }
    return {"border": 1, "valign": "top", **styles[column.kind]}


def _write_about(book: Any, table: Table, stamp: Stamp, written: int) -> None:
    """Write the sheet that says what the table is, whose it is, and what its columns mean."""
    sheet = book.add_worksheet(_("About"))
    name = book.add_format({"bold": True, "valign": "top", "text_wrap": True})
    text = book.add_format({"valign": "top", "text_wrap": True})
    sheet.set_column(0, 0, 28, name)
    sheet.set_column(1, 1, 90, text)
    facts: list[tuple[Any, Any]] = [
        (_("Table"), table.title),
        (_("Agency"), stamp.agency),
        (_("Exported by"), stamp.person),
        (_("Exported at"), f"{day(stamp.moment, zone=stamp.zone)}, {clock(stamp.moment, zone=stamp.zone)}"),
        (_("Scope and filters"), table.scope),
        (_("Data as of"), day(table.data_date) if table.data_date else _("the moment of the export")),
        (_("Rows"), written),
        *((column.heading, column.meaning) for column in table.columns if str(column.meaning)),
        *((_("Note"), note) for note in table.notes),
    ]
    for row, (what, told) in enumerate(facts):
        sheet.write_string(row, 0, safe_cell(str(what)), name)
        if isinstance(told, int):
            sheet.write_number(row, 1, told, book.add_format({"num_format": "#,##0", "align": "left"}))
        else:
            sheet.write_string(row, 1, safe_cell(str(told)), text)
