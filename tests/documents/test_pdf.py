"""A document as PDF: the house style, and that no text in it acts."""

from __future__ import annotations

import base64
import datetime as dt
import io
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader

from lms_bridge.documents.document import Document, Facts, Grid, Heading, Paragraph, Signature
from lms_bridge.documents.pdf_file import LIMIT_ROWS, DocumentFailed, write_document, write_table
from lms_bridge.documents.table import Column, ColumnKind, Stamp, Table, TooManyRows
from lms_bridge.models import Paper
from lms_bridge.services.letterhead import LetterheadView

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
STAMP = Stamp("Kota Nusaraya", "Rahmat", dt.datetime(2026, 11, 2, 17, 42, tzinfo=dt.UTC), ZoneInfo("Asia/Makassar"))
HEAD = LetterheadView(lines=("Jalan Merdeka 1, Nusaraya", "Telepon (021) 123"), city="Nusaraya")
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(autouse=True)
def words(bridge_app):
    """The words around the figures need an application."""
    with bridge_app.app_context():
        yield


def pdf(document, head=HEAD):
    file = io.BytesIO()
    write_document(document, STAMP, head, file)
    return file


def pages(file):
    return [" ".join(page.extract_text().split()) for page in PdfReader(file).pages]


def letter(*blocks, **more):
    return Document("probe.letter", "Rapor kompetensi", blocks, "Ani Lestari", **more)


def test_a_document_has_letterhead_day_facts_figures_and_signatures_of_an_office():
    document = letter(
        Heading("A. Hasil"),
        Facts([("Nama", "Ani Lestari, S.A.P.")]),
        Paragraph("Dari sembilan kompetensi, tujuh memenuhi standar."),
        Grid(
            (Column("Kompetensi"), Column("JPM", ColumnKind.PERCENT), Column("NIP", ColumnKind.NIP)),
            [("Integritas", Decimal("88.885"), "197805112003121002")],
        ),
        subject="Rapor",
        signatures=[Signature("Kepala Dinas", "Dr. Hendra Wijaya, M.M.", ("NIP 19780511",), dated=True)],
        data_date=dt.date(2026, 11, 1),
    )

    (page,) = pages(pdf(document))

    for text in (
        "KOTA NUSARAYA",
        "Jalan Merdeka 1, Nusaraya",
        "Nusaraya, 3 November 2026",
        "Hal : Rapor",
        "Data per 1 November 2026",
        "Nama : Ani Lestari, S.A.P.",
        "tujuh memenuhi standar",
        "88,89%",
        "19780511 200312 1 002",
        "Dr. Hendra Wijaya, M.M.",
        "Diekspor oleh Rahmat",
        "halaman 1 dari 1",
    ):
        assert text in page


@pytest.mark.parametrize(
    "text", ["#panic()", "$x^2$", "[b] @ref <label>", "\\u{41} *bold* _it_", '#read("document.json")', '"}]', "عربي 🙂"]
)
def test_no_text_is_read_as_markup(text):
    (page,) = pages(
        pdf(letter(Heading(text), Paragraph(text), Facts([(text, text)]), Grid((Column(text),), [(text,)])))
    )

    if text.isascii():
        assert page.count(text) == 6


def test_the_same_document_is_the_same_file():
    made = [pdf(letter(Paragraph("Sama"))).getvalue() for _ in range(2)]

    assert made[0] == made[1]


@pytest.mark.parametrize(("paper", "landscape", "size"), [(Paper.A4, False, (595, 842)), (Paper.F4, True, (935, 609))])
def test_paper_is_the_agencys_and_lies_for_wide_tables(paper, landscape, size):
    made = pdf(letter(Paragraph("x"), landscape=landscape), LetterheadView(paper=paper))

    box = PdfReader(made).pages[0].mediabox
    assert (round(box.width), round(box.height)) == size


def test_headings_of_a_long_table_stand_on_every_page():
    table = Table("probe.people", "Daftar", (Column("Nama pegawai"),), [(f"Orang {n}",) for n in range(120)], "Dinas")
    file = io.BytesIO()

    rows = write_table(table, STAMP, HEAD, file)

    found = pages(file)
    assert rows == 120 and len(found) > 2
    assert all("Nama pegawai" in page and f"halaman {n} dari {len(found)}" in page for n, page in enumerate(found, 1))


def test_more_rows_than_paper_takes_are_refused():
    table = Table("probe.people", "Daftar", (Column("No"),), (("x",) for _ in range(LIMIT_ROWS + 1)), "Dinas")

    with pytest.raises(TooManyRows):
        write_table(table, STAMP, HEAD, io.BytesIO())


def test_a_logo_stands_in_the_letterhead_and_a_damaged_one_is_told():
    with_logo = pdf(letter(Paragraph("x")), LetterheadView(logo=PIXEL, logo_kind="png"))

    assert PdfReader(with_logo).pages[0].images
    with pytest.raises(DocumentFailed):
        pdf(letter(Paragraph("x")), LetterheadView(logo=PIXEL[:20], logo_kind="png"))
