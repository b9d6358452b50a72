"""How activities become JP: worked examples of domain 1.4 and 2.1."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lms_bridge_competency.hours.index_points import Part, points_of_year
from lms_bridge_competency.hours.rules import Deed, Limit, count, total

from lms_bridge.api import ActivityScope, development_forms

WIB, WITA, WIT = ZoneInfo("Asia/Jakarta"), ZoneInfo("Asia/Makassar"), ZoneInfo("Asia/Jayapura")
ABROAD = ActivityScope.INTERNATIONAL


def at(text, zone=WIB):
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


def deed(form, begins="2026-03-02T09:00", *, zone=WIB, key=None, **more):
    return Deed(key or f"{form} {begins}", form, form, at(begins, zone), **more)


def counted(*deeds, year=2026, zone=WIB):
    return [entry.counted for entry in count(deeds, development_forms(), year=year, zone=zone)]


def test_three_coaching_sessions_in_a_month_count_four_jp():
    sessions = [deed("C1", f"2026-03-{day:02}T09:00", units=Decimal(1)) for day in (2, 9, 16)]

    entries = count(sessions, development_forms(), year=2026, zone=WIB)

    assert [entry.counted for entry in entries] == [2, 2, 0]
    assert entries[2].limits == {Limit.MONTH} and entries[2].raw == 2


def test_coaching_and_mentoring_have_a_cap_each_and_a_month_begins_anew():
    sessions = [deed("C1", f"2026-03-{day:02}T09:00") for day in (2, 9)]

    assert counted(*sessions, deed("C2", "2026-03-20T09:00"), deed("C1", "2026-04-01T09:00")) == [2, 2, 2, 2]


def test_five_hours_of_e_learning_in_a_day_count_three_jp():
    (entry,) = count([deed("C3", minutes=300)], development_forms(), year=2026, zone=WIB)

    assert (entry.raw, entry.counted, entry.limits) == (Decimal("6.67"), 3, {Limit.DAY})


def test_a_day_has_one_cap_for_all_that_was_learnt_on_it():
    morning, evening = deed("C3", "2026-03-02T08:00", minutes=90), deed("C3", "2026-03-02T19:00", minutes=90)

    assert counted(morning, evening) == [2, 1]


def test_time_is_parted_at_midnight_so_that_each_day_has_its_cap():
    assert counted(deed("C3", "2026-03-02T21:00", minutes=360)) == [6]
    assert counted(deed("C3", "2026-03-02T23:15", minutes=90)) == [2]


@pytest.mark.parametrize(("zone", "expected"), [(WIB, [3]), (WITA, [6]), (WIT, [6])])
def test_midnight_is_that_of_the_agency(zone, expected):
    # 17.00 to 23.00 in Jakarta is 18.00 to midnight in Makassar and 19.00 to 01.00 in Jayapura.
    late = deed("C3", "2026-03-02T19:30", minutes=265 if zone is WIB else 360)

    assert counted(late, zone=zone) == expected


def test_a_session_over_the_end_of_a_month_counts_where_it_begins():
    sessions = [deed("C1", f"2026-03-{day:02}T09:00") for day in (2, 9)]

    assert counted(*sessions, deed("C1", "2026-03-31T23:30", minutes=60)) == [2, 2, 0]


def test_new_years_eve_is_parted_between_the_years():
    course = deed("B3", "2025-12-31T22:30", minutes=180)

    assert counted(course, year=2025) == [2]
    assert counted(course, year=2026) == [2]


def test_the_year_is_that_of_the_agencys_zone():
    # 23.30 on New Year's Eve in Jakarta is half past midnight in Makassar.
    session = deed("C1", "2025-12-31T23:30")

    assert counted(session, year=2025, zone=WIB) == [2]
    assert counted(session, year=2025, zone=WITA) == []
    assert counted(session, year=2026, zone=WITA) == [2]


@pytest.mark.parametrize(
    ("form", "more", "jp"),
    [
        ("B6", {"units": Decimal(2)}, 8),
        ("B6", {"units": Decimal(2), "scope": ABROAD}, 12),
        ("B7", {"units": Decimal(1)}, 5),
        ("B7", {"units": Decimal("0.5")}, Decimal("2.5")),
        ("B3", {"minutes": 900}, 20),
        ("B3", {"units": Decimal(20)}, 20),
        ("B3", {"minutes": 900, "scope": ABROAD}, 24),
        ("C1", {"scope": ABROAD}, 4),
        ("C3", {"minutes": 300, "scope": ABROAD}, 4),
        ("C5", {}, 20),
        ("C5", {"scope": ABROAD}, 24),
        ("C7", {}, 10),
        ("C7", {"scope": ABROAD}, 20),
        ("C9", {"minutes": 300}, 2),
        ("C10", {"minutes": 45}, 1),
        ("A1", {"units": Decimal(2)}, 40),
        ("B3", {"minutes": 100}, Decimal("2.22")),
    ],
)
def test_each_form_counts_as_its_rule_says(form, more, jp):
    assert counted(deed(form, **more)) == [jp]


def test_a_seminar_over_the_end_of_the_year_belongs_to_both():
    seminar = deed("B6", "2025-12-31T09:00", units=Decimal(3))

    assert counted(seminar, year=2025) == [4]
    assert counted(seminar, year=2026) == [8]


def test_a_programme_of_several_days_has_the_cap_of_all_of_them():
    assert counted(deed("C3", jp=Decimal(10), days=4)) == [10]
    assert counted(deed("C3", jp=Decimal(10), days=2)) == [6]
    assert counted(deed("B7", jp=Decimal(10), days=2)) == [10]


def test_a_form_without_a_figure_counts_nothing_and_says_so():
    (entry,) = count([deed("C13", minutes=90)], development_forms(), year=2026, zone=WIB)

    assert (entry.counted, entry.limits) == (0, {Limit.NO_RATE})


def test_the_year_is_added_up_with_its_shares():
    forms = development_forms()
    deeds = [deed("C5"), deed("C1"), deed("B7", units=Decimal(1))]

    year = total(count(deeds, forms, year=2026, zone=WIB), forms)

    assert (year.counted, year.reached, year.left) == (27, True, 0)
    assert [round(year.percent(share)) for share in (70, 20, 10)] == [74, 7, 19]


@pytest.mark.parametrize(("jp", "reached", "left"), [("19.99", False, "0.01"), ("20", True, "0")])
def test_twenty_jp_are_the_target(jp, reached, left):
    forms = development_forms()

    year = total(count([deed("B3", units=Decimal(jp))], forms, year=2026, zone=WIB), forms)

    assert (year.reached, year.left) == (reached, Decimal(left))
    assert total([], forms).percent(70) is None


@given(st.lists(st.tuples(st.sampled_from(["C1", "C3", "B6", "C9"]), st.integers(1, 900)), max_size=12))
def test_order_of_arrival_changes_nothing_and_nothing_counts_more_than_was_done(rows):
    deeds = [deed(form, key=str(number), minutes=minutes) for number, (form, minutes) in enumerate(rows)]

    one, other = (count(order, development_forms(), year=2026, zone=WIB) for order in (deeds, deeds[::-1]))

    assert sum(entry.counted for entry in one) == sum(entry.counted for entry in other)
    assert all(0 <= entry.counted <= entry.raw for entry in one)


def test_points_of_ip_asn_that_are_earned_and_open():
    forms = development_forms()
    entries = count([deed("B3", units=Decimal(20)), deed("B6")], forms, year=2026, zone=WIB)

    expert = points_of_year("JF_KEAHLIAN", "AHLI_MUDA", entries)
    staff = points_of_year("JA", "PELAKSANA", [])

    assert [(one.part, one.points, one.earned) for one in expert] == [
        (Part.FUNCTIONAL, 15, False),
        (Part.TECHNICAL, 15, True),
        (Part.SEMINARS, 10, True),
    ]
    assert sum(one.points for one in staff) == 40 and not any(one.earned for one in staff)
    assert points_of_year("JPT", "JPT_PRATAMA", [])[0].part is Part.LEADERSHIP
