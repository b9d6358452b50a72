"""The console's page of jobs: what waits, why, and how it goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from lms_bridge.db import db, now
from lms_bridge.models import Agency, Delivery, DeliveryState, Grade, GradeState, OutboxEvent
from lms_bridge.testing.browser import Browser


def states(app: Flask) -> dict[int, GradeState]:
    with app.app_context():
        found = {row.id: row.state for row in db.session.execute(select(Grade.__table__))}
        db.session.remove()
    return found


@pytest.fixture
def dead(bridge_app: Flask) -> int:
    """An event that competency mapping could not handle."""
    with bridge_app.app_context():
        agency = db.session.scalars(select(Agency.id).where(Agency.code == "demo")).one()
        event = {"agency_id": agency, "name": "core.gap_opened", "version": 1, "payload": {}, "happened_at": now()}
        event_id = db.session.execute(
            insert(OutboxEvent.__table__).values(event).returning(OutboxEvent.id)
        ).scalar_one()
        row = {"event_id": event_id, "handler": "competency:on_gap", "state": DeliveryState.DEAD, "attempts": 5}
        row |= {"agency_id": agency, "next_try_at": now(), "error": "ValueError"}
        number = db.session.execute(insert(Delivery.__table__).values(row).returning(Delivery.id)).scalar_one()
        db.session.commit()
        db.session.remove()
    return int(number)


def test_page_says_that_nothing_waits(console_as: Callable[..., Browser]) -> None:
    assert "Tidak ada yang menunggu Anda" in console_as("admin").get("/console/jobs").text


def test_refused_grades_are_shown_with_their_remedy_and_sent_again(
    bridge_app: Flask, console_as: Callable[..., Browser], make_grade: Callable[..., int]
) -> None:
    console = console_as("admin")
    first, second = (make_grade(GradeState.PARKED, reason="status-400", sub=sub) for sub in ("2", "3"))

    page = console.get("/console/jobs").text
    done = console.post("/console/jobs/grades", data={"ids": [first]})

    assert "2 nilai" in page and "Daftarkan" in page
    assert done.status_code == 303
    assert states(bridge_app) == {first: GradeState.DUE, second: GradeState.PARKED}


def test_event_that_failed_is_handled_again(bridge_app: Flask, console_as: Callable[..., Browser], dead: int) -> None:
    console = console_as("admin")

    page = console.get("/console/jobs").text
    console.post("/console/jobs/events", data={"ids": [dead]})

    assert "core.gap_opened" in page and "ValueError" in page
    assert "Tidak ada yang menunggu Anda" in console.get("/console/jobs").text


@pytest.mark.parametrize("chosen", [[], ["x"], ["1" * 30]])
def test_a_choice_that_makes_no_sense_is_refused(console_as: Callable[..., Browser], chosen: list[str]) -> None:
    answer = console_as("admin").post("/console/jobs/grades", data={"ids": chosen})

    assert answer.status_code == 422


def test_jobs_of_another_agency_are_neither_seen_nor_touched(
    bridge_app: Flask, console_as: Callable[..., Browser], make_grade: Callable[..., int], other_agency: int, dead: int
) -> None:
    console = console_as("admin")
    grade = make_grade(GradeState.PARKED, reason="status-404")
    with bridge_app.app_context():
        other = db.session.scalars(select(Agency.id).where(Agency.code == "other")).one()
        for table in (Grade.__table__, Delivery.__table__):
            db.session.execute(update(table).values(agency_id=other))
        db.session.commit()
        db.session.remove()

    page = console.get("/console/jobs").text
    console.post("/console/jobs/grades", data={"ids": [grade]})
    console.post("/console/jobs/events", data={"ids": [dead]})

    assert "Tidak ada yang menunggu Anda" in page
    assert states(bridge_app) == {grade: GradeState.PARKED}
    with bridge_app.app_context():
        assert db.session.scalars(select(Delivery.__table__.c.state)).all() == [DeliveryState.DEAD]
        db.session.remove()
