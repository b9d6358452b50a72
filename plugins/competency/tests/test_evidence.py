"""What other plugins record of a person enters the result: by whom it was said, and what that weighs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from lms_bridge_competency.models import Result, ResultLine
from sqlalchemy import select

from lms_bridge.api import EvidenceKind, Person, db, gaps_of, now, person_ref, record_evidence
from lms_bridge.jobs import events
from lms_bridge.services.plugin_settings import choose_settings

from .conftest import ANI, CODES


@pytest.fixture
def rated(ani):
    """Ani has rated herself at her required level, except in communication."""
    ani.rate({"M3": 2})
    ani.finish()
    return ani


def record(stored, app, **signs):
    """Record signs of Ani as another plugin does, and let the worker tell whoever listens."""
    options = {"kind": EvidenceKind.PEER, "source": "survey.wave-1", "seen_at": now()} | signs.pop("options", {})
    with stored.opened():
        person = person_ref(db.session.scalar(select(Person.id).where(Person.nip == ANI)))
        for code, (value, level) in signs.items():
            record_evidence(
                person=person, competency=f"asn-38-2017:{code}", value=Decimal(value), level=level, **options
            )
    deliver(app)
    return person


def deliver(app):
    with app.app_context():
        events.deliver_due()
        db.session.remove()


def newest(stored):
    return stored.one(select(Result).order_by(Result.id.desc()))


def line(stored, code):
    rows = select(ResultLine).where(ResultLine.competency == f"asn-38-2017:{code}")
    return stored.one(rows.order_by(ResultLine.id.desc()))


def test_what_peers_say_changes_the_level_and_closes_the_gap(rated, stored, bridge_app):
    person = record(stored, bridge_app, M3=("0.8", None))

    # (20 x 4 + 20 x 2) / 40
    assert (line(stored, "M3").blended, line(stored, "M3").gap) == (Decimal("3.00"), 0)
    with stored.opened():
        assert gaps_of(person) == []
    explanation = rated.get(f"/results/{newest(stored).id}/explanation").text
    assert "(20 × 4 + 20 × 2) ÷ 40 = 3.00" in explanation
    assert "Peers: level 4" in explanation
    assert [row.value for row in stored.rows("core_person_score")] == [Decimal("1.0000")]


def test_what_is_recorded_together_gives_one_result(rated, stored, bridge_app):
    record(stored, bridge_app, **dict.fromkeys(CODES, ("0.68", 3)))

    assert stored.count(Result) == 2
    assert line(stored, "M1").blended == Decimal("3.20")


def test_hearing_of_it_twice_changes_nothing(rated, stored, bridge_app):
    record(stored, bridge_app, M3=("0.8", None))
    record(stored, bridge_app)

    assert stored.count(Result) == 2


def test_of_a_group_the_newest_counts(rated, stored, bridge_app):
    earlier = now() - dt.timedelta(days=90)
    record(stored, bridge_app, M3=("0.8", None))
    record(stored, bridge_app, M3=("0.2", None), options={"source": "survey.wave-0", "seen_at": earlier})

    assert line(stored, "M3").blended == Decimal("3.00")


def test_an_assessor_outranks_self_and_superior(rated, stored, bridge_app):
    record(stored, bridge_app, M1=("0.4", 2), options={"kind": EvidenceKind.ASSESSOR, "source": "assessment-centre"})

    assert (line(stored, "M1").attained, line(stored, "M2").attained) == (2, 3)
    assert "Assessor" in rated.get(f"/results/{newest(stored).id}").text


def test_an_assessor_counts_for_three_years(rated, stored, bridge_app):
    centre = {"kind": EvidenceKind.ASSESSOR, "source": "assessment-centre"}

    record(stored, bridge_app, M1=("0.4", 2), options={**centre, "seen_at": now() - dt.timedelta(days=3 * 365 + 1)})
    assert stored.count(Result) == 1
    record(stored, bridge_app, M1=("0.4", 2), options={**centre, "seen_at": now() - dt.timedelta(days=3 * 365 - 1)})
    assert line(stored, "M1").attained == 2


def test_a_course_counts_by_its_level_once_the_agency_gives_it_weight(rated, stored, bridge_app):
    course = {"kind": EvidenceKind.COURSE, "source": "course-7"}

    record(stored, bridge_app, M3=("0.95", None), options=course)
    assert stored.count(Result) == 1
    record(stored, bridge_app, M3=("0.95", 3), options={**course, "source": "course-8"})
    assert line(stored, "M3").attained == 2
    assert "does not count" in rated.get(f"/results/{newest(stored).id}").text
    with stored.opened():
        choose_settings("competency", {"weight_course": "80"})
    record(stored, bridge_app, M3=("0.95", 4), options={**course, "source": "course-9"})

    # (80 x 4 + 20 x 2) / 100
    assert line(stored, "M3").blended == Decimal("3.60")


def test_signs_of_no_kind_stay_signs(rated, stored, bridge_app):
    record(stored, bridge_app, M3=("1", 5), options={"kind": EvidenceKind.OTHER})

    assert stored.count(Result) == 1


def test_own_ratings_are_not_counted_twice(rated, stored, bridge_app):
    deliver(bridge_app)

    assert stored.count(Result) == 1
    assert list(newest(stored).inputs["sources"]) == ["self"]


def test_somebody_who_has_not_rated_yet_gets_a_result_and_no_grade(stored, bridge_app, learner):
    record(stored, bridge_app, M3=("0.4", None))

    assert (line(stored, "M3").attained, line(stored, "M1").attained) == (2, None)
    assert stored.rows("core_person_score") == []
    ani = learner()
    assert "not rated, so not counted as 0" in ani.get(f"/results/{newest(stored).id}").text
    assert "Start the self-rating" in ani.get("/self-rating").text


def test_evidence_of_somebody_without_a_post_waits(stored, bridge_app, learner):
    learner("maya", module=None)
    with stored.opened():
        maya = person_ref(db.session.scalar(select(Person.id).where(Person.name == "Maya Puspitasari, A.Md.")))
        record_evidence(
            person=maya, competency="asn-38-2017:M1", value=Decimal("0.6"), source="survey.wave-1", seen_at=now(),
            kind=EvidenceKind.PEER,
        )  # fmt: skip
    deliver(bridge_app)

    assert stored.count(Result) == 0
    assert {row.state.value for row in stored.rows("core_outbox_delivery")} == {"done"}
