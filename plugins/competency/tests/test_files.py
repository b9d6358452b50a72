"""Files as proof of a rating or a claim: who adds, sees and removes them."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from lms_bridge_competency.hours.models import Claim
from lms_bridge_competency.privacy import delete_drafts, export_rows
from sqlalchemy import select

from lms_bridge.api import Person, db, now, person_ref

from .conftest import ANI

PDF = b"%PDF-1.7 bukti"


def send(browser, path, content=PDF, name="bukti.pdf"):
    data = {"file": (io.BytesIO(content), name)}
    return browser.post(f"/p/competency{path}", data=data, content_type="multipart/form-data")


def link(browser, path):
    return re.search(r"/p/competency/files/\d+(?=\")", browser.get(path).text)[0]


@pytest.fixture
def rahmat(launch_as):
    return launch_as("rahmat", locale="en")


def person_of(stored):
    with stored.opened():
        return person_ref(db.session.scalar(select(Person.id).where(Person.nip == ANI)))


def test_evidence_of_a_self_rating_is_seen_by_the_superior_while_rating_and_in_the_result(ani, rahmat, stored):
    assert send(ani.browser, "/self-rating/M1/files").status_code == 303
    ani.rate()
    ani.finish()
    root = f"/p/competency/ratings/{person_of(stored).id}"
    rahmat.post(f"{root}/start")

    file = link(rahmat, f"{root}/M1/3")

    assert "Added by" in rahmat.get(f"{root}/M1/3").text
    assert rahmat.get(file).data == PDF
    assert file in rahmat.get(f"/p/competency/results/{ani.result_id()}/explanation").text
    assert "Remove" not in rahmat.get(f"{root}/M1/3").text


def test_others_neither_see_nor_remove_a_file(ani, rahmat, launch_as):
    send(ani.browser, "/self-rating/M1/files")
    file = link(ani.browser, "/p/competency/self-rating/M1/3")

    assert launch_as("budi").get(file).status_code == 403
    assert rahmat.post(f"{file}/remove").status_code == 404
    assert rahmat.get(file).status_code == 404, "nothing of an unfinished rating is seen"
    assert ani.browser.get(file).status_code == 200
    assert ani.browser.post(f"{file}/remove").status_code == 303
    assert ani.browser.get(file).status_code == 404


def test_a_superior_adds_evidence_of_their_own_rating(ani, rahmat, stored):
    root = f"/ratings/{person_of(stored).id}"
    rahmat.post(f"/p/competency{root}/start")

    assert send(rahmat, f"{root}/M1/files").status_code == 303

    file = link(rahmat, f"/p/competency{root}/M1/3")
    assert rahmat.post(f"{file}/remove").headers["Location"].endswith(f"/p/competency{root}/M1")


def test_proof_of_a_claim_is_seen_by_whoever_verifies_it(ani, rahmat, stored):
    ani.post("/hours/enter", form="B6", title="Seminar", day="2026-01-05", amount="1", proof="Surat 1")
    claim = f"/hours/claims/{stored.one(select(Claim.id))}"

    assert send(ani.browser, f"{claim}/files").status_code == 303

    file = link(rahmat, "/p/competency/hours/verify")
    assert rahmat.get(file).data == PDF
    assert ani.browser.post(f"{file}/remove").headers["Location"].endswith(claim)


@pytest.mark.parametrize(("content", "name"), [(b"MZ", "x.exe"), (b"", "x.pdf"), (b"%PDF-" + b"x" * 96, "x.pdf")])
def test_a_file_that_is_refused_leaves_the_rating_as_it_was(ani, monkeypatch, content, name):
    monkeypatch.setattr("lms_bridge.services.attachments.LIMIT_BYTES", 100)
    ani.answer("M1", 3, 2)

    refused = send(ani.browser, "/self-rating/M1/files", content, name)

    assert refused.status_code == 422
    page = ani.get("/self-rating/M1/3").text
    assert page.count("checked") == 3
    assert "/files/" not in page.replace("/M1/files", "")


def test_a_file_needs_a_rating_that_has_begun_and_a_file(learner, ani):
    assert send(learner("maya").browser, "/self-rating/M1/files").status_code == 409
    assert ani.browser.post("/p/competency/self-rating/M1/files").status_code == 422
    assert send(ani.browser, "/self-rating/XX/files").status_code == 404


def test_files_go_with_a_rating_that_was_never_finished(ani, stored):
    send(ani.browser, "/self-rating/M1/files")
    with stored.opened():
        delete_drafts(now() + dt.timedelta(days=1))

    assert stored.rows("core_attachment") == []
    assert stored.rows("core_attachment_content") == []


def test_what_a_result_was_computed_with_stays(ani):
    send(ani.browser, "/self-rating/M1/files")
    file = link(ani.browser, "/p/competency/self-rating/M1/3")
    ani.rate()
    ani.finish()

    assert ani.browser.post(f"{file}/remove").status_code == 409
    assert ani.browser.get(file).status_code == 200


def test_proof_is_fixed_once_it_is_verified_and_a_change_before_is_noticed(ani, rahmat, stored):
    ani.post("/hours/enter", form="B6", title="Seminar", day="2026-01-05", amount="1", proof="Surat 1")
    claim = f"/hours/claims/{stored.one(select(Claim.id))}"
    send(ani.browser, f"{claim}/files")
    page = rahmat.get("/p/competency/hours/verify").text
    file, seen = link(rahmat, "/p/competency/hours/verify"), re.search(r'name="claims" value="([^"]+)"', page)[1]
    send(ani.browser, f"{claim}/files", name="lain.pdf")

    stale = rahmat.post("/p/competency/hours/verify", data={"claims": seen, "go": "verify"})
    page = rahmat.get("/p/competency/hours/verify").text
    again = re.search(r'name="claims" value="([^"]+)"', page)[1]
    verified = rahmat.post("/p/competency/hours/verify", data={"claims": again, "go": "verify"})

    assert (stale.status_code, verified.status_code) == (409, 303)
    assert ani.browser.post(f"{file}/remove").status_code == 409
    assert send(ani.browser, f"{claim}/files").status_code == 409


def test_an_export_holds_nothing_of_a_rating_that_somebody_has_not_finished(ani, rahmat, stored):
    person = person_of(stored)
    rahmat.post(f"/p/competency/ratings/{person.id}/start")
    with stored.opened():
        rows = {part.name: part.rows for part in export_rows(person)}["competency_assessments"]

    assert [row["source"] for row in rows] == ["self"]
