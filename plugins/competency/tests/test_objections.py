"""Somebody disagrees with a level: until when, who decides, and what a decision changes."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from lms_bridge_competency.models import Result, ResultLine
from lms_bridge_competency.objections.models import Objection, ObjectionState
from lms_bridge_competency.privacy import erase_rows, export_rows
from sqlalchemy import select

from lms_bridge.api import Person, db, gaps_of, person_ref

from .conftest import ANI

OBJECTIONS = "/p/competency/objections"
M3 = "asn-38-2017:M3"


@pytest.fixture
def rated(ani):
    """Ani's result says that she lacks a level in communication."""
    ani.rate({"M3": 2})
    ani.finish()
    return ani


@pytest.fixture
def rahmat(launch_as):
    return launch_as("rahmat", locale="en")


def shown(learner):
    """Return the id of the result that stands."""
    learner.get("/self-rating")
    return learner.result_id()


def object_to(learner, competency=M3, reason="Saya menulis <i>siaran pers</i>"):
    return learner.browser.post(
        f"/p/competency/results/{shown(learner)}/objections", data={"competency": competency, "reason": reason}
    )


def number(browser):
    return re.search(r"/objections/(\d+)", browser.get(OBJECTIONS).text)[1]


def decide(browser, go, *, level="", answer="Bukti diterima"):
    data = {"go": go, "level": level, "answer": answer}
    return browser.post(f"{OBJECTIONS}/{number(browser)}", data=data)


def line(stored, code="M3"):
    rows = select(ResultLine).where(ResultLine.competency == f"asn-38-2017:{code}")
    return stored.one(rows.order_by(ResultLine.id.desc()))


def test_an_upheld_objection_counts_before_all_raters_and_closes_the_gap(rated, rahmat, stored):
    assert object_to(rated).status_code == 303
    assert "Decide upon 1 objection" in rahmat.get("/").text
    assert "Saya menulis &lt;i&gt;siaran pers&lt;/i&gt;" in rahmat.get(OBJECTIONS).text

    assert decide(rahmat, "uphold", level="3").status_code == 303

    assert (line(stored).attained, line(stored).gap) == (3, 0)
    with stored.opened():
        assert gaps_of(person_ref(db.session.scalar(select(Person.id).where(Person.nip == ANI)))) == []
    newest = stored.one(select(Result).order_by(Result.id.desc()))
    page = rated.get(f"/results/{newest.id}").text
    assert "Upheld" in page
    assert "Bukti diterima" in page
    assert "Decision upon an objection" in page
    assert [row.value for row in stored.rows("core_person_score")] == [1]


def test_one_that_is_turned_down_changes_nothing_and_says_why(rated, launch_as, stored):
    object_to(rated)
    dewi = launch_as("dewi", locale="en")

    assert decide(dewi, "turn-down", level="5", answer="Belum ada bukti").status_code == 303

    assert stored.count(Result) == 1
    assert (stored.one(select(Objection)).state, stored.one(select(Objection)).level) == (
        ObjectionState.TURNED_DOWN,
        None,
    )
    assert "Belum ada bukti" in rated.get(f"/results/{shown(rated)}").text


def test_a_decision_lasts_through_later_ratings_of_the_cycle(rated, rahmat, stored):
    object_to(rated)
    decide(rahmat, "uphold", level="4")
    rated.answer("M1", 3, 0)
    rated.answer("M1", 2, 3)
    rated.finish()

    assert (line(stored, "M3").attained, line(stored, "M1").attained) == (4, 2)


@pytest.mark.parametrize(
    ("go", "level", "answer"), [("uphold", "", "Ya"), ("uphold", "6", "Ya"), ("turn-down", "", " ")]
)
def test_a_decision_needs_a_level_and_an_answer(rated, rahmat, stored, go, level, answer):
    object_to(rated)

    assert decide(rahmat, go, level=level, answer=answer).status_code == 422
    assert stored.one(select(Objection)).state is ObjectionState.OPEN


def test_what_is_decided_or_taken_back_cannot_be_decided_again(rated, rahmat, stored):
    object_to(rated)
    path = f"{OBJECTIONS}/{number(rahmat)}"
    assert rated.browser.post(f"{path}/withdraw").status_code == 303

    answer = rahmat.post(path, data={"go": "uphold", "level": "3", "answer": "Ya"})

    assert answer.status_code == 409
    assert line(stored).attained == 2
    assert object_to(rated).status_code == 303


def test_one_objection_waits_for_each_level(rated, stored):
    object_to(rated)

    assert object_to(rated).status_code == 409
    assert object_to(rated, "asn-38-2017:M1").status_code == 303
    assert stored.count(Objection) == 2


def test_an_objection_is_possible_for_the_days_that_the_agency_allows(rated, stored):
    with stored.opened():
        result = db.session.scalar(select(Result))
        result.computed_at -= dt.timedelta(days=14)

    assert object_to(rated).status_code == 409
    assert "Object to this level" not in rated.get(f"/results/{shown(rated)}/explanation").text


def test_an_earlier_result_takes_no_objection(rated, stored):
    first = shown(rated)
    rated.answer("M1", 3, 0)
    rated.answer("M1", 2, 3)
    rated.finish()
    data = {"competency": M3, "reason": "Terlalu rendah"}

    assert rated.browser.post(f"/p/competency/results/{first}/objections", data=data).status_code == 409


def test_nobody_decides_upon_their_own_or_what_is_not_theirs(rated, launch_as, stored):
    object_to(rated)
    objection = stored.one(select(Objection))
    data = {"go": "uphold", "level": "5", "answer": "Ya"}

    assert rated.browser.post(f"{OBJECTIONS}/{objection.id}", data=data).status_code == 403
    assert launch_as("budi").post(f"{OBJECTIONS}/{objection.id}", data=data).status_code == 403
    assert launch_as("rahmat").post(f"{OBJECTIONS}/{objection.id}/withdraw").status_code == 404
    other = launch_as("rahmat").post(f"/p/competency/results/{objection.result_id}/objections", data={})
    assert other.status_code == 404
    assert stored.one(select(Objection)).state is ObjectionState.OPEN


@pytest.mark.parametrize("reason", ["", " ", "x" * 1001])
def test_an_objection_needs_a_reason_of_some_length(rated, stored, reason):
    assert object_to(rated, reason=reason).status_code == 422
    assert stored.count(Objection) == 0


def test_objections_are_exported_and_erased_with_the_person(rated, rahmat, stored):
    object_to(rated)
    decide(rahmat, "uphold", level="3")
    with stored.opened():
        person = person_ref(db.session.scalar(select(Person.id).where(Person.nip == ANI)))
        parts = {part.name: part.rows for part in export_rows(person)}
        assert [row["answer"] for row in parts["competency_objections"]] == ["Bukti diterima"]
        erase_rows(person)
    assert stored.count(Objection) == 0


def test_a_decision_after_new_year_counts_for_the_ratings_of_the_old_one(rated, rahmat, stored):
    object_to(rated)
    with stored.opened():
        for row in (*db.session.scalars(select(Result)), *db.session.scalars(select(Objection))):
            row.cycle = "2025"
            if isinstance(row, Result):
                row.inputs = {**row.inputs, "sources": {"self": {**row.inputs["sources"]["self"], "cycle": "2025"}}}

    decide(rahmat, "uphold", level="3")

    assert line(stored).attained == 3
    assert stored.one(select(Result).order_by(Result.id.desc())).cycle == "2025"


def test_a_text_that_no_database_keeps_is_refused(rated, stored):
    assert object_to(rated, reason="a\x00b").status_code == 422
    assert stored.count(Objection) == 0
