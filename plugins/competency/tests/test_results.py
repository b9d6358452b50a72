"""Results: what is computed, who hears of it, who sees it, and that it stays."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from lms_bridge_competency.computing import compute_lines
from lms_bridge_competency.models import Requirement, Result, ResultLine
from lms_bridge_competency.reading import stored_bands
from sqlalchemy import insert, select

from lms_bridge.api import Post, db, gaps_of, now, open_gap, person_ref
from lms_bridge.testing.instance import add_tool, register_platform

from .conftest import CODES

EXAMPLE = {"M3": 2, "M5": 2, "M7": 2}
"""The worked example of the official form: 24 of 27 levels."""


@pytest.fixture
def finished(ani):
    """Ani has finished with 24 of 27 levels; her result page is open."""
    ani.rate(EXAMPLE)
    ani.finish()
    return ani


def test_the_result_shows_level_gap_jpm_and_both_categories(finished):
    text = finished.page.text

    assert "88.89" in text
    assert "Meets requirements (MS)" in text
    assert "Mapping: Fairly optimal (CO)" in text
    assert "24 levels reached in total of 27 required." in text
    assert text.count("Short by 1") == 3
    assert "Below the standard: Communication, Public Service, Managing Change." in text


def test_the_result_shows_the_formula_with_its_numbers_and_bounds(finished):
    text = finished.page.text

    assert "100 × 24 ÷ 27 = 88.89" in text
    assert "MS ≥&nbsp;80" in text
    assert "CO ≥&nbsp;78 and &lt;&nbsp;90" in text


def test_the_explanation_shows_every_answer_and_every_assumed_level(finished):
    text = finished.get(f"/results/{finished.result_id()}/explanation").text

    assert text.count("levels 1, 2, not asked") == 6
    assert text.count("level 1, not asked") == 3
    assert "Acts in line with the organisation" not in text
    assert "no chance to show it" in text
    assert "(2 of 3 shown)" in text
    assert "usual level, PermenPANRB 38/2017" in text
    assert "88.89 of 100" in text


def test_both_methods_are_shown_when_a_strength_makes_up_for_a_gap(ani):
    ani.rate({"M1": 5, "M2": 2, "M3": 2})
    page = ani.finish()

    text = ani.get(f"/results/{ani.result_id()}/explanation").text

    assert "100.00" in page.text
    assert "100 × 27 ÷ 27 = 100.00" in text
    assert "100 × 25 ÷ 27 = 92.59" in text
    assert "capped" not in text


def test_the_result_says_in_a_sentence_when_the_grade_is_the_same_as_the_match(finished):
    assert "The grade for the LMS is the same: 88.89 of 100." in finished.page.text


def test_the_result_says_in_a_sentence_why_the_grade_is_lower_than_the_match(ani):
    ani.rate(EXAMPLE | {"M1": 5, "M2": 4})

    text = ani.finish().text

    assert "100.00" in text
    assert "The grade for the LMS is lower, 88.89 of 100: there a level above the standard does not make up" in text


def test_the_explanation_adds_up_every_level_in_both_ways(ani):
    ani.rate(EXAMPLE | {"M1": 5})
    ani.finish()

    text = ani.get(f"/results/{ani.result_id()}/explanation").text

    assert "5 + 3 + 2 + 3 + 2 + 3 + 2 + 3 + 3 = 26" in text
    assert "3 + 3 + 2 + 3 + 2 + 3 + 2 + 3 + 3 = 24" in text
    assert "3 + 3 + 3 + 3 + 3 + 3 + 3 + 3 + 3 = 27" in text


def test_a_competency_without_a_rating_is_left_out_and_said_so(finished, stored):
    with stored.opened():
        line = db.session.scalar(select(ResultLine).where(ResultLine.competency == "asn-38-2017:M3"))
        line.attained = line.gap = None

    text = finished.get(f"/results/{finished.result_id()}").text

    assert "Communication (not rated, so not counted as 0)" in text
    assert "100 × 22 ÷ 24 = 91.67" in text
    explanation = finished.get(f"/results/{finished.result_id()}/explanation").text
    assert "Left out of both sums: Communication." in explanation
    assert "not rated; left out, not counted as 0" in explanation


def test_a_match_above_100_shows_what_was_capped(ani):
    ani.rate({"M1": 5})

    assert "100 × 29 ÷ 27 = 107.41, capped at 100.00" in ani.finish().text


def test_the_grade_is_without_compensation(ani):
    ani.rate({"M1": 5, "M2": 2, "M3": 2})
    ani.finish()

    text = ani.get(f"/results/{ani.result_id()}/explanation").text

    assert "92.59 of 100" in text


def test_the_grade_reaches_the_lms_as_attained_against_required(finished, outbox, practice_platform):
    outbox.drain()

    (score,) = practice_platform.scores()
    assert score["scoreGiven"] == pytest.approx(88.89)
    assert score["scoreMaximum"] == 100
    assert score["gradingProgress"] == "FullyGraded"
    assert "comment" not in score
    assert practice_platform.grade("ani", "Pemetaan kompetensi") == Decimal("88.89")


def test_nothing_is_sent_for_somebody_who_only_teaches(learner, outbox, practice_platform):
    teacher = learner("ani", role="instructor")
    teacher.begin()
    teacher.rate()

    assert teacher.finish().status_code == 200
    outbox.drain()
    assert "score" not in practice_platform.calls()


def test_evidence_is_recorded_once_for_each_competency(finished, stored):
    finished.finish()

    evidence = stored.rows("core_evidence")

    assert {row.source for row in evidence} == {"competency.self-rating"}
    levels = {row.competency: (row.level, row.value) for row in evidence}
    assert len(evidence) == len(levels) == 9
    assert levels["asn-38-2017:M1"] == (3, Decimal("0.6"))
    assert levels["asn-38-2017:M3"] == (2, Decimal("0.4"))


def test_gaps_open_below_the_standard_and_close_when_it_is_reached(finished, stored):
    with stored.opened():
        person = person_ref(db.session.scalar(select(Result.person_id)))
        assert [gap.competency for gap in gaps_of(person)] == [f"asn-38-2017:{code}" for code in EXAMPLE]

    finished.answer("M3", 3, 2)
    finished.finish()

    with stored.opened():
        assert [gap.competency for gap in gaps_of(person)] == ["asn-38-2017:M5", "asn-38-2017:M7"]


def test_an_event_tells_that_a_result_was_computed_without_naming_anybody(finished, stored):
    event = next(row for row in stored.rows("core_outbox_event") if row.name == "competency.result_computed")

    assert event.payload == {
        "result_id": stored.one(select(Result.id)),
        "person_id": stored.one(select(Result.person_id)),
        "cycle": stored.one(select(Result.cycle)),
        "number": 1,
    }


def test_a_result_can_be_computed_again_from_what_is_stored_with_it(finished, stored):
    result = stored.one(select(Result))
    rows = stored.all(select(ResultLine).order_by(ResultLine.position))

    again = [(line.competency, line.required, line.attained) for line in compute_lines(result.inputs)]

    assert again == [(row.competency, row.required, row.attained) for row in rows]
    assert {band.code: band.minimum for band in stored_bands(result)}["MS"] == 80


def test_a_result_keeps_the_bounds_that_held_when_it_was_computed(finished, stored):
    with stored.opened():
        result = db.session.scalar(select(Result))
        inputs = {**result.inputs, "bands": [dict(band) for band in result.inputs["bands"]]}
        inputs["bands"][0]["minimum"] = inputs["bands"][1]["below"] = "89"
        result.inputs = inputs

    text = finished.get(f"/results/{finished.result_id()}").text

    assert "Still meets requirements (MMS)" in text
    assert "MS ≥&nbsp;89" in text


@pytest.mark.parametrize("user", ["rahmat", "dewi"], ids=["superior", "analyst"])
def test_superior_and_analyst_may_see_the_result(finished, learner, user):
    reader = learner(user)

    page = reader.get(f"/results/{finished.result_id()}")

    assert page.status_code == 200
    assert "Ani Lestari" in page.text
    assert "Correct answers" not in page.text
    assert reader.get(f"/results/{finished.result_id()}/explanation").status_code == 200


@pytest.mark.parametrize("role", ["instructor", "learner"])
def test_teacher_and_classmate_may_not_see_the_result(finished, learner, role):
    number = finished.result_id()
    other = learner("maya", role=role)

    for path in (f"/results/{number}", f"/results/{number}/explanation"):
        page = other.get(path)
        assert page.status_code == 403
        assert "88.89" not in page.text


def test_a_leader_further_up_does_not_see_it_by_that_alone(finished, learner):
    leader = learner("hendra")

    assert leader.get(f"/results/{finished.result_id()}").status_code == 403


def test_another_agency_does_not_see_that_the_result_exists(finished, learner, bridge_app, practice_platform):
    agencies = db.metadata.tables["core_agency"]
    add_tool(practice_platform, client_id="client-2")
    with bridge_app.app_context():
        db.session.execute(
            insert(agencies).values(code="other", name="Other", timezone="Asia/Jakarta", created_at=now())
        )
        db.session.commit()
        register_platform(practice_platform, agency="other", client_id="client-2")
    stranger = learner("ani", client_id="client-2")

    assert stranger.get(f"/results/{finished.result_id()}").status_code == 404


def test_the_level_of_each_competency_is_required_on_its_own(learner, stored):
    with stored.opened() as agency:
        post_id = db.session.scalar(select(Post.id).where(Post.code == "ANI"))
        rule = {"agency_id": agency, "rule": "SKJ 12/2026", "version": "1", "valid_from": dt.date(2026, 1, 1)}
        db.session.add_all(
            [
                Requirement(post_level="AHLI_MUDA", competency="asn-38-2017:M1", level=5, **rule),
                Requirement(post_id=post_id, competency="asn-38-2017:M1", level=4, **rule),
                Requirement(post_level="AHLI_MUDA", competency="asn-38-2017:M2", level=0, **rule),
            ]
        )
    person = learner()
    person.begin()
    assert person.location.endswith("/M1/4")
    for code in CODES:
        if code != "M2":
            person.answer(code, 4 if code == "M1" else 3)

    page = person.finish()

    assert "28" in page.text
    assert "not required" in page.text
    assert "Left out" in page.text
    text = person.get(f"/results/{person.result_id()}/explanation").text
    assert "standard of the post, SKJ 12/2026" in text
    assert "Left out of both sums: Collaboration." in text


def test_a_gap_of_what_the_post_requires_no_more_closes(finished, stored):
    with stored.opened():
        person = person_ref(db.session.scalar(select(Result.person_id)))
        open_gap(person=person, competency="tik-2026:T1", required=3, attained=1, now=now())
    finished.answer("M1", 3, 0)
    finished.answer("M1", 2, 3)
    finished.finish()

    with stored.opened():
        assert "tik-2026:T1" not in [gap.competency for gap in gaps_of(person)]
