"""From the file to staged rows: headings first, then rows, checked and stored in chunks of less than a second."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from lms_bridge.db import current_agency, db
from lms_bridge.engine import only_reading
from lms_bridge.imports.applying import count_changes, refresh_statistics
from lms_bridge.imports.checking import Checker, key_of
from lms_bridge.imports.faults import Fault
from lms_bridge.imports.headings import SEARCHED, find_headings, guess_columns
from lms_bridge.imports.kinds import Kind
from lms_bridge.imports.store import get_import, hold, kept_file, kind_of, release, remembered_columns
from lms_bridge.models import Import, ImportRow, ImportState
from lms_bridge.spreadsheets import FileRefused, Row, read_rows

CHUNK = 500
_R = ImportRow.__table__
Told = Callable[[int, int], None]
"""Is called after each chunk with the number of rows read and that of all rows."""


def read_headings(import_id: int, lease: str) -> None:
    """Find the headings of the file, count its rows and guess what the columns are; then somebody confirms it."""
    with only_reading():
        row = get_import(import_id)
        db.session.expunge(row)
        remembered = remembered_columns(row.kind)
        with kept_file(import_id) as path:
            db.session.rollback()
            try:
                rows = read_rows(path, name=row.file_name)
                first = list(islice(rows, SEARCHED))
                headings = find_headings(first, kind_of(row))
                total = sum(each.number > headings.row for each in first) + sum(1 for _ in rows)
                if not total:
                    raise FileRefused("empty")
            except FileRefused as error:
                found: dict[str, Any] = {"refusal": error.reason, "refused_at": error.what[:255] or None}
            else:
                columns = guess_columns(headings.texts, kind_of(row), remembered)
                found = {"heading_row": headings.row, "headings": headings.texts, "columns": columns}
                found["rows_total"] = total
    release(import_id, lease, ImportState.REFUSED if "refusal" in found else ImportState.MAPPING, **found)
    db.session.commit()


def stage(import_id: int, lease: str, *, told: Told = lambda done, total: None) -> None:
    """Check and store the rows that are not stored yet, then count what applying them would do.

    Each chunk is a transaction of its own that also says how far it came: whoever goes on after a kill -9 begins there.
    """
    with only_reading():
        row = get_import(import_id)
        db.session.expunge(row)
        kind = kind_of(row)
        checker = Checker(kind, row.columns, _keys(import_id, kind))
        with kept_file(import_id) as path:
            db.session.rollback()
            for chunk in _chunks(_left(path, row)):
                checked = checker.check(chunk)
                db.session.rollback()
                row.rows_read += len(chunk)
                row.rows_faulty += sum(one["faults"] is not None for one in checked)
                with only_reading(False):
                    _store(row, lease, checked)
                told(row.rows_read, row.rows_total)
            if kind.check and (faults := kind.check(import_id)):
                db.session.rollback()
                with only_reading(False):
                    _mark(import_id, lease, faults, _cells(path, row, faults))
    refresh_statistics()
    with only_reading():
        new, changed, faulty = count_changes(import_id, kind)
        db.session.rollback()
    release(import_id, lease, ImportState.READY, rows_new=new, rows_changed=changed, rows_faulty=faulty)
    db.session.commit()


def _left(path: Path, row: Import) -> Iterator[Row]:
    start = max(row.last_row, row.heading_row)
    return (each for each in read_rows(path, name=row.file_name) if each.number > start)


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _store(row: Import, lease: str, checked: list[dict[str, Any]]) -> None:
    owner = {"import_id": row.id, "agency_id": current_agency()}
    db.session.execute(insert(_R), [{**owner, **one} for one in checked])
    progress = {"last_row": checked[-1]["number"], "rows_read": row.rows_read, "rows_faulty": row.rows_faulty}
    hold(row.id, lease, **progress)
    db.session.commit()


def _cells(path: Path, row: Import, numbers: Container[int]) -> dict[int, list[str]]:
    rows = read_rows(path, name=row.file_name)
    return {each.number: each.cells for each in rows if each.number in numbers}


def _mark(import_id: int, lease: str, faults: dict[int, Fault], cells: dict[int, list[str]]) -> None:
    marking = update(_R).where(_R.c.import_id == import_id, _R.c.number == bindparam("row"))
    marking = marking.values(faults=bindparam("why"), cells=bindparam("original"), values=None)
    rows = [{"row": number, "why": [str(fault)], "original": cells[number]} for number, fault in faults.items()]
    db.session.connection().execute(marking, rows)
    hold(import_id, lease)
    db.session.commit()


def _keys(import_id: int, kind: Kind) -> dict[tuple[Any, ...], int]:
    """Return the natural keys that were staged before this worker took over."""
    good = select(_R.c.number, _R.c["values"]).where(_R.c.import_id == import_id, _R.c.faults.is_(None))
    return {key_of(kind, values): number for number, values in db.session.execute(good)}
