"""The error file: the faulty rows as they came, each with what is wrong. Mended, it is imported as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from flask_babel import gettext as _
from sqlalchemy import select

from lms_bridge.db import db
from lms_bridge.domain.spreadsheet import safe_cell
from lms_bridge.imports.faults import Fault
from lms_bridge.imports.kinds import Kind
from lms_bridge.imports.store import get_import, kind_of
from lms_bridge.models import ImportRow

_R = ImportRow.__table__
BATCH = 1_000


def write_error_file(import_id: int, target: IO[bytes]) -> int:
    """Write the faulty rows with their reasons as XLSX, in the language of the reader; returns how many."""
    # Loaded when it is used: every web worker would hold it, and few ever write a list.
    import xlsxwriter

    row = get_import(import_id)
    kind = kind_of(row)
    book = xlsxwriter.Workbook(target, {"constant_memory": True, "in_memory": False})
    sheet = book.add_worksheet(_("Errors")[:31])
    text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True})
    reason = book.add_format({"text_wrap": True, "font_color": "#9c0006"})
    width = len(row.headings)
    sheet.set_column(0, max(width - 1, 0), 22, text)
    sheet.set_column(width, width, 70, reason)
    sheet.freeze_panes(1, 0)
    for column, heading in enumerate([*row.headings, _("Reason")]):
        sheet.write_string(0, column, str(safe_cell(heading)), bold)
    written = 0
    faulty = select(_R.c.cells, _R.c.faults).where(_R.c.import_id == import_id, _R.c.faults.is_not(None))
    for cells, faults in db.session.execute(faulty.order_by(_R.c.number).execution_options(yield_per=BATCH)):
        written += 1
        for column, cell in enumerate(cells[:width]):
            sheet.write_string(written, column, str(safe_cell(cell)), text)
        sheet.write_string(written, width, reasons(kind, faults), reason)
    book.close()
    return written


def reasons(kind: Kind, faults: Sequence[str]) -> str:
    """Return all that is wrong with a row, in the language of the reader."""
    sentences = []
    for fault in map(Fault.parse, faults):
        column = kind.column(fault.field)
        sentences.append(fault.sentence(column.title if column else fault.field))
    return " ".join(sentences)
