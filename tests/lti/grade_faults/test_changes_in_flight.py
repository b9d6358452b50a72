"""A result changes, or another worker takes over, while its score is on its way: only the newest value leaves."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lms_bridge.models import Grade, GradeState
from tests.lti.grade_faults.gradebook import Clock, ScriptedLms, change, never_two_meanings, rows, settle, states, work


def test_value_that_changes_in_flight_is_sent_afterwards_by_the_same_worker_alone(
    school: Any, lms: ScriptedLms, clock: Clock
) -> None:
    def meanwhile() -> None:
        lms.on_score = None
        settle(school, "0.9", clock)
        assert work(school) == 0

    lms.on_score = meanwhile
    settle(school, "0.5", clock)
    work(school)
    clock.later(1)
    work(school)

    assert [value for _user, value, _stamp in lms.posts] == [0.5, 0.9]
    assert states(school) == {GradeState.SENT}
    never_two_meanings(lms, clock)


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_refusal_of_an_old_value_does_not_park_the_new_one(
    school: Any, lms: ScriptedLms, clock: Clock, status: int
) -> None:
    def meanwhile() -> None:
        lms.on_score = None
        settle(school, "0.9", clock)

    lms.on_score, lms.script = meanwhile, [status]
    settle(school, "0.5", clock)
    work(school)
    clock.later(1)
    work(school)

    assert lms.value() == 0.9
    assert states(school) == {GradeState.SENT}


def test_conflict_does_not_bring_an_old_value_back(school: Any, lms: ScriptedLms, clock: Clock) -> None:
    def meanwhile() -> None:
        lms.on_results = None
        settle(school, "0.9", clock)

    lms.held["5"] = (0.1, clock() + dt.timedelta(seconds=3))
    lms.on_results = meanwhile
    settle(school, "0.7", clock)
    work(school)
    assert lms.value() == 0.1
    clock.later(10)
    work(school)

    assert [value for _user, value, _stamp in lms.posts] == [0.7, 0.9]
    assert lms.value() == 0.9


def test_worker_that_lost_its_lease_sends_nothing_more(school: Any, lms: ScriptedLms, clock: Clock) -> None:
    lms.held["5"] = (0.1, clock() + dt.timedelta(seconds=3))
    lms.on_results = lambda: change(school, Grade.__table__, lease="another")
    settle(school, "0.7", clock)
    work(school)

    assert len(lms.posts) == 1
    assert rows(school)[0].lease == "another"


def test_database_can_be_written_while_the_lms_is_asked(school: Any, lms: ScriptedLms, clock: Clock) -> None:
    written: list[str] = []

    def write() -> None:
        settle(school, "0.9", clock)
        written.append("yes")

    lms.on_token = write
    settle(school, "0.5", clock)
    work(school)
    assert lms.value() == 0.5
    clock.later(2)
    work(school)

    assert written
    assert lms.value() == 0.9
