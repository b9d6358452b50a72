"""A table that somebody takes away: what each format holds, and that nothing in it acts."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import tempfile
import zipfile
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from python_calamine import CalamineWorkbook

from lms_bridge.documents import xlsx_file
from lms_bridge.documents.csv_file import write_csv
from lms_bridge.documents.table import Column, ColumnKind, Stamp, Table
from lms_bridge.documents.xlsx_file import TooManyRows, write_xlsx
from lms_bridge.domain.nip import read_nip

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
NIP = "197805112003121002"
STAMP = Stamp("Kota Nusaraya", "Rahmat", dt.datetime(2026, 11, 25, 17, 42, tzinfo=dt.UTC), ZoneInfo("Asia/Makassar"))
COLUMNS = (
    Column("Name"),
    Column("NIP", ColumnKind.NIP),
    Column("Levels", ColumnKind.WHOLE),
    Column("Mean", ColumnKind.DECIMAL, "Sum of the levels ÷ their number"),
    Column("JPM", ColumnKind.PERCENT),
    Column("Rated on", ColumnKind.DATE),
)
ROW = ("Ani", NIP, 27, Decimal("2.5"), Decimal("88.89"), dt.date(2026, 11, 3))


@pytest.fixture(autouse=True)
def words(bridge_app):
    """The words around the figures need an application."""
    with bridge_app.app_context():
        yield


def table(*rows, columns=COLUMNS, **more):
    return Table("probe.table", "Peta: Kompetensi", columns, rows, "Dinas Pendidikan", **more)


def as_csv(made):
    file = io.BytesIO()
    write_csv(made, STAMP, file)
    return file.getvalue()


def records(made):
    return list(csv.reader(io.StringIO(as_csv(made).decode("utf-8-sig"), newline=""), strict=True))


def as_xlsx(made):
    file = io.BytesIO()
    write_xlsx(made, STAMP, file)
    file.seek(0)
    return CalamineWorkbook.from_filelike(file)


def sheet(made, number=0):
    return as_xlsx(made).get_sheet_by_index(number).to_python()


def test_a_csv_has_its_mark_crlf_points_iso_days_and_the_stamp_at_the_end():
    lines = as_csv(table(ROW)).split(b"\r\n")

    assert lines[0] == b"\xef\xbb\xbfName,NIP,Levels,Mean,JPM,Rated on"
    assert lines[1] == b"Ani,19780511 200312 1 002,27,2.5,88.89,2026-11-03"
    assert (
        lines[2].decode() == '"Diekspor oleh Rahmat, Kota Nusaraya, pada 26 November 2026 pukul 01.42 WITA. '
        'Cakupan: Dinas Pendidikan",,,,,'
    )
    assert lines[3:] == [b""]


def test_a_csv_reads_back_whatever_the_text_holds():
    odd = 'Wati "Tati", S.Kom.;\r\nsecond line 🙂 عربي'

    assert records(table((odd, None, 1, None, None, None)))[1] == [odd, "", "1", "", "", ""]


@pytest.mark.parametrize("text", ["=1+1", "+62 811", "-x", "@SUM(A1)", "\t=1", "＝1"])
def test_text_that_would_act_is_disarmed_in_both_formats(text):
    made = table((text,), columns=(Column("Name"),))

    assert records(made)[1] == [f"'{text}"]
    assert sheet(made)[-1][0] == f"'{text}"


def test_a_negative_number_is_no_formula():
    made = table((Decimal("-1.5"),), columns=(Column("Gap", ColumnKind.DECIMAL),))

    assert records(made)[1] == ["-1.5"]
    assert sheet(made)[-1] == [-1.5]


def test_a_nip_from_an_export_is_taken_by_an_import():
    assert read_nip(records(table(ROW))[1][1]) == NIP
    assert sheet(table(ROW))[-1][1] == NIP


def test_an_xlsx_has_title_agency_scope_day_headings_and_cells_of_their_kind():
    rows = sheet(table(ROW, data_date=dt.date(2026, 11, 1), numbered=True))

    assert [row[0] for row in rows[:4]] == [
        "Peta: Kompetensi",
        "Kota Nusaraya",
        "Dinas Pendidikan",
        "Data per 1 November 2026",
    ]
    assert rows[5] == ["No", "Name", "NIP", "Levels", "Mean", "JPM", "Rated on"]
    assert rows[6] == [1, "Ani", NIP, 27, 2.5, pytest.approx(0.8889), dt.date(2026, 11, 3)]


def test_a_moment_is_the_day_that_it_is_in_the_agency_s_zone():
    late = dt.datetime(2026, 12, 31, 17, tzinfo=dt.UTC)
    made = table((late,), columns=(Column("On", ColumnKind.DATE),))

    assert records(made)[1] == ["2027-01-01"]
    assert sheet(made)[-1] == [dt.date(2027, 1, 1)]


def test_a_figure_that_is_not_shown_is_text_among_numbers():
    made = table(("n < 5",), columns=(Column("People", ColumnKind.WHOLE),))

    assert records(made)[1] == ["n < 5"]
    assert sheet(made)[-1] == ["n < 5"]


def test_the_second_sheet_says_who_when_what_and_how_it_was_computed():
    told = dict(row[:2] for row in sheet(table(ROW, notes=("Source: self-rating",)), number=1))

    assert told["Instansi"] == "Kota Nusaraya"
    assert told["Diekspor oleh"] == "Rahmat"
    assert told["Diekspor pada"] == "26 November 2026, 01.42 WITA"
    assert told["Cakupan dan saringan"] == "Dinas Pendidikan"
    assert told["Baris"] == 1
    assert told["Mean"] == "Sum of the levels ÷ their number"
    assert told["Catatan"] == "Source: self-rating"


def test_an_xlsx_keeps_its_headings_in_sight_and_fits_paper():
    file = io.BytesIO()
    write_xlsx(table(ROW, numbered=True), STAMP, file)
    with zipfile.ZipFile(file) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
        names = archive.read("xl/workbook.xml").decode()

    assert '<pane ySplit="5" topLeftCell="A6"' in xml
    assert '<mergeCell ref="A1:G1"/>' in xml
    assert re.search(r'<pageSetup paperSize="9"[^>]* fitToHeight="0" orientation="landscape"', xml)
    assert "_xlnm.Print_Titles" in names
    assert "halaman &amp;P dari &amp;N" in xml


def test_an_empty_table_is_still_one():
    assert len(records(table())) == 2
    assert sheet(table())[-1][0] == "Name"


def test_a_number_beyond_excel_s_digits_and_text_beyond_its_cells_are_kept_as_far_as_can_be():
    made = table((10**17 + 1, "x" * 40_000), columns=(Column("Id", ColumnKind.WHOLE), Column("Text")))

    assert sheet(made)[-1] == ["100000000000000001", "x" * 32_766 + "…"]


def test_a_row_that_does_not_fit_the_columns_is_a_fault():
    with pytest.raises(ValueError, match=r"row 2 of probe\.table has 1 cells for 6 columns"):
        as_csv(table(ROW, ("Ani",)))


def test_a_list_beyond_a_sheet_is_refused_and_leaves_no_file_behind(monkeypatch, tmp_path):
    monkeypatch.setattr(xlsx_file, "LIMIT_ROWS", 2)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()

    with pytest.raises(TooManyRows):
        as_xlsx(table(ROW, ROW, ROW))

    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_file_is_named_after_the_table():
    assert table().file_name(dt.date(2026, 11, 25), "csv") == "peta-kompetensi-2026-11-25.csv"
