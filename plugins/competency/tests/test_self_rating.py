"""The self-rating in a browser: from the launch to the result."""

from __future__ import annotations

import re

from lms_bridge_competency.models import Answer, Assessment, AssessmentState, Example, Result
from sqlalchemy import select

from .conftest import CODES, indicator


def test_launch_explains_the_self_rating_and_names_the_post(learner):
    page = learner().page

    assert page.status_code == 200
    assert "Analis Kebijakan Ahli Muda" in page.text
    assert "Start the self-rating" in page.text
    assert "post_level" not in page.text


def test_it_begins_with_the_first_competency_at_the_level_that_the_post_requires(ani):
    assert ani.location == "/p/competency/self-rating/M1/3"
    assert "Competency 1 of 9" in ani.page.text
    assert "required by the post" in ani.page.text


def test_an_answer_saves_itself_and_the_page_hears_when(ani, stored):
    saved = ani.save("M1", 3, 1, "shown")

    assert saved.status_code == 200
    assert re.fullmatch(r"\d\d:\d\d WIB", saved.json["at"])
    assert stored.count(Answer) == 1


def test_relaunch_on_another_device_resumes_at_the_first_unanswered_question(ani, learner):
    ani.answer("M1", 3)
    ani.answer("M2", 3, 0)

    other_device = learner()

    assert other_device.location == "/p/competency/self-rating/M2/2"


def test_answers_are_shown_again_on_the_page(ani):
    ani.save("M1", 3, 2, "no_chance")

    page = ani.get("/self-rating/M1/3")

    assert 'id="q2-no_chance" checked' in page.text
    assert page.text.count(" checked") == 1


def test_a_level_shown_offers_the_next_one_which_may_be_left_out(ani):
    page = ani.answer("M1", 3, 2)

    assert ani.location.endswith("/M1/4")
    assert "May be left out" in page.text
    assert "Leave out: competency 2" in page.text
    assert ani.post("/self-rating/M1/4", go="skip").status_code == 200
    assert ani.location.endswith("/M2/3")


def test_an_offered_level_without_any_answer_is_left_out_by_going_on(ani):
    ani.answer("M1", 3)

    ani.post("/self-rating/M1/4", go="continue")

    assert ani.location.endswith("/M2/3")


def test_an_offered_level_that_was_begun_is_asked_for_in_full(ani):
    ani.answer("M1", 3)
    ani.save("M1", 4, 1, "shown")

    assert ani.post("/self-rating/M1/4", go="continue").status_code == 422


def test_a_level_not_shown_leads_to_the_lower_one(ani):
    page = ani.answer("M1", 3, 1)

    assert ani.location.endswith("/M1/2")
    assert "Level 3 is not reached yet" in page.text


def test_going_on_with_a_question_open_says_which_and_keeps_the_others(ani):
    page = ani.post("/self-rating/M1/3", **{f"answers:{indicator('M1', 3, 1)}": "shown"}, go="continue")

    assert page.status_code == 422
    assert "2 behaviours have no answer yet" in page.text
    assert 'href="#q2"' in page.text
    assert 'id="q1-shown" checked' in page.text


def test_previous_goes_back_along_the_pages_that_were_asked(ani):
    ani.answer("M1", 3, 1)
    ani.answer("M1", 2)

    ani.post("/self-rating/M2/3", go="previous")

    assert ani.location.endswith("/M1/2")


def test_a_competency_can_be_left_for_later(ani):
    ani.post("/self-rating/M1/3", go="skip")

    assert ani.location.endswith("/M2/3")
    assert "Continue: Integrity" in ani.get("/self-rating/overview").text


def test_the_page_works_without_script_as_an_ordinary_form(ani, stored):
    ani.answer("M1", 3, example="I spoke up.\r\nIt helped.")

    assert stored.count(Answer) == 3
    assert stored.one(select(Example.text)) == "I spoke up.\nIt helped."


def test_an_example_can_be_taken_back(ani, stored):
    ani.post("/self-rating/M1/3", example="Something")
    ani.post("/self-rating/M1/3", example="", was_example="Something")

    assert stored.count(Example) == 0


def test_a_page_left_open_does_not_undo_what_was_changed_elsewhere(ani):
    ani.answer("M1", 3, 3)
    ani.save("M1", 3, 1, "not_shown")

    stale = {f"was:{indicator('M1', 3, place)}": "shown" for place in (1, 2, 3)}
    ani.answer("M1", 3, 3, **stale)

    assert 'id="q1-not_shown" checked' in ani.get("/self-rating/M1/3").text


def test_the_last_answer_wins_and_nothing_is_stored_twice(ani, stored):
    for mark in ("shown", "shown", "not_shown", "no_chance", "shown"):
        ani.save("M1", 3, 1, mark)

    assert stored.count(Answer) == 1
    assert stored.one(select(Answer.mark)).value == "shown"


def test_beginning_twice_in_two_tabs_makes_one_rating(ani, learner, stored):
    learner().begin()
    ani.begin()

    assert stored.count(Assessment) == 1


def test_a_level_that_is_not_asked_leads_to_the_one_that_is(ani):
    ani.get("/self-rating/M1/5")

    assert ani.location.endswith("/M1/3")


def test_unknown_competencies_answers_and_fields_are_refused(ani):
    assert ani.get("/self-rating/M99").status_code == 404
    assert ani.get("/self-rating/M1/9").status_code == 200
    assert ani.post("/self-rating/M99/3", go="skip").status_code == 404
    assert ani.save("M1", 3, 9, "shown").status_code == 422
    assert ani.save("M1", 3, 1, "perhaps").status_code == 422
    assert ani.post("/self-rating/M1/3", level="5").status_code == 422
    assert ani.post("/self-rating/M1/3", example="x" * 2001).status_code == 422
    assert ani.post("/self-rating/M1/3", **{f"answers:{indicator('M2', 3, 1)}": "shown"}).status_code == 422


def test_answering_before_beginning_is_refused_with_the_way_out(learner):
    person = learner()

    page = person.answer("M1", 3)

    assert page.status_code == 409
    assert "has not been started" in page.text


def test_finishing_too_early_names_what_is_open(ani):
    ani.answer("M1", 3)

    page = ani.finish()

    assert page.status_code == 409
    assert "Collaboration" in page.text
    assert "Integrity" not in page.text


def test_finishing_twice_gives_one_result(ani, stored):
    ani.rate()

    ani.finish()
    ani.finish()

    assert stored.count(Result) == 1


def test_after_finishing_a_launch_leads_to_the_result(ani, learner):
    ani.rate()
    ani.finish()

    assert "Competency result" in learner().page.text


def test_a_correction_opens_the_rating_again_and_keeps_the_earlier_result(ani, stored):
    ani.rate()
    first = ani.finish()
    ani.save("M1", 3, 1, "not_shown")
    ani.save("M1", 3, 2, "not_shown")

    again = ani.get("/self-rating/overview").text

    assert "100.00" in first.text
    assert "Continue: Integrity" in again
    ani.answer("M1", 2)
    second = ani.finish()
    assert "96.30" in second.text
    assert "All results" in second.text
    assert [row.number for row in stored.all(select(Result).order_by(Result.id))] == [1, 2]


def test_undoing_a_correction_and_finishing_again_stores_no_second_result(ani, stored):
    ani.rate()
    ani.finish()
    ani.save("M1", 3, 1, "not_shown")
    ani.save("M1", 3, 1, "shown")

    ani.finish()

    assert stored.count(Result) == 1
    assert stored.one(select(Assessment.state)) is AssessmentState.FINISHED


def test_the_overview_names_the_levels_that_count_as_shown(ani):
    ani.answer("M1", 3)

    assert "levels 1, 2 count as shown" in ani.get("/self-rating/overview").text


def test_every_competency_is_answered_on_the_way_through(ani):
    for code in CODES:
        assert ani.location.endswith(f"/{code}/3")
        ani.answer(code, 3)
        ani.post(f"/self-rating/{code}/4", go="skip")

    assert ani.location.endswith("/overview")
    assert "Finish and see the result" in ani.page.text


def test_without_a_known_post_the_learner_chooses_a_level_and_the_result_says_so(learner):
    person = learner("maya")
    assert "What is the level of your post?" in person.page.text

    person.begin(post_level="PENGAWAS")

    assert person.location.endswith("/M1/2")
    person.rate(required=2)
    assert "self-declared" in person.finish().text


def test_beginning_without_a_post_or_a_choice_is_refused(learner):
    person = learner("maya")

    assert person.begin().status_code == 409
    assert person.begin(post_level="KING").status_code == 422


def test_a_chosen_level_can_be_changed_and_the_answers_stay(learner):
    person = learner("maya")
    person.begin(post_level="PENGAWAS")
    person.answer("M1", 2)

    person.begin(post_level="ADMINISTRATOR")

    assert person.location.endswith("/M1/3")
    assert "2 · Basic" in person.get("/self-rating/M1/2").text


def test_a_teacher_may_try_it_on_themselves(learner):
    teacher = learner("maya", role="instructor")

    assert teacher.begin(post_level="AHLI_MUDA").status_code == 200
