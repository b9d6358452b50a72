"""Retention: what is older than its rule goes, once a day, for each agency; what fails harms no other rule."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import insert, select

from lms_bridge.contributions import Plugin, Retention
from lms_bridge.db import acting_as, current_agency, db, now
from lms_bridge.jobs import retention
from lms_bridge.models import (
    Agency,
    AuditEntry,
    Course,
    Delivery,
    DeliveryState,
    Enrolment,
    OutboxEvent,
    Person,
    Platform,
    PlatformUser,
)
from lms_bridge.plugin_host import host
from lms_bridge.plugin_host.discovery import Found
from lms_bridge.plugin_host.host import PluginState

DAY = dt.timedelta(days=1)


@pytest.fixture
def agency(bridge_app):
    """Work in the demo agency."""
    with bridge_app.app_context():
        with acting_as(db.session.scalar(select(Agency.id).where(Agency.code == "demo"))) as agency_id:
            yield agency_id
        db.session.remove()


def declare(*rules: Retention) -> None:
    """Have a plugin with these rules."""
    host().states["keeper"] = PluginState(Found("keeper", "keeper"), Plugin("keeper", "K", "1", retention=rules))


def test_delivered_events_go_after_90_days_and_waiting_ones_stay(agency):
    for name, age, state in (("old", 91, "DONE"), ("waits", 91, "DUE"), ("dead", 91, "DEAD"), ("new", 89, "DONE")):
        event = OutboxEvent(name=name, version=1, payload={}, happened_at=now() - age * DAY)
        db.session.add(event)
        db.session.flush()
        db.session.add(
            Delivery(event_id=event.id, handler="a:b", state=DeliveryState[state], next_try_at=now(), attempts=0)
        )
    db.session.commit()

    retention.apply_rules()

    assert sorted(db.session.scalars(select(OutboxEvent.name))) == ["dead", "new", "waits"]


def test_that_somebody_left_a_course_is_forgotten_after_two_years(agency):
    platform = db.session.scalars(select(Platform)).first()
    course = Course(platform_id=platform.id, context_id="c", title="C")
    db.session.add(course)
    db.session.flush()
    for sub, in_roster, years in (("left long ago", False, 3), ("left", False, 1), ("is there", True, 3)):
        user = PlatformUser(issuer="i", sub=sub, person_id=db.session.scalar(select(Person.id)))
        db.session.add(user)
        db.session.flush()
        seen = now() - years * 365 * DAY
        db.session.add(
            Enrolment(course_id=course.id, platform_user_id=user.id, roles=[], in_roster=in_roster, seen_at=seen)
        )
    db.session.commit()

    retention.apply_rules()

    left = select(PlatformUser.sub).join(Enrolment, Enrolment.platform_user_id == PlatformUser.id)
    assert sorted(db.session.scalars(left)) == ["is there", "left"]


def test_a_plugins_rule_runs_for_each_agency_and_what_it_removed_is_in_the_audit_log(agency):
    asked = []
    declare(Retention("things", "Things", 10 * DAY, lambda before: asked.append((current_agency(), before)) or 7))
    db.session.execute(
        insert(Agency.__table__).values(code="other", name="O", timezone="Asia/Jakarta", created_at=now())
    )
    db.session.commit()

    retention.apply_rules()

    assert {agency_id for agency_id, _before in asked} == set(db.session.scalars(select(Agency.id)))
    assert all(abs(now() - 10 * DAY - before) < dt.timedelta(minutes=1) for _agency, before in asked)
    (entry,) = db.session.scalars(select(AuditEntry))
    assert (entry.action, entry.facts) == ("retention.applied", {"rule": "keeper.things", "rows": 7})


def test_a_rule_that_fails_is_undone_and_noted_and_the_others_run(agency):
    def fail(before):
        db.session.add(Person(name="half done", created_at=now()))
        db.session.flush()
        raise RuntimeError("no")

    ran = []
    declare(Retention("bad", "B", DAY, fail), Retention("good", "G", DAY, lambda before: ran.append(1) or 0))

    retention.apply_rules()

    assert len(ran) == len(list(db.session.scalars(select(Agency.id))))
    assert db.session.scalar(select(Person.id).where(Person.name == "half done")) is None
    assert host().states["keeper"].failures["retention bad"] == len(ran)
