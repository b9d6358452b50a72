"""A platform that is switched off, dead or asks for a rest holds neither the others nor its own grades for ever."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from lms_bridge.db import db, now
from lms_bridge.jobs import grades
from lms_bridge.models import Grade, LineItem
from lms_bridge.models import Platform as PlatformRow
from lms_bridge.testing.browser import Browser
from tests.lti.grade_faults.gradebook import Clock, ScriptedLms, change, rows, settle, work


def test_grades_of_a_switched_off_platform_wait(school: Any, lms: ScriptedLms, clock: Clock) -> None:
    """X-12: what belongs to a deactivated platform stops, and goes on when it is switched on again."""
    settle(school, "0.5", clock)
    change(school, PlatformRow.__table__, active=False)
    work(school)
    with school.app_context():
        grades.deliver(rows(school)[0].id)
    assert lms.posts == []
    change(school, PlatformRow.__table__, active=True)
    work(school)

    assert lms.value() == 0.5


def test_dead_platform_does_not_hold_another(
    school: Any, lms: ScriptedLms, clock: Clock, launch_as: Callable[..., Browser]
) -> None:
    settle(school, "0.5", clock)
    with school.app_context():
        first = db.session.execute(select(PlatformRow.__table__)).one()._asdict()
        twin = {**first, "id": first["id"] + 100, "client_id": "twin", "token_url": "http://127.0.0.1:1/token"}
        db.session.execute(PlatformRow.__table__.insert().values(**twin))
        item = db.session.execute(select(LineItem.__table__)).one()._asdict()
        dead = {**item, "id": item["id"] + 100, "platform_id": twin["id"], "url": "http://127.0.0.1:1/6/lineitem"}
        db.session.execute(LineItem.__table__.insert().values(**dead))
        for row in db.session.execute(select(Grade.__table__)).all():
            mine = {**row._asdict(), "id": row.id + 100, "line_item_id": dead["id"]}
            mine["next_try_at"] = row.next_try_at - dt.timedelta(seconds=5)
            db.session.execute(Grade.__table__.insert().values(**mine))
        db.session.commit()
        db.session.remove()

    work(school)

    assert lms.value() == 0.5
    assert sorted(row.state.value for row in rows(school)) == ["due", "sent"]


def test_one_grade_tries_for_all_when_a_rested_platform_is_asked_again(
    school: Any, lms: ScriptedLms, clock: Clock
) -> None:
    for user in ("6", "7", "8"):
        school.enrol(user)
    for user in ("5", "6", "7", "8"):
        settle(school, "0.5", clock, user=user)
    lms.script = [503] * 4
    work(school)
    assert len(lms.posts) == 3  # the breaker closed
    clock.later()

    work(school)
    assert len(lms.posts) == 4
    clock.later()
    with school.app_context():
        claimed = [grades._claim(row.id) for row in rows(school)]
        db.session.remove()

    assert len([one for one in claimed if one is not None]) == 1


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_lets_the_whole_platform_rest(school: Any, lms: ScriptedLms, clock: Clock, form: str) -> None:
    school.enrol("6")
    date = format_datetime(now().replace(microsecond=0) + dt.timedelta(seconds=120), usegmt=True)
    lms.script = [(429, {"Retry-After": "120" if form == "seconds" else date})]
    for user in ("5", "6"):
        settle(school, "0.5", clock, user=user)
    work(school)
    clock.later(100)
    work(school)
    assert len(lms.posts) == 1
    clock.later(30)
    work(school)

    assert (lms.value("5"), lms.value("6")) == (0.5, 0.5)


def test_grade_that_cannot_be_handled_does_not_hold_the_others(school: Any, lms: ScriptedLms, clock: Clock) -> None:
    school.enrol("6")
    for user in ("5", "6"):
        settle(school, "0.5", clock, user=user)
    with school.app_context():
        item = db.session.execute(select(LineItem.__table__)).one()._asdict()
        broken = {**item, "id": item["id"] + 100, "url": "http://[::1"}
        db.session.execute(LineItem.__table__.insert().values(**broken))
        first = db.session.scalar(select(Grade.__table__.c.id).order_by(Grade.__table__.c.id).limit(1))
        moved = update(Grade.__table__).where(Grade.__table__.c.id == first).values(line_item_id=broken["id"])
        db.session.execute(moved)
        db.session.commit()
        db.session.remove()

    work(school)

    assert lms.value("6") == 0.5
