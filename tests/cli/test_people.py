"""``lms-bridge people``: a list is imported, explained and taken back on the command line."""

from __future__ import annotations

import pytest

from lms_bridge.spreadsheets import read_rows
from tests.spreadsheets import files

HEADINGS = ["NIP", "Nama", "Golongan"]
SITI = ["199001012015032001", "Siti Aminah, S.E.", "III/b"]


@pytest.fixture
def listed(tmp_path):
    return files.workbook(tmp_path / "pegawai.xlsx", [HEADINGS, SITI, ["1.97809E+17", "Rusak", ""]])


def people(ask):
    return {nip for (nip,) in ask("SELECT nip FROM core_person")}


def test_a_dry_run_tells_what_would_happen_and_changes_nothing(command, ask, listed):
    before = people(ask)

    told = command("people", "import", str(listed), "--agency", "demo", "--dry-run")

    assert told.exit_code == 1
    assert "Would make 1 and change 0 of 2 rows." in told.output
    assert people(ask) == before


def test_good_rows_are_applied_and_the_others_explained_in_a_file(command, ask, listed):
    told = command("people", "import", str(listed), "--agency", "demo")
    rows = [row.cells for row in read_rows(listed.with_name("pegawai-errors.xlsx"))]

    assert told.exit_code == 1
    assert "1 made, 0 changed, of 2 rows" in told.output
    assert SITI[0] in people(ask)
    assert rows[1][:2] == ["1.97809E+17", "Rusak"]
    assert "Excel" in rows[1][3]


def test_an_import_is_listed_and_undone_once(command, ask, listed):
    before = people(ask)
    command("people", "import", str(listed), "--agency", "demo")

    listing = command("people", "imports", "--agency", "demo").output
    first = command("people", "undo", "1", "--agency", "demo")
    second = command("people", "undo", "1", "--agency", "demo")

    assert "done\tread 2, new 1, changed 0, faulty 1" in listing
    assert (first.exit_code, second.exit_code) == (0, 1)
    assert people(ask) == before


def test_an_unknown_heading_is_told_once_and_remembered(command, tmp_path):
    listed = str(files.workbook(tmp_path / "own.xlsx", [["Nomor", "Nama"], SITI[:2]]))

    unknown = command("people", "import", listed, "--agency", "demo", "--dry-run")
    told = command("people", "import", listed, "--agency", "demo", "--dry-run", "--column", "Nomor=nip")
    remembered = command("people", "import", listed, "--agency", "demo", "--dry-run")

    assert unknown.exit_code == 1
    assert "No column is nip. Headings are Nomor, Nama" in unknown.output
    assert told.exit_code == 0
    assert "Would make 1" in remembered.output


def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(command, tmp_path):
    file = tmp_path / "lama.xls"
    file.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)

    told = command("people", "import", str(file), "--agency", "demo")

    assert told.exit_code == 1
    assert "old Excel file" in told.output
    assert "Save as" in told.output


@pytest.mark.parametrize("kind", ["units", "posts", "people", "placements", "programmes", "participants"])
def test_a_template_filled_in_as_its_example_is_understood(command, tmp_path, kind):
    file = tmp_path / "template.xlsx"

    made = command("people", "template", kind, str(file), "--agency", "demo")
    headings = [cell.removesuffix(" *") for cell in next(read_rows(file)).cells]
    listed = files.workbook(tmp_path / "list.xlsx", [headings, ["x"] * len(headings)])
    told = command("people", "import", str(listed), "--agency", "demo", "--kind", kind, "--dry-run")

    assert made.exit_code == 0
    assert "of 1 rows" in told.output
    assert files.validations(file.read_bytes())
