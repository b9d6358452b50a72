"""The numbers of units follow the results of their people."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from lms_bridge_competency import indicators as own
from lms_bridge_competency.models import Result, ResultLine
from lms_bridge_competency.results import latest_result
from lms_bridge_competency.rules import Line, Method, grade, job_person_match
from sqlalchemy import delete, select

from lms_bridge.api import Post, Unit, acting_as, db, indicators, person_ref

KEYS = tuple(f"asn-38-2017:{code}" for code in ("M1", "M2"))
JUNE, NOVEMBER = dt.datetime(2026, 6, 1, tzinfo=dt.UTC), dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


@pytest.fixture
def rate(bridge_app):
    """Store a result of a made person, two competencies that require 3, and add it to the numbers."""

    def make(made, *attained, at, number=1):
        with bridge_app.app_context(), acting_as(1):
            person = person_ref(made.id)
            before = latest_result(person)
            lines = [Line(key, 3, level) for key, level in zip(KEYS, attained, strict=True)]
            result = Result(
                person_id=made.id,
                cycle="2026",
                number=number,
                computed_at=at,
                post_id=db.session.scalar(select(Post.id).where(Post.code == made.username)),
                post_name="Post",
                post_level="AHLI_MUDA",
                self_declared=False,
                method=Method.TOTAL_CAP,
                jpm_total_cap=job_person_match(lines, method=Method.TOTAL_CAP).value,
                jpm_no_compensation=None,
                grade=grade(lines),
                inputs={},
            )
            db.session.add(result)
            db.session.flush()
            for place, one in enumerate(lines, start=1):
                row = ResultLine(result_id=result.id, position=place, competency=one.competency, required=3)
                row.attained, row.gap = one.attained, one.gap
                db.session.add(row)
            db.session.flush()
            own.publish_result(result, person=person, before=before, lines=lines)
            db.session.commit()

    return make


@pytest.fixture
def rated(make_person, rate):
    """Six people of one unit: all rated in June, three of them again in November."""
    people = [make_person(post_level="AHLI_MUDA", unit="LAB") for _ in range(6)]
    for one in people:
        rate(one, 2, 3, at=JUNE)
    for one in people[:3]:
        rate(one, 3, 3, at=NOVEMBER, number=2)
    rate(people[3], 1, 3, at=NOVEMBER, number=2)
    rate(people[4], 2, 4, at=NOVEMBER, number=2)


def numbers(app, until, **more):
    with app.app_context(), acting_as(1):
        unit = db.session.scalar(select(Unit.id).where(Unit.code == "LAB"))
        found = indicators([unit], own.declared(), until=until, **more)
        db.session.rollback()
    return {(one.metric, one.competency): one for one in found}


def test_each_person_counts_once_with_their_newest_result(rated, outbox, bridge_app):
    outbox.drain()
    june, november = numbers(bridge_app, "2026-Q2"), numbers(bridge_app, "2026-Q4", by_competency=True)

    assert june[own.RATED, ""].value == november[own.RATED, ""].value == 6
    assert june[own.JPM, ""].value == Decimal("83.33")
    assert november[own.SHORT, KEYS[0]].value == Decimal(3) / 6
    assert november[own.GAP, KEYS[0]].value == Decimal(4) / 6
    assert november[own.MATCHES["KMS"], ""].numerator == 1


def test_gap_closure_compares_the_same_people_before_and_after(rated, outbox, bridge_app):
    outbox.drain()
    closed = numbers(bridge_app, "2026-Q4")[own.CLOSED, ""]

    # Five people had a gap of one level each: three closed it, one has two now, one is where they were.
    assert (closed.numerator, closed.denominator, closed.n) == (2, 5, 5)
    assert (own.CLOSED, "") not in numbers(bridge_app, "2026-Q2")


def test_what_was_added_is_what_the_nightly_check_finds_in_the_results(rated, outbox, bridge_app):
    outbox.drain()
    added = numbers(bridge_app, "2026-Q4", by_competency=True, by_post_group=True, quarters=4)

    assert outbox.check_indicators() == 0
    assert numbers(bridge_app, "2026-Q4", by_competency=True, by_post_group=True, quarters=4) == added


def test_numbers_that_were_lost_come_back_from_the_results(rated, outbox, bridge_app):
    outbox.drain()
    added = numbers(bridge_app, "2026-Q4", by_competency=True, by_post_group=True, quarters=4)
    cells = db.metadata.tables["core_indicator_cell"]
    with bridge_app.app_context():
        db.session.execute(delete(cells))
        db.session.commit()

    assert outbox.check_indicators() > 0
    assert numbers(bridge_app, "2026-Q4", by_competency=True, by_post_group=True, quarters=4) == added
