"""What the plugin answers to the bridge's hooks."""

from __future__ import annotations

import datetime as dt

import pytest
from lms_bridge_competency import plugin as hooks
from lms_bridge_competency import privacy
from lms_bridge_competency.models import Answer, Assessment, Example, Requirement, Result, ResultLine
from sqlalchemy import select

from lms_bridge.api import Person, db, now, person_ref

from .conftest import ANI, RAHMAT


def test_home_asks_somebody_whose_post_is_known_to_begin(learner):
    home = learner(module=None).page.text

    assert f"Fill in your self-rating {now().year}" in home
    assert "Competency gap" not in home


def test_home_waits_for_nobody_whose_post_is_unknown(learner):
    home = learner("maya", module=None).page.text

    assert "Nothing is waiting for you" in home
    assert "Rate yourself on the nine official competencies" in home


def test_home_reminds_of_a_rating_that_was_begun(ani):
    ani.answer("M1", 3)
    ani.answer("M2", 3, 0)

    home = ani.browser.get("/").text

    assert "Continue your self-rating" in home
    assert "1 of 9 competencies answered" in home


def test_home_reminds_to_finish_when_everything_is_answered(ani):
    ani.rate()

    assert "All competencies answered; finish to see your result" in ani.browser.get("/").text


def test_home_shows_the_newest_result(ani):
    ani.rate({"M3": 2})
    ani.finish()

    home = ani.browser.get("/").text

    assert "1 of 9 competencies is below the standard of your post: Communication. Job Person Match 96.30." in home
    assert "Result of " in home
    assert "Optimal" in home
    assert "Continue your self-rating" not in home


def test_home_says_when_everything_meets_the_standard(ani):
    ani.rate()
    ani.finish()

    assert "All 9 competencies meet the standard of your post." in ani.browser.get("/").text


def test_the_catalogue_offers_the_self_rating_with_a_column(bridge_app):
    with bridge_app.test_request_context():
        item = hooks.catalog_items(None)[0]

    assert item.module == "competency.self-rating"
    assert item.line_item.score_maximum == 100


def test_an_export_holds_every_row_about_a_person(ani, stored):
    ani.answer("M1", 3, example="I spoke up.")
    ani.rate()
    ani.finish()

    with stored.opened():
        parts = {part.name: part.rows for part in hooks.export_person(person(ANI))}

    assert {name: len(rows) for name, rows in parts.items()} == {
        "competency_assessments": 1,
        "competency_answers": 27,
        "competency_objections": 0,
        "competency_targets": 0,
        "competency_claims": 0,
        "competency_plans": 0,
        "competency_plan_items": 0,
        "competency_examples": 1,
        "competency_results": 1,
        "competency_result_lines": 9,
    }
    assert parts["competency_results"][0]["jpm_total_cap"] == "100.00"


def test_an_export_of_somebody_unknown_to_the_plugin_is_empty(stored):
    with stored.opened():
        assert all(part.rows == [] for part in hooks.export_person(person(RAHMAT)))


def test_erasing_leaves_no_row_of_the_person_and_every_row_of_others(ani, learner, stored):
    for one in (ani, learner("rahmat")):
        one.begin()
        one.answer("M1", 3, example="I spoke up.")
        one.rate()
        one.finish()

    with stored.opened():
        receipt = hooks.erase_person(person(ANI))

    assert (receipt.deleted, receipt.anonymised) == (1 + 27 + 1 + 1 + 9, 0)
    assert [stored.count(table) for table in (Assessment, Answer, Example, Result, ResultLine)] == [1, 27, 1, 1, 9]
    assert stored.count(Requirement) == 0


@pytest.mark.parametrize("linked", [True, False])
def test_rows_of_linked_persons_are_treated_as_one(ani, stored, linked):
    ani.answer("M1", 3)
    with stored.opened() as agency:
        people = db.metadata.tables["core_person"]
        own = db.session.scalar(select(Person.id).where(Person.nip == ANI))
        values = {"agency_id": agency, "name": "Ani", "created_at": now(), "same_as_id": own if linked else None}
        twin = db.session.execute(people.insert().values(**values).returning(people.c.id)).scalar_one()

        rows = hooks.export_person(person_ref(twin))[1].rows

    assert len(rows) == (3 if linked else 0)


def person(nip: str):
    return person_ref(db.session.scalar(select(Person.id).where(Person.nip == nip)))


def test_a_rating_that_was_never_finished_is_forgotten_and_a_finished_one_is_not(ani, learner, stored):
    ani.answer("M1", 3, example="I spoke up.")
    rahmat = learner("rahmat")
    rahmat.begin()
    rahmat.rate(required=4)
    rahmat.finish()

    with stored.opened():
        kept = privacy.delete_drafts(now() - dt.timedelta(days=730))
        gone = privacy.delete_drafts(now() + dt.timedelta(days=1))

    assert (kept, gone) == (0, 1)
    assert [stored.count(table) for table in (Assessment, Example, Result)] == [1, 0, 1]


def test_the_demo_agency_shows_results_but_leaves_those_whom_one_can_be_to_try_it(stored):
    with stored.opened():
        words = hooks.demo_data(dt.date(2026, 11, 20))
        rated = set(db.session.scalars(select(Result.person_id)))
        tried = db.session.scalars(select(Person.id).where(Person.nip.in_([ANI, RAHMAT]))).all()
        gaps = db.session.scalars(select(ResultLine.gap)).all()

    assert words[0] == f"{len(rated)} self-ratings with results"
    assert len(rated) > 200
    assert not rated & set(tried)
    assert {-1, 0, 1, 2} <= set(gaps) and None not in gaps
