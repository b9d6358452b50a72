"""Events: told after the fact is committed, at least once, and a handler that fails harms nobody but itself."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from lms_bridge.context import PersonRef
from lms_bridge.contributions import EventHandler, Plugin
from lms_bridge.db import acting_as, db, now
from lms_bridge.events import EvidenceRecorded
from lms_bridge.jobs import events, retention
from lms_bridge.models import Agency, Delivery, DeliveryState, Evidence, OutboxEvent, Person
from lms_bridge.plugin_host.discovery import Found
from lms_bridge.plugin_host.host import PluginState
from lms_bridge.services.evidence import record_evidence
from lms_bridge.services.plugin_settings import switch_plugin


class Listener:
    """A plugin that hears of evidence; ``faults`` is how often it fails first."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.heard: list[int] = []
        self.faults = 0
        self.lock = threading.Lock()
        handler = EventHandler("evidence.recorded", self.hear)
        self.state = PluginState(Found("listener", "listener"), Plugin("listener", "L", "1", event_handlers=(handler,)))
        app.extensions["lms_bridge.plugins"].states["listener"] = self.state

    def hear(self, event: Any) -> None:
        """Note the event, or store something and fail."""
        with self.lock:
            self.heard.append(event.evidence_id)
            fails, self.faults = self.faults > 0, self.faults - 1
        if fails:
            db.session.add(Person(name="half done", created_at=now()))
            db.session.flush()
            raise RuntimeError("on purpose")


@pytest.fixture
def listener(bridge_app: Any) -> Listener:
    return Listener(bridge_app)


@pytest.fixture
def record(bridge_app: Any) -> Callable[..., None]:
    """Record pieces of evidence in one transaction, which is committed unless said otherwise."""

    def make(*competencies: str, commit: bool = True) -> None:
        with bridge_app.app_context():
            agency = db.session.scalar(select(Agency.id).where(Agency.code == "demo"))
            with acting_as(agency):
                person = db.session.scalars(select(Person).limit(1)).one()
                who = PersonRef(person.id, person.name, (person.id,))
                for competency in competencies:
                    record_evidence(person=who, competency=competency, value=1, source="test", seen_at=MOMENT)
            db.session.commit() if commit else db.session.rollback()
            db.session.remove()

    return make


MOMENT = dt.datetime(2026, 11, 3, 8, tzinfo=dt.UTC)


def work(app: Any, *, later: bool = False) -> int:
    with app.app_context():
        if later:
            db.session.execute(update(Delivery.__table__).values(next_try_at=now() - dt.timedelta(seconds=1)))
            db.session.commit()
        done = events.deliver_due()
        db.session.remove()
    return done


def rows(app: Any, model: Any) -> list[Any]:
    with app.app_context():
        found = list(db.session.execute(select(model.__table__)))
        db.session.remove()
    return found


def test_listener_is_told_once_when_the_worker_runs(bridge_app, listener, record):
    record("x:1")
    assert listener.heard == []

    work(bridge_app)
    work(bridge_app, later=True)

    assert len(listener.heard) == 1
    assert [row.state for row in rows(bridge_app, Delivery) if row.handler.startswith("listener")] == [
        DeliveryState.DONE
    ]


def test_fact_that_was_not_committed_is_told_to_nobody(bridge_app, listener, record):
    record("x:1", commit=False)

    work(bridge_app)

    assert listener.heard == []
    assert rows(bridge_app, OutboxEvent) == []


def test_same_evidence_twice_is_one_fact_and_one_event(bridge_app, listener, record):
    record("x:1")
    record("x:1")

    work(bridge_app)

    assert len(rows(bridge_app, Evidence)) == len(listener.heard) == 1


def test_handler_that_fails_is_told_again_and_what_it_half_did_is_undone(bridge_app, listener, record):
    listener.faults = 1
    record("x:1")

    work(bridge_app)
    half = [row.name for row in rows(bridge_app, Person) if row.name == "half done"]
    work(bridge_app, later=True)

    assert half == []
    assert len(listener.heard) == 2
    assert rows(bridge_app, Delivery)[-1].state == DeliveryState.DONE


def test_failure_waits_before_it_is_tried_again_and_does_not_hold_the_next_event(bridge_app, listener, record):
    listener.faults = 1
    record("x:1", "x:2")

    work(bridge_app)

    first, second = (row for row in rows(bridge_app, Delivery) if row.handler.startswith("listener"))
    assert (first.state, second.state) == (DeliveryState.DUE, DeliveryState.DONE)
    assert first.next_try_at > now()
    assert first.error == "RuntimeError"


def test_five_failures_set_an_event_aside(bridge_app, listener, record):
    listener.faults = 99
    record("x:1")

    for _ in range(7):
        work(bridge_app, later=True)

    assert len(listener.heard) == events.MAX_ATTEMPTS == 5
    assert DeliveryState.DEAD in {row.state for row in rows(bridge_app, Delivery)}


def test_plugin_that_is_away_misses_nothing(bridge_app, listener, record):
    record("x:1")
    states = bridge_app.extensions["lms_bridge.plugins"].states
    away = states.pop("listener")
    for _ in range(8):
        work(bridge_app, later=True)
    states["listener"] = away

    work(bridge_app, later=True)

    assert len(listener.heard) == 1


def switch(app: Any, *, on: bool) -> None:
    with app.app_context():
        agency = db.session.scalar(select(Agency.id).where(Agency.code == "demo"))
        with acting_as(agency):
            switch_plugin("listener", on=on)
        db.session.commit()
        db.session.remove()


def test_plugin_that_the_agency_switched_off_is_told_when_it_is_switched_on_again(bridge_app, listener, record):
    switch(bridge_app, on=False)
    record("x:1")
    for _ in range(8):
        work(bridge_app, later=True)
    untold = list(listener.heard)

    switch(bridge_app, on=True)
    work(bridge_app)

    assert untold == []
    assert len(listener.heard) == 1


def test_what_waits_for_a_plugin_that_is_switched_off_is_kept_no_longer_than_other_events(bridge_app, listener, record):
    switch(bridge_app, on=False)
    record("x:1")
    work(bridge_app)
    with bridge_app.app_context():
        for days, left in ((89, 1), (91, 0)):
            db.session.execute(update(OutboxEvent.__table__).values(happened_at=now() - dt.timedelta(days=days)))
            db.session.commit()
            retention.apply_rules()
            assert len(db.session.execute(select(OutboxEvent.__table__)).all()) == left
        db.session.remove()


def test_worker_that_died_leaves_the_event_to_the_next_one_after_its_lease(bridge_app, listener, record):
    record("x:1")
    with bridge_app.app_context():
        while events._claim() is not None:
            pass  # and then the worker is killed
        db.session.remove()

    assert work(bridge_app) == 0
    assert listener.heard == []
    work(bridge_app, later=True)

    assert len(listener.heard) == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_four_workers_at_once_tell_each_event_once(bridge_app, listener, record):
    record(*(f"x:{number}" for number in range(60)))
    threads = [threading.Thread(target=work, args=(bridge_app,)) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(listener.heard) == len(set(listener.heard)) == 60


def test_event_carries_ids_and_no_person(bridge_app, listener, record):
    record("x:1")

    payload = rows(bridge_app, OutboxEvent)[0].payload

    assert set(payload) == {"evidence_id", "person_id", "competency", "source"}
    assert EvidenceRecorded.from_payload(payload).competency == "x:1"
