"""Files as proof: what is taken, how it is handed out, and that it goes with the person."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import func, select

from lms_bridge.api import (
    AttachmentRefused,
    NotFound,
    add_attachment,
    attachment,
    attachments_at,
    person_ref,
    remove_attachment,
    send_attachment,
)
from lms_bridge.db import acting_as, db, now
from lms_bridge.models import Agency, Attachment, AttachmentContent, Person
from lms_bridge.services.attachments import LIMIT_BYTES, MOST_EACH
from lms_bridge.services.personal_data import erase_core

PDF, PNG, JPEG = b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"


@pytest.fixture
def agency(bridge_app):
    with bridge_app.test_request_context():
        agency = db.session.scalar(select(Agency.id).where(Agency.code == "demo"))
        with acting_as(agency):
            yield agency
        db.session.rollback()


@pytest.fixture
def person(agency):
    return person_ref(db.session.scalars(select(Person.id).order_by(Person.id)).first())


def add(person, content=PDF, *, name="surat.pdf", place="test.claim:1"):
    return add_attachment(io.BytesIO(content), place=place, name=name, person=person, by=person, now=now())


@pytest.mark.parametrize(
    ("content", "name", "kept"),
    [
        (PDF, "surat tugas.pdf", "surat tugas.pdf"),
        (PNG, "foto.exe", "foto.png"),
        (JPEG, "C:\\Users\\ani\\foto.jpeg", "foto.jpg"),
        (PDF, "../../etc/passwd", "passwd.pdf"),
        (PDF, "\x00\n.pdf", "file.pdf"),
        (PDF, "x" * 400, "x" * 200 + ".pdf"),
    ],
)
def test_a_file_is_named_by_what_it_is(person, content, name, kept):
    assert add(person, content, name=name).name == kept


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"MZ\x90\x00", "type"),
        (b"<html><script>alert(1)</script>", "type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "type"),
        (PDF + b"x" * LIMIT_BYTES, "too-large"),
    ],
)
def test_what_is_no_proof_is_refused(person, content, reason):
    with pytest.raises(AttachmentRefused) as refused:
        add(person, content)

    assert refused.value.reason == reason
    assert attachments_at(["test.claim:1"]) == {}


def test_the_largest_file_is_taken_whole(person):
    content = PDF + b"x" * (LIMIT_BYTES - len(PDF))

    kept = add(person, content)

    answer = send_attachment(kept.id)
    answer.direct_passthrough = False
    assert (kept.size, answer.get_data()) == (LIMIT_BYTES, content)


def test_a_place_takes_a_few_files(person):
    for _number in range(MOST_EACH):
        add(person)

    with pytest.raises(AttachmentRefused) as refused:
        add(person)

    assert refused.value.reason == "too-many"
    assert len(attachments_at(["test.claim:1", "test.claim:2"])["test.claim:1"]) == MOST_EACH
    assert add(person, place="test.claim:2").place == "test.claim:2"


def test_a_file_is_handed_out_as_a_download_that_runs_nothing(person):
    answer = send_attachment(add(person, name="surat.pdf").id)

    assert answer.headers["Content-Disposition"] == "attachment; filename=surat.pdf"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_what_is_removed_is_gone_with_its_content(person):
    kept = add(person)

    remove_attachment(kept.id)

    with pytest.raises(NotFound):
        attachment(kept.id)
    assert db.session.scalar(select(func.count()).select_from(AttachmentContent)) == 0


def test_another_agency_has_no_such_file(other_agency, person):
    kept = add(person)

    with acting_as(other_agency.id), pytest.raises(NotFound):
        attachment(kept.id)


def test_files_about_somebody_go_when_they_are_erased(person):
    add(person)

    erase_core(person, now=now(), today=now().date())

    assert db.session.scalar(select(func.count()).select_from(Attachment)) == 0
    assert db.session.scalar(select(func.count()).select_from(AttachmentContent)) == 0
