"""A fault of the LMS that passes: the grade arrives, neither lost nor stale nor twisted."""

from __future__ import annotations

import random
from typing import Any

import pytest

from lms_bridge.db import db
from lms_bridge.models import GradeState, LineItem
from lms_bridge.services.grades import requeue_grades
from tests.lti.grade_faults.gradebook import (
    Clock,
    ScriptedLms,
    Step,
    change,
    never_two_meanings,
    rows,
    settle,
    states,
    work,
    work_until_settled,
)

FAULTS: list[Step] = [
    500,
    502,
    503,
    504,
    401,
    408,
    425,
    429,
    (429, {"Retry-After": "7"}),
    (503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    (429, {"Retry-After": "²³"}),
    (302, {"Location": "/maintenance"}),
    "hang",
    "reset",
    "garbage",
    "accept-then-reset",
    "accept-then-hang",
    "accept-then-garbage",
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_grade_arrives_after_a_passing_fault(school: Any, lms: ScriptedLms, clock: Clock, fault: Step) -> None:
    lms.script = [fault]
    settle(school, "0.5", clock)
    work_until_settled(school, clock)

    assert lms.value() == 0.5
    assert states(school) == {GradeState.SENT}
    never_two_meanings(lms, clock)


@pytest.mark.parametrize("fault", ["accept-then-reset", "accept-then-hang"])
def test_score_whose_answer_was_lost_is_resent_with_its_timestamp_and_409_counts_as_delivered(
    school: Any, lms: ScriptedLms, clock: Clock, fault: Step
) -> None:
    lms.script = [fault]
    settle(school, "0.5", clock)
    work(school)
    clock.later()
    work(school)

    assert len(lms.posts) == 2
    assert lms.posts[0] == lms.posts[1]
    assert states(school) == {GradeState.SENT}


def test_newer_value_never_takes_the_timestamp_of_one_whose_answer_was_lost(
    school: Any, lms: ScriptedLms, clock: Clock
) -> None:
    lms.script = ["accept-then-reset"]
    settle(school, "0.5", clock)
    work(school)
    settle(school, "0.8", clock)
    work_until_settled(school, clock)

    assert lms.value() == 0.8
    never_two_meanings(lms, clock)


@pytest.mark.parametrize("seed", range(3))
def test_storm_of_faults_and_changing_values_loses_and_twists_nothing(
    school: Any, lms: ScriptedLms, clock: Clock, seed: int
) -> None:
    chance = random.Random(seed)
    users = ["5", "6", "7", "8"]
    for user in users[1:]:
        school.enrol(user)
    wanted = {}
    for _ in range(12):
        lms.script = chance.choices([500, "reset", "accept-then-reset", (429, {"Retry-After": "3"}), "accept"], k=3)
        for user in chance.sample(users, 2):
            wanted[user] = chance.randint(0, 100) / 100
            settle(school, str(wanted[user]), clock, user=user)
        work(school)
        clock.later(chance.choice([0, 1, 2, 61, 4000]))
    lms.script = []
    work_until_settled(school, clock)

    assert {user: lms.value(user) for user in wanted} == wanted
    assert states(school) == {GradeState.SENT}
    never_two_meanings(lms, clock)


def test_platform_that_was_down_for_an_hour_gets_every_grade_once(school: Any, lms: ScriptedLms, clock: Clock) -> None:
    """X-07: all arrive, the newest value wins."""
    for user in ("6", "7"):
        school.enrol(user)
    change(school, LineItem.__table__, url="http://127.0.0.1:1/6/lineitem")
    for user in ("5", "6", "7"):
        settle(school, "0.2", clock, user=user)
    for _ in range(12):
        work(school)
        clock.later(300)
    settle(school, "0.9", clock, user="5")
    change(school, LineItem.__table__, url=f"{lms.url}/6/lineitem?type_id=1")

    work_until_settled(school, clock)

    assert sorted((user, value) for user, value, _stamp in lms.posts) == [("5", 0.9), ("6", 0.2), ("7", 0.2)]
    never_two_meanings(lms, clock)


@pytest.mark.parametrize("body", [b'{"error": "invalid_scope"}', b'{"error": ""invalid_scope" twice"}'])
def test_missing_right_to_write_grades_parks_the_grade(
    school: Any, lms: ScriptedLms, clock: Clock, body: bytes
) -> None:
    lms.token_script = [body]
    settle(school, "0.5", clock)
    work(school)
    assert [(row.state, row.reason) for row in rows(school)] == [(GradeState.PARKED, "token-no-scope")]

    with school.app_context():
        requeue_grades(None, now=clock())
        db.session.commit()
        db.session.remove()
    clock.later(1)
    work(school)

    assert lms.value() == 0.5


@pytest.mark.parametrize("fault", [400, 401, 404, 500, "hang", "reset", "garbage", b'{"error": "invalid_client"}'])
def test_trouble_at_the_token_endpoint_only_delays(school: Any, lms: ScriptedLms, clock: Clock, fault: Step) -> None:
    lms.token_script = [fault]
    settle(school, "0.5", clock)
    work_until_settled(school, clock)

    assert lms.value() == 0.5
