"""Where Moodle is odd, the practice LMS with the profile ``moodle`` is odd in the same way."""

from __future__ import annotations

import datetime as dt

import pytest

from lms_bridge.practice.vocabulary import (
    AGS_CLAIM,
    CLAIM,
    LINE_ITEM_SCOPE,
    LINE_ITEM_TYPE,
    LINE_ITEMS_TYPE,
    NRPS_CLAIM,
    RESULT_SCOPE,
    ROSTER_SCOPE,
    SCORE_SCOPE,
    SCORE_TYPE,
)

from .conftest import tail

RATING = "competency.self-rating"
MOMENT = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(minutes=5)


@pytest.fixture
def profile() -> str:
    return "moodle"


@pytest.fixture
def column(tool):
    """The address of the column of Ani's activity."""
    return tool.claims("ani", module=RATING)[AGS_CLAIM]["lineitem"]


@pytest.fixture
def post(tool, practice_platform, column):
    """Post a score for somebody, fully graded unless said otherwise."""
    token = tool.token(SCORE_SCOPE)

    def send(given=50, *, user="ani", at=MOMENT, **changes):
        score = {
            "userId": practice_platform.user_id(user),
            "scoreGiven": given,
            "scoreMaximum": 100,
            "timestamp": at.isoformat(),
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            **changes,
        }
        sent = {name: value for name, value in score.items() if value is not None}
        return tool.call("POST", tail(column, "scores"), token, body=sent, content_type=SCORE_TYPE).status_code

    return send


def held(practice_platform):
    return practice_platform.grade("ani", "Pemetaan kompetensi")


def test_message_lives_sixty_seconds(tool):
    claims = tool.claims("ani")

    assert claims["exp"] - claims["iat"] == 60


def test_score_must_be_newer_by_a_whole_second(post, practice_platform):
    assert post(20) == 200
    assert post(30, at=MOMENT + dt.timedelta(milliseconds=900)) == 409
    assert held(practice_platform) == 20
    assert post(30, at=MOMENT + dt.timedelta(seconds=1)) == 200
    assert held(practice_platform) == 30


@pytest.mark.parametrize(
    "changes", [{"gradingProgress": "Pending"}, {"scoreGiven": None, "scoreMaximum": None}], ids=str
)
def test_score_that_is_not_fully_graded_erases_the_grade(post, practice_platform, changes):
    post(20)

    assert post(30, at=MOMENT + dt.timedelta(seconds=5), **changes) == 200
    assert held(practice_platform) is None


@pytest.mark.parametrize("user", ["sari", "admin"])
def test_score_of_somebody_who_is_no_student_is_refused(post, user):
    assert post(20, user=user) == 400


def test_results_with_a_limit_break(tool, column):
    token = tool.token(RESULT_SCOPE)

    assert tool.call("GET", tail(column, "results", limit="5"), token).status_code == 404
    assert tool.call("GET", tail(column, "results"), token).status_code == 200


def test_columns_come_in_pages_whose_link_has_typographic_quotes(tool):
    columns = tool.claims("ani", module=RATING)[AGS_CLAIM]["lineitems"]
    token = tool.token(LINE_ITEM_SCOPE)
    for label in ("Satu", "Dua"):
        body = {"label": label, "scoreMaximum": 10}
        assert tool.call("POST", columns, token, body=body, content_type=LINE_ITEM_TYPE).status_code == 201

    link = tool.call("GET", f"{columns}&limit=1", token, accept=LINE_ITEMS_TYPE).headers["Link"]

    assert "rel=“next”" in link.encode("latin-1").decode()
    assert "&amp;" in link


def test_roster_has_bare_role_words(tool):
    url = tool.claims("ani", module=RATING)[NRPS_CLAIM]["context_memberships_url"]

    members = tool.call("GET", url, tool.token(ROSTER_SCOPE)).json["members"]

    assert {role for member in members for role in member["roles"]} == {"Learner", "Instructor"}


def test_first_choice_of_content_in_a_course_has_no_roster(tool, practice_platform):
    course = practice_platform.add_course("Kursus baru", members={"sari": "teacher"})

    assert NRPS_CLAIM not in tool.claims("sari", course=course, deep_link=True)


def test_variables_that_moodle_does_not_know_arrive_as_they_were_written(tool):
    custom = tool.claims("ani", custom={"unit": "$Person.institution", "who": "$User.username"})[f"{CLAIM}custom"]

    assert custom["unit"] == "$Person.institution"
    assert custom["who"] == "ani"
