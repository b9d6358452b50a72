"""An LMS takes only a score that is newer by a whole second than the one it holds."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lms_bridge.models import GradeState
from tests.lti.grade_faults.gradebook import Clock, ScriptedLms, Step, never_two_meanings, settle, states, work


def test_two_values_in_one_second_leave_a_second_apart(school: Any, lms: ScriptedLms, clock: Clock) -> None:
    settle(school, "0.5", clock)
    work(school)
    settle(school, "0.6", clock)
    work(school)
    assert lms.value() == 0.5

    clock.later(1)
    work(school)

    assert lms.value() == 0.6
    never_two_meanings(lms, clock)


def test_conflict_with_another_value_is_read_and_sent_again_just_above(
    school: Any, lms: ScriptedLms, clock: Clock
) -> None:
    lms.held["5"] = (0.1, clock() + dt.timedelta(seconds=3))
    settle(school, "0.7", clock)
    work(school)

    assert lms.held["5"] == (0.7, clock() + dt.timedelta(seconds=4))
    assert states(school) == {GradeState.SENT}


@pytest.mark.parametrize("fault", [403, 500, "reset", "garbage"])
def test_conflict_whose_result_cannot_be_read_ends_with_a_new_timestamp(
    school: Any, lms: ScriptedLms, clock: Clock, fault: Step
) -> None:
    lms.held["5"] = (0.1, clock())
    lms.results_script = [fault] * 9
    settle(school, "0.7", clock)
    work(school)
    clock.later()
    work(school)

    assert lms.value() == 0.7
    assert len({stamp for _user, _value, stamp in lms.posts}) == 2
    assert states(school) == {GradeState.SENT}


def test_timestamp_of_the_far_future_in_the_lms_does_not_hold_later_grades(
    school: Any, lms: ScriptedLms, clock: Clock
) -> None:
    future = clock() + dt.timedelta(days=400)
    lms.held["5"] = (0.1, future)
    for value in ("0.7", "0.8"):
        settle(school, value, clock)
        work(school)
        clock.later(10)

    assert lms.held["5"] == (0.8, future + dt.timedelta(seconds=2))
