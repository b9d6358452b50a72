"""The answer to somebody who takes a table or a document away, and its entry in the audit log."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO
from zoneinfo import ZoneInfo

from flask import Response
from flask_babel import gettext as _

from lms_bridge.context import current
from lms_bridge.db import now
from lms_bridge.documents.csv_file import write_csv
from lms_bridge.documents.document import Document
from lms_bridge.documents.pdf_file import write_document, write_table
from lms_bridge.documents.table import Stamp, Table
from lms_bridge.documents.xlsx_file import write_xlsx
from lms_bridge.errors import NotFound
from lms_bridge.services.audit import note_export
from lms_bridge.services.letterhead import letterhead
from lms_bridge.web.downloads import XLSX, download


@dataclass(frozen=True, slots=True)
class _Format:
    write: Callable[[Table, Stamp, IO[bytes]], int]
    mimetype: str


def _write_pdf(table: Table, stamp: Stamp, target: IO[bytes]) -> int:
    return write_table(table, stamp, letterhead(), target)


PDF = "application/pdf"
FORMATS = {
    "csv": _Format(write_csv, "text/csv"),
    "xlsx": _Format(write_xlsx, XLSX),
    "pdf": _Format(_write_pdf, PDF),
}


def export_table(table: Table, ending: str) -> Response:
    """Answer with a table as a file, stamped with the person of the session, and note it in the audit log.

    The page must have asked for the permission before. As CSV and XLSX rows are written one by one, so that a generator
    over a query with ``yield_per`` needs little memory. The entry is stored when the file is ready, also where the
    address is opened by GET; who tells about named people notes them by ``audit_reads`` besides.

    :param ending: ``csv``, ``xlsx`` or ``pdf``, as the address says.
    :raises NotFound: another ending.
    :raises TooManyRows: XLSX of more than a million rows, PDF of more than 2,000.
    :raises DocumentFailed: the PDF could not be made.
    """
    if ending not in FORMATS:
        raise NotFound(_("A table can be taken away as csv, xlsx or pdf."))
    stamp = stamp_of_now()
    with ExitStack() as failing:
        # Without a name in any folder: the file is gone when it is closed, after the answer has left.
        file = failing.enter_context(tempfile.TemporaryFile())
        rows = FORMATS[ending].write(table, stamp, file)
        failing.pop_all()
    note_export("table.exported", table=table.name, format=ending, rows=rows, **table.facts)
    name = table.file_name(stamp.day(stamp.moment), ending)
    return download(file, name=name, mimetype=FORMATS[ending].mimetype)


def export_document(document: Document) -> Response:
    """Answer with a document as PDF with the agency's letterhead, stamped and noted as ``export_table`` does.

    The page must have asked for the permission before; who tells about named people notes them by ``audit_reads``
    besides.

    :raises TooManyRows: its tables have more than 2,000 rows.
    :raises DocumentFailed: the PDF could not be made.
    """
    stamp, file = stamp_of_now(), io.BytesIO()
    write_document(document, stamp, letterhead(), file)
    note_export("document.exported", document=document.name, format="pdf", **document.facts)
    return download(file, name=document.file_name(stamp.day(stamp.moment)), mimetype=PDF)


def stamp_of_now() -> Stamp:
    """Return the stamp of whoever takes something away in this session, now."""
    return Stamp(current.agency.name, current.person.name, now(), ZoneInfo(current.agency.timezone))
