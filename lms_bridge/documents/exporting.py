"""The answer to somebody who takes a table away, and its entry in the audit log."""

from __future__ import annotations

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
from lms_bridge.documents.table import Stamp, Table
from lms_bridge.documents.xlsx_file import write_xlsx
from lms_bridge.errors import NotFound
from lms_bridge.services.audit import note_export
from lms_bridge.web.downloads import XLSX, download


@dataclass(frozen=True, slots=True)
class _Format:
    write: Callable[[Table, Stamp, IO[bytes]], int]
    mimetype: str


FORMATS = {"csv": _Format(write_csv, "text/csv"), "xlsx": _Format(write_xlsx, XLSX)}


def export_table(table: Table, ending: str) -> Response:
    """Answer with a table as a file, stamped with the person of the session, and note it in the audit log.

    The page must have asked for the permission before. Rows are written one by one, so that a generator over a query
    with ``yield_per`` needs little memory. The entry is stored when the file is ready, also where the address is opened
    by GET; who tells about named people notes them by ``audit_reads`` besides.

    :param ending: ``csv`` or ``xlsx``, as the address says.
    :raises NotFound: another ending.
    :raises TooManyRows: XLSX of more than a million rows.
    """
    if ending not in FORMATS:
        raise NotFound(_("A table can be taken away as csv or xlsx."))
    made_at, zone = now(), ZoneInfo(current.agency.timezone)
    stamp = Stamp(current.agency.name, current.person.name, made_at, zone)
    with ExitStack() as failing:
        # Without a name in any folder: the file is gone when it is closed, after the answer has left.
        file = failing.enter_context(tempfile.TemporaryFile())
        rows = FORMATS[ending].write(table, stamp, file)
        failing.pop_all()
    note_export("table.exported", table=table.name, format=ending, rows=rows, **table.facts)
    name = table.file_name(stamp.day(made_at), ending)
    return download(file, name=name, mimetype=FORMATS[ending].mimetype)
