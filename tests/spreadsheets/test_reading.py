"""What a table from outside may be, and how each other thing is refused."""

from __future__ import annotations

import datetime as dt
import io
import tracemalloc
from pathlib import Path

import pytest

from lms_bridge.spreadsheets import FileRefused, keep_upload, read_rows
from tests.spreadsheets import files

NIP = "197805112003121002"


def cells(path: Path, **options: str) -> list[list[str]]:
    return [row.cells for row in read_rows(path, **options)]


def refusal(path: Path, **options: str) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        list(read_rows(path, **options))
    return refused.value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "daftar"


def test_a_workbook_gives_text_with_the_numbers_of_its_rows(file):
    files.workbook(file, [["DAFTAR"], [], ["NIP", "TMT", "Aktif"], [NIP, dt.date(2024, 1, 2), True], [12, 1.5]])

    rows = list(read_rows(file))

    assert [(row.number, row.cells) for row in rows] == [
        (1, ["DAFTAR", "", ""]),
        (3, ["NIP", "TMT", "Aktif"]),
        (4, [NIP, "2024-01-02", "TRUE"]),
        (5, ["12", "1.5", ""]),
    ]


def test_a_number_beyond_the_precision_of_excel_shows_what_became_of_it(file):
    files.workbook(file, [["NIP"], [int(NIP)]])

    assert cells(file)[1] == ["1.97805E+17"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("mark", [";", ",", "\t"])
def test_csv_is_read_in_every_usual_encoding_and_with_every_usual_delimiter(file, encoding, mark):
    file.write_text(f'NIP{mark}Nama\n{NIP}{mark}"André, S.E.; M.M."\n', encoding)

    assert cells(file) == [["NIP", "Nama"], [NIP, "André, S.E.; M.M."]]


def test_the_line_by_which_excel_tells_the_delimiter_is_no_row(file):
    file.write_text("sep=;\nNIP;Nama\n1;2\n")

    assert cells(file) == [["NIP", "Nama"], ["1", "2"]]


def test_titles_and_degrees_do_not_hide_the_delimiter(file):
    file.write_text("Daftar pegawai, Dinas A, 2026\nNIP;Nama\n1;Ani, S.E.\n2;Budi, S.H.\n")

    assert cells(file)[1:] == [["NIP", "Nama"], ["1", "Ani, S.E."], ["2", "Budi, S.H."]]


def test_an_apostrophe_of_an_export_is_taken_off_again_and_no_other(file):
    file.write_text("a;b\n'=1+1;'Ain\n")

    assert cells(file)[1] == ["=1+1", "'Ain"]


def test_a_formula_with_its_result_is_its_result(file):
    files.workbook(file, [["a"], [1]], formulas={"A3": ("=A2+1", 2)})

    assert cells(file)[2] == ["2"]


@pytest.mark.parametrize("result", ["", "#DIV/0!"])
def test_a_formula_without_result_is_refused_with_its_cell(file, result):
    files.workbook(file, [["a", "b"], [1]], formulas={"B2": ("=A2+1", result)})

    refused = refusal(file)

    assert (refused.reason, refused.what) == ("formula", "B2")
    assert "B2" in refused.detail


def test_macros_are_refused_by_content_and_by_name(file):
    files.workbook(file, [["a"], [1]])

    by_name = refusal(file, name="Pegawai.XLSM").reason
    files.changed_archive(file, add={"xl/vbaProject.bin": b"x"})

    assert (by_name, refusal(file, name="pegawai.xlsx").reason) == ("macros", "macros")


def test_an_honest_bomb_is_refused_by_its_directory_alone(file):
    files.workbook(file, [["a"], [1]])
    files.changed_archive(file, add={"xl/media/image1.png": b"\0" * 301 * 2**20})

    assert refusal(file).reason == "unpacks-too-large"


def test_a_bomb_that_lies_about_its_size_is_refused_without_unpacking_it(file):
    files.lying_bomb(file, real=120 * 2**20, told=5000)
    tracemalloc.start()

    reason = refusal(file).reason
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert reason in {"unpacks-too-large", "damaged"}
    assert peak < 20 * 2**20


@pytest.mark.parametrize(("place", "reason"), [("XFD2", "too-many-columns"), ("A1048576", "too-many-rows")])
def test_one_cell_far_out_is_refused_because_everything_up_to_it_would_be_made(file, place, reason):
    files.workbook(file, [["a"], [1]], formulas={place: ("=1", 1)})

    assert refusal(file).reason == reason


def test_a_file_over_the_limit_is_refused_while_it_comes(file):
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b"x" * size

    stream = Endless()
    with file.open("wb") as target, pytest.raises(FileRefused) as refused:
        keep_upload(stream, target, limit=1_000_000)

    assert refused.value.reason == "too-large"
    assert stream.given < 1_100_000
    assert file.stat().st_size <= 1_000_000


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"  \r\n", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old-excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"<html><table><tr><td>NIP</td></tr></table></html>", "web-page"),
        (b"PK\x03\x04 and nothing more", "damaged"),
        (b"%PDF-1.7", "not-a-table"),
        (b"NIP;Nama\n1;\x00\x01\x02\n", "encoding"),
        ("NIP;Nama\n1;Ani\n".encode("utf-16-le"), "encoding"),
        (b"NIP;Nama\n1;\x81\x8d\n", "encoding"),
        (b'NIP;Nama\n1;"Ani\n2;Budi\n', "quotes"),
    ],
)
def test_what_is_no_table_is_refused_with_its_own_reason(file, content, reason):
    file.write_bytes(content)

    refused = refusal(file)

    assert refused.reason == reason
    assert refused.steps[0]


def test_another_kind_of_workbook_is_refused(file):
    files.workbook(file, [["a"], [1]])
    files.changed_archive(file, add={"xl/workbook.bin": b"x"})

    assert refusal(file).reason == "other-format"
