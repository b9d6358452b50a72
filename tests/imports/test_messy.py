"""An analyst imports a messy workbook, mends the error file, and imports that."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from flask_babel import force_locale
from sqlalchemy import func, select

from lms_bridge.db import db
from lms_bridge.imports.error_file import write_error_file
from lms_bridge.models import Import, ImportRow, ImportState, Person
from lms_bridge.spreadsheets import read_rows
from tests.imports import messy
from tests.imports.conftest import applied, check, undone, upload_file
from tests.spreadsheets import files


@pytest.fixture
def messy_file(tmp_path: Path) -> Path:
    path = tmp_path / "pegawai.xlsx"
    messy.write(path)
    return path


def error_rows(row: Import, path: Path, *, locale: str = "id") -> list[list[str]]:
    """Return what the error file holds, headings first."""
    with path.open("wb") as opened, force_locale(locale):
        write_error_file(row.id, opened)
    return [one.cells for one in read_rows(path)]


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Person)) or 0


def test_a_messy_workbook_is_imported_mended_and_imported_again(app, messy_file, tmp_path):
    before = count()

    first = applied(check(upload_file("people", messy_file)))
    headings, *wrong = error_rows(first, tmp_path / "errors.xlsx")
    numbers = [int(row[0]) for row in wrong]
    mended = files.workbook(tmp_path / "mended.xlsx", [headings, *([*messy.good_row(n), "x"] for n in numbers)])
    second = applied(check(upload_file("people", mended)))
    third = applied(check(upload_file("people", mended)))

    faulty = messy.faults_by_number()
    assert first.rows_read == messy.ROWS
    assert sorted(numbers) == sorted(faulty)
    assert (first.rows_new, second.rows_new, third.rows_new) == (messy.ROWS - len(faulty), len(faulty), 0)
    assert second.columns[-1] == ""
    assert count() == before + messy.ROWS
    assert (undone(second).state, undone(first).state) == (ImportState.UNDONE, ImportState.UNDONE)
    assert count() == before


def test_each_fault_of_the_workbook_is_found_for_what_it_is(app, messy_file):
    row = check(upload_file("people", messy_file))

    staged = db.session.scalars(select(ImportRow).where(ImportRow.import_id == row.id, ImportRow.faults.is_not(None)))
    found = Counter(fault.split(":")[1] for one in staged for fault in one.faults)
    assert found == Counter(messy.faults_by_number().values())


def test_the_error_file_explains_in_both_languages_and_nothing_in_it_acts(app, messy_file, tmp_path):
    row = check(upload_file("people", messy_file))

    indonesian = error_rows(row, tmp_path / "id.xlsx")
    english = error_rows(row, tmp_path / "en.xlsx", locale="en")

    assert (indonesian[0][-1], english[0][-1]) == ("Alasan", "Reason")
    assert "telah diubah Excel menjadi bilangan" in indonesian[1][-1]
    assert "was turned into a number by Excel" in english[1][-1]
    content = (tmp_path / "id.xlsx").read_bytes()
    assert not files.formulas(content)
    assert "'+62 811 000" in files.texts(content)
    assert "+62 811 000" not in files.texts(content)
