"""The console's page of the letterhead."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from pypdf import PdfReader

from lms_bridge.testing.browser import Browser
from tests.documents.test_pdf import PIXEL

FORM = {"lines": "Jalan Merdeka 1\nTelepon 123", "city": "Nusaraya", "paper": "f4"}


@pytest.fixture
def analyst(console_as: Callable[..., Browser]) -> Browser:
    return console_as("dewi")


def sample(analyst: Browser) -> PdfReader:
    return PdfReader(io.BytesIO(analyst.get("/console/letterhead/sample.pdf").data))


def test_the_analyst_chooses_it_and_documents_begin_with_it(analyst: Browser) -> None:
    saved = analyst.post("/console/letterhead", data={**FORM, "logo": (io.BytesIO(PIXEL), "logo.png")})

    page = sample(analyst).pages[0]
    assert saved.status_code == 303
    assert "Jalan Merdeka 1" in page.extract_text() and "Nusaraya, " in page.extract_text()
    assert page.images and round(page.mediabox.height) == 935


def test_the_logo_stays_until_it_is_taken_away(analyst: Browser) -> None:
    analyst.post("/console/letterhead", data={**FORM, "logo": (io.BytesIO(PIXEL), "logo.png")})

    analyst.post("/console/letterhead", data=FORM)
    kept = bool(sample(analyst).pages[0].images)
    analyst.post("/console/letterhead", data={**FORM, "remove_logo": "true"})

    assert kept and not sample(analyst).pages[0].images


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("logo", (b"GIF89a", "logo.png"), "Pilih gambar PNG atau JPEG."),
        ("logo", (PIXEL[:20], "logo.png"), "Gambar ini tidak dapat dibaca."),
        ("logo", (b"\xff\xd8\xff" + b"0" * 200_000, "logo.jpg"), "lebih dari 200 kB"),
        ("lines", "1\n2\n3\n4\n5", "Paling banyak empat baris."),
        ("paper", "a0", "perlu diperbaiki"),
    ],
)
def test_what_cannot_be_used_is_said_beside_its_field_and_what_was_typed_stays(
    analyst: Browser, field: str, value: object, told: str
) -> None:
    sent = (io.BytesIO(value[0]), value[1]) if isinstance(value, tuple) else value

    page = analyst.post("/console/letterhead", data={**FORM, field: sent})

    assert page.status_code == 422
    assert told in page.text
    assert "Telepon" in page.text or field == "lines"
    assert "Jalan Merdeka" not in sample(analyst).pages[0].extract_text()


def test_only_the_analyst_chooses_it(console_as: Callable[..., Browser]) -> None:
    admin = console_as("admin")

    assert admin.get("/console/letterhead").status_code == 403
    assert admin.post("/console/letterhead", data=FORM).status_code == 403
