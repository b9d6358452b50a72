"""Programmes: what they aim at, their seats, and how they end."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lms_bridge.db import acting_as, db
from lms_bridge.errors import Invalid, NotFound
from lms_bridge.models import Agency, Person, ProgrammeParticipant, ProgrammeStatus
from lms_bridge.services.development_forms import development_forms
from lms_bridge.services.participants import (
    ProgrammeFull,
    participants,
    participations_of,
    register_participant,
    settle_participant,
    withdraw_participant,
)
from lms_bridge.services.people import person_ref
from lms_bridge.services.programmes import (
    Aim,
    ProgrammeClosed,
    ProgrammeDetails,
    change_programme,
    create_programme,
    programme,
    programmes,
    set_programme_status,
)
from lms_bridge.testing.instance import close_app, make_app

DAY = dt.date(2026, 3, 2)
M1, M3 = "asn-38-2017:M1", "asn-38-2017:M3"


def details(code="WS-1", **more):
    return ProgrammeDetails(**{"code": code, "title": "Lokakarya", "form": "B7", "jp": Decimal(10), **more})


@pytest.fixture
def workshop(agency):
    """An open workshop with two seats, aiming at two competencies."""
    made = create_programme(details(seats=2, aims=(Aim(M3, 3), Aim(M1)), starts_on=DAY, ends_on=DAY))
    set_programme_status(made.id, ProgrammeStatus.OPEN)
    return made.id


def test_a_workshop_outside_the_lms_is_a_programme_like_any_other(workshop):
    seen = programme(workshop)

    assert (seen.course_id, seen.form, seen.jp, seen.status) == (None, "B7", Decimal(10), ProgrammeStatus.OPEN)
    assert seen.aims == (Aim(M1), Aim(M3, 3))
    assert development_forms()["B7"].jp == 5 and development_forms()["B7"].mode == "klasikal"


def test_every_official_form_is_there_with_its_hours_and_share():
    forms = development_forms()

    assert len(forms) == 27
    assert (forms["C2"].jp, forms["C2"].unit, forms["C2"].share) == (2, "kali", 20)
    assert forms["C13"].jp is None
    assert {form.share for form in forms.values()} == {10, 20, 70}


def test_programmes_are_found_by_competency_and_status(workshop):
    other = create_programme(details("K-1", form="C3", aims=(Aim(M1),)))

    assert [one.code for one in programmes(competency=M3)] == ["WS-1"]
    assert [one.code for one in programmes(competency=M1)] == ["WS-1", "K-1"]
    assert [one.id for one in programmes(statuses=[ProgrammeStatus.PLANNED])] == [other.id]


def test_what_is_said_can_be_changed_with_its_aims(workshop):
    change_programme(workshop, details(title="Baru", cost=Decimal("12500000"), aims=(Aim(M3, 4),)))

    seen = programme(workshop)
    assert (seen.title, seen.cost, seen.aims, seen.seats) == ("Baru", Decimal("12500000.00"), (Aim(M3, 4),), None)


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"code": "WS-1"}, "code"),
        ({"form": "Z9"}, "form"),
        ({"jp": Decimal(-1)}, "jp"),
        ({"cost": Decimal(-1)}, "cost"),
        ({"seats": 0}, "seats"),
        ({"starts_on": DAY, "ends_on": dt.date(2026, 3, 1)}, "ends_on"),
        ({"course_id": 987654}, "course_id"),
        ({"aims": (Aim("asn-38-2017:X9"),)}, "aims"),
        ({"aims": (Aim(M1, 6),)}, "aims"),
    ],
)
def test_what_does_not_fit_is_named_by_its_field(workshop, fault, field):
    with pytest.raises(Invalid) as refused:
        create_programme(details(**{"code": "WS-2", **fault}))

    assert set(refused.value.problems) == {field}


def test_two_agencies_may_use_one_code_and_do_not_see_each_others(workshop):
    demo = db.session.scalar(select(Agency.id).where(Agency.code == "demo"))
    with acting_as(demo):
        create_programme(details())
        with pytest.raises(NotFound):
            programme(workshop)

    assert [one.id for one in programmes()] == [workshop]


def test_seats_run_out_and_a_withdrawal_frees_one(workshop, person):
    one, two, three = person("One"), person("Two"), person("Three")
    register_participant(workshop, one, on=DAY)
    register_participant(workshop, two, on=DAY)
    register_participant(workshop, two, on=DAY)
    assert programme(workshop).seats_left == 0
    with pytest.raises(ProgrammeFull):
        register_participant(workshop, three, on=DAY)

    withdraw_participant(workshop, one)
    register_participant(workshop, three, on=DAY)

    with pytest.raises(ProgrammeFull):
        register_participant(workshop, one, on=DAY)
    assert [(row.name, row.status.value) for row in participants(workshop)] == [
        ("One", "withdrawn"),
        ("Three", "registered"),
        ("Two", "registered"),
    ]


def test_whoever_withdrew_may_come_back_once(workshop, person):
    one = person("One")
    for _again in range(2):
        register_participant(workshop, one, on=DAY)
        withdraw_participant(workshop, one)
    register_participant(workshop, one, on=DAY)

    assert [row.status.value for row in participations_of(one)] == ["registered"]


def test_nobody_registers_before_it_is_open_or_after_it_ended(agency, person):
    made = create_programme(details())

    with pytest.raises(ProgrammeClosed):
        register_participant(made.id, person("One"), on=DAY)


def test_a_result_is_settled_once_it_runs_and_may_be_corrected(workshop, person):
    one = person("One")
    register_participant(workshop, one, on=DAY)
    with pytest.raises(ProgrammeClosed):
        settle_participant(workshop, one, completed=True, on=DAY)
    set_programme_status(workshop, ProgrammeStatus.RUNNING)

    settle_participant(workshop, one, completed=False, on=DAY)
    settle_participant(workshop, one, completed=True, on=DAY)

    (seen,) = participations_of(one)
    assert (seen.status.value, seen.ended_on, seen.programme_id) == ("completed", DAY, workshop)
    with pytest.raises(ProgrammeClosed):
        withdraw_participant(workshop, one)


def test_who_is_not_in_it_has_no_result(workshop, person):
    set_programme_status(workshop, ProgrammeStatus.RUNNING)

    with pytest.raises(NotFound):
        settle_participant(workshop, person("One"), completed=True, on=DAY)


@pytest.mark.parametrize(
    "steps",
    [
        [ProgrammeStatus.FINISHED],
        [ProgrammeStatus.RUNNING, ProgrammeStatus.OPEN],
        [ProgrammeStatus.CANCELLED, ProgrammeStatus.RUNNING],
    ],
)
def test_a_state_that_does_not_follow_is_refused(workshop, steps):
    for step in steps[:-1]:
        set_programme_status(workshop, step)

    with pytest.raises(ProgrammeClosed):
        set_programme_status(workshop, steps[-1])


def test_the_database_refuses_a_result_without_its_day(workshop, person):
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.add(
            ProgrammeParticipant(
                programme_id=workshop, person_id=person("One").id, status="completed", registered_on=DAY
            )
        )


def test_the_last_seat_goes_to_one_of_two_who_ask_at_once(database, tmp_path):
    app = make_app(tmp_path / "instance", database, None)
    with app.app_context():
        demo = db.session.scalar(select(Agency.id).where(Agency.code == "demo"))
        with acting_as(demo):
            made = create_programme(details("LAST", seats=1)).id
            set_programme_status(made, ProgrammeStatus.OPEN)
            two = list(db.session.scalars(select(Person.id).order_by(Person.id).limit(2)))
            db.session.commit()
    outcomes, together = [], threading.Barrier(2)

    def ask(person_id: int) -> None:
        with app.app_context(), acting_as(demo):
            together.wait()
            try:
                register_participant(made, person_ref(person_id), on=DAY)
                db.session.commit()
                outcomes.append("seat")
            except ProgrammeFull:
                outcomes.append("full")
            db.session.remove()

    threads = [threading.Thread(target=ask, args=(one,)) for one in two]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    close_app(app)

    assert sorted(outcomes) == ["full", "seat"]
