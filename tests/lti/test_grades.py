"""Grades: none lost, none stale, none twisted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from lms_bridge.contributions import Module, Plugin, ScoreMap
from lms_bridge.db import acting_as, db, now
from lms_bridge.jobs import grades
from lms_bridge.jobs.grades import BREAKER_AFTER, pause_before
from lms_bridge.models import Grade, GradeState, PlatformUser
from lms_bridge.models import Platform as PlatformRow
from lms_bridge.plugin_host.discovery import Found
from lms_bridge.plugin_host.host import PluginState
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.practice.faults import Fault
from lms_bridge.services.grades import parked_grades, record_score, requeue_grades
from lms_bridge.services.people import person_ref
from lms_bridge.testing.browser import Browser

MODULE, COLUMN = "quiz.first", "Quiz"
ANI, SARI = "4", "3"
"""User ids in the practice LMS."""


@pytest.fixture
def graded(bridge_app: Any, practice_platform: PracticeDriver, launch_as: Callable[..., Browser]) -> Any:
    """The bridge with a graded module that Ani has launched."""
    score_map = ScoreMap(100, COLUMN, lambda outcome: Decimal(outcome))
    declared = Plugin("quiz", "Quiz", "1", modules=(Module("first", "Quiz", "", "home.index", score_map=score_map),))
    states = bridge_app.extensions["lms_bridge.plugins"].states
    states["quiz"] = PluginState(Found("quiz", "quiz"), declared)
    practice_platform.add_activity(COLUMN, module=MODULE, maximum=100)
    launch_as("ani", module=MODULE)
    return bridge_app


def settle(app: Any, value: str, *, sub: str = ANI) -> None:
    """Record a result of a user, as a plugin does."""
    with app.app_context():
        row = db.session.execute(
            select(PlatformUser.agency_id, PlatformUser.person_id).where(PlatformUser.sub == sub),
            execution_options={"all_agencies": True},
        ).one()
        with acting_as(row.agency_id):
            record_score(value, module=MODULE, person=person_ref(row.person_id), settled_at=now())
        db.session.commit()
        db.session.remove()


def due_now(app: Any) -> None:
    """Let the pause before the next try and the breaker be over, and the clock move past the last timestamp."""
    with app.app_context():
        past = now() - dt.timedelta(seconds=5)
        db.session.execute(update(Grade.__table__).values(next_try_at=past))
        db.session.execute(update(PlatformRow.__table__).values(closed_until=None))
        db.session.commit()
        db.session.remove()


def grade(app: Any) -> Any:
    with app.app_context():
        return db.session.execute(select(Grade.__table__)).one()


def earlier(app: Any, seconds: int, platform: PracticeDriver) -> None:
    """Pretend that what was sent so far was sent some seconds earlier."""
    with app.app_context():
        sent = db.session.execute(select(Grade.__table__.c.sent_at)).scalar_one()
        db.session.execute(update(Grade.__table__).values(sent_at=sent - dt.timedelta(seconds=seconds)))
        db.session.commit()
        db.session.remove()
    platform.age_grades(seconds)


def sent_scores(platform: PracticeDriver) -> list[float]:
    return [score["scoreGiven"] for score in platform.scores()]


def test_settled_score_reaches_the_gradebook_fully_graded(
    graded: Any, outbox: Any, practice_platform: PracticeDriver
) -> None:
    settle(graded, "0.8889")
    outbox.drain()

    (score,) = practice_platform.scores()
    assert (score["userId"], score["scoreGiven"], score["scoreMaximum"]) == (ANI, 88.89, 100)
    assert (score["gradingProgress"], score["activityProgress"]) == ("FullyGraded", "Completed")
    assert score["timestamp"].endswith("+00:00") and "." not in score["timestamp"]
    assert practice_platform.grade("ani", COLUMN) == Decimal("88.89")
    assert grade(graded).state == GradeState.SENT


def test_same_score_again_sends_nothing(graded: Any, outbox: Any, practice_platform: PracticeDriver) -> None:
    settle(graded, "0.5")
    outbox.drain()
    settle(graded, "0.5")
    outbox.drain()

    assert sent_scores(practice_platform) == [50.0]


@pytest.mark.parametrize("fault", [500, 502, 503, 408, 425, 429, "hang", "reset"])
def test_passing_fault_is_retried(
    graded: Any, outbox: Any, practice_platform: PracticeDriver, fault: int | str
) -> None:
    practice_platform.set_fault(fault)
    settle(graded, "0.5")
    outbox.drain()
    assert practice_platform.grade("ani", COLUMN) is None
    earlier(graded, 5, practice_platform)
    due_now(graded)

    outbox.drain()

    assert practice_platform.grade("ani", COLUMN) == 50
    assert grade(graded).state == GradeState.SENT


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_refused_grade_is_parked_and_can_be_sent_again(
    graded: Any, outbox: Any, practice_platform: PracticeDriver, status: int
) -> None:
    practice_platform.set_fault(status)
    settle(graded, "0.5")
    outbox.drain()
    assert (grade(graded).state, grade(graded).reason) == (GradeState.PARKED, f"status-{status}")

    with graded.app_context():
        assert len(parked_grades()) == 1
        assert requeue_grades(None, now=now()) == 1
        db.session.commit()
        db.session.remove()
    earlier(graded, 5, practice_platform)
    due_now(graded)
    outbox.drain()

    assert practice_platform.grade("ani", COLUMN) == 50


@pytest.mark.parametrize("fault", [Fault(502, accepted=True), "accept-then-reset", "accept-then-hang"])
def test_accepted_score_whose_answer_was_lost_is_not_sent_with_two_meanings(
    graded: Any, outbox: Any, practice_platform: PracticeDriver, fault: Fault | str
) -> None:
    practice_platform.set_fault(fault)
    settle(graded, "0.5")
    outbox.drain()
    stored = practice_platform.grade("ani", COLUMN)
    earlier(graded, 5, practice_platform)
    due_now(graded)

    outbox.drain()

    assert stored == 50
    assert practice_platform.grade("ani", COLUMN) == 50
    assert grade(graded).state == GradeState.SENT


def test_only_the_newest_value_leaves_after_an_outage(
    graded: Any, outbox: Any, practice_platform: PracticeDriver
) -> None:
    practice_platform.set_fault(503)
    settle(graded, "0.2")
    outbox.drain()
    settle(graded, "0.9")
    earlier(graded, 5, practice_platform)
    due_now(graded)

    outbox.drain()

    assert sent_scores(practice_platform) == [90.0]


def test_timestamps_rise_by_whole_seconds(graded: Any, outbox: Any, practice_platform: PracticeDriver) -> None:
    settle(graded, "0.2")
    outbox.drain()
    settle(graded, "0.3")
    outbox.drain()
    due_now(graded)
    earlier(graded, 2, practice_platform)
    outbox.drain()

    stamps = [score["timestamp"] for score in practice_platform.scores()]
    assert sent_scores(practice_platform) == [20.0, 30.0]
    assert stamps[0] <= stamps[1]


def test_conflict_with_another_value_is_sent_again_just_above(
    graded: Any, outbox: Any, practice_platform: PracticeDriver
) -> None:
    ahead = now().replace(microsecond=0) + dt.timedelta(seconds=30)
    practice_platform.set_grade("ani", COLUMN, Decimal(10), stamp=ahead)
    settle(graded, "0.7")

    outbox.drain()

    (row,) = practice_platform.grades()
    assert (row.score, row.stamp) == (70, ahead + dt.timedelta(seconds=1))
    assert grade(graded).state == GradeState.SENT


def test_refused_token_is_replaced_once(graded: Any, outbox: Any, practice_platform: PracticeDriver) -> None:
    settle(graded, "0.2")
    outbox.drain()
    asked = practice_platform.calls().count("token")
    practice_platform.revoke_tokens()
    settle(graded, "0.3")
    earlier(graded, 5, practice_platform)
    due_now(graded)

    outbox.drain()

    assert sent_scores(practice_platform) == [20.0, 30.0]
    assert practice_platform.calls().count("token") == asked + 1


def test_breaker_rests_a_dead_platform(graded: Any, outbox: Any, practice_platform: PracticeDriver) -> None:
    practice_platform.set_fault(*[503] * 10)
    settle(graded, "0.2")
    for _ in range(BREAKER_AFTER):
        outbox.drain()
        earlier(graded, 5, practice_platform)
        with graded.app_context():
            db.session.execute(update(Grade.__table__).values(next_try_at=now() - dt.timedelta(seconds=1)))
            db.session.commit()
            db.session.remove()
    before = practice_platform.calls()

    outbox.drain()

    assert before.count("score") == BREAKER_AFTER
    assert practice_platform.calls() == before


def test_lost_worker_s_grade_is_claimed_again_after_the_lease(
    graded: Any, outbox: Any, practice_platform: PracticeDriver
) -> None:
    settle(graded, "0.6")
    with graded.app_context():
        claimed = grades._claim(grade(graded).id)
        assert claimed is not None
        db.session.remove()
    outbox.drain()
    assert practice_platform.scores() == []
    earlier(graded, 5, practice_platform)
    due_now(graded)

    outbox.drain()

    assert sent_scores(practice_platform) == [60.0]


def test_teacher_s_own_try_is_not_graded(
    graded: Any, launch_as: Callable[..., Browser], outbox: Any, practice_platform: PracticeDriver
) -> None:
    launch_as("sari", module=MODULE)
    settle(graded, "0.6", sub=SARI)
    outbox.drain()

    assert "score" not in practice_platform.calls()


def test_column_that_appears_later_gets_the_grade_at_the_next_launch(
    bridge_app: Any, graded: Any, launch_as: Callable[..., Browser], outbox: Any, practice_platform: PracticeDriver
) -> None:
    ungraded = practice_platform.add_activity("Later", custom={"module": MODULE})
    launch_as("ani", activity=ungraded)
    settle(graded, "0.6")
    with bridge_app.app_context():
        db.session.execute(update(Grade.__table__).values(state=GradeState.SENT))
        db.session.execute(Grade.__table__.delete())
        db.session.commit()
        db.session.remove()

    launch_as("ani", module=MODULE)
    outbox.drain()

    assert sent_scores(practice_platform) == [60.0]


@pytest.mark.parametrize(("header", "least"), [("120", 120.0), (None, 1.0), ("garbage", 1.0)])
def test_pause_obeys_retry_after_and_never_exceeds_an_hour(header: str | None, least: float) -> None:
    assert pause_before(1, retry_after=header) >= least
    assert pause_before(50, retry_after="999999") == 3600.0
