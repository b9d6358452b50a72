"""Somebody with two linked rows is one person in the gradebook; and a result costs a known number of statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, select, update

from lms_bridge.contributions import Module, Plugin, ScoreMap
from lms_bridge.db import acting_as, db, now
from lms_bridge.models import Grade, Person, PlatformUser
from lms_bridge.plugin_host.discovery import Found
from lms_bridge.plugin_host.host import PluginState
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.services.grades import record_score
from lms_bridge.services.people import person_ref
from lms_bridge.testing.browser import Browser

MODULE = "quiz.first"
Launch = Callable[..., Browser]


@pytest.fixture
def graded(bridge_app: Any) -> Any:
    """The bridge with a module that has a score map."""
    score_map = ScoreMap(100, "Quiz", lambda outcome: Decimal(outcome))
    declared = Plugin("quiz", "Quiz", "1", modules=(Module("first", "Quiz", "", "home.index", score_map=score_map),))
    bridge_app.extensions["lms_bridge.plugins"].states["quiz"] = PluginState(Found("quiz", "quiz"), declared)
    return bridge_app


@contextmanager
def as_user(app: Any, sub: str) -> Iterator[Any]:
    """Work for the agency and the person of a user."""
    with app.app_context():
        query = select(PlatformUser.__table__).where(PlatformUser.__table__.c.sub == sub)
        row = db.session.execute(query).one()
        with acting_as(row.agency_id):
            yield row
        db.session.commit()
        db.session.remove()


def settle(app: Any, sub: str) -> list[str]:
    """Record a result; returns the statements that it took to find the columns and store their grades."""
    statements: list[str] = []

    def count(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    with as_user(app, sub) as row:
        person = person_ref(row.person_id)
        event.listen(db.engine, "before_cursor_execute", count)
        record_score("0.7", module=MODULE, person=person, settled_at=now())
        event.remove(db.engine, "before_cursor_execute", count)
    return statements


def graded_users(app: Any) -> list[str]:
    with app.app_context():
        query = select(PlatformUser.sub).join(Grade, Grade.platform_user_id == PlatformUser.id)
        found = sorted(db.session.scalars(query, execution_options={"all_agencies": True}))
        db.session.remove()
    return found


def link(app: Any, one: str, other: str) -> None:
    """Let the person of one user be the same as that of another."""
    with as_user(app, other) as row:
        canonical = row.person_id
    with as_user(app, one) as row:
        db.session.execute(update(Person.__table__).where(Person.id == row.person_id).values(same_as_id=canonical))


@pytest.mark.parametrize("linked_first", [True, False], ids=["result on the linked row", "result on the main row"])
def test_column_that_comes_later_gets_the_result_of_the_same_person(
    graded: Any, launch_as: Launch, practice_platform: PracticeDriver, linked_first: bool
) -> None:
    plain = practice_platform.add_activity("Tanpa nilai", custom={"module": MODULE})
    names = {"claim_lis": None, "claim_custom": {"module": MODULE}}
    launch_as("ani", activity=plain, sub="one", **names)
    launch_as("ani", activity=plain, sub="two", **names)
    link(graded, "one", "two")
    settle(graded, "one" if linked_first else "two")
    assert graded_users(graded) == []
    column = practice_platform.add_activity("Bernilai", module=MODULE, maximum=100)

    other = "two" if linked_first else "one"
    launch_as("ani", activity=column, sub=other, **names)

    assert graded_users(graded) == [other]


def test_first_launch_of_a_known_person_brings_the_result_to_the_column(
    graded: Any, launch_as: Launch, practice_platform: PracticeDriver
) -> None:
    launch_as("ani")
    ani = practice_platform.user_id("ani")
    settle(graded, ani)
    column = practice_platform.add_activity("Bernilai", module=MODULE, maximum=100)

    launch_as("ani", activity=column, sub="second account")

    assert graded_users(graded) == ["second account"]


@pytest.mark.parametrize("columns", [1, 4])
def test_columns_of_a_result_are_found_by_one_statement(
    graded: Any, launch_as: Launch, practice_platform: PracticeDriver, columns: int
) -> None:
    for number in range(columns):
        launch_as("ani", activity=practice_platform.add_activity(f"Kegiatan {number}", module=MODULE, maximum=100))

    statements = settle(graded, practice_platform.user_id("ani"))

    assert sum("core_enrolment" in statement for statement in statements) == 1
    assert len(graded_users(graded)) == columns
