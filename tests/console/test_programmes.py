"""The console's pages of programmes: planned, changed, and never overwritten unseen."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from lms_bridge.db import db
from lms_bridge.models import AuditEntry, Programme, ProgrammeCompetency

from .conftest import statements

FORM = {
    "code": "P-9",
    "title": "Lokakarya",
    "form": "B7",
    "jp": "12,5",
    "cost": "",
    "starts_on": "2026-03-02",
    "ends_on": "2026-03-04",
    "seats": "30",
    "aims": "asn-38-2017:M2 3\nasn-38-2017:M1",
}


@pytest.fixture
def analyst(console_as):
    return console_as("dewi", module=None, locale="en")


@pytest.fixture
def planned(analyst):
    """Plan a programme; returns its path."""
    answer = analyst.post("/console/programmes/new", data=FORM)
    return answer.headers["Location"].partition("/console")[2]


def rows(app, table, *where):
    with app.app_context():
        found = db.session.execute(select(table.__table__).where(*where)).all()
        db.session.remove()
    return found


def seen(page):
    return re.search(r'name="seen" value="(\w+)"', page.text)[1]


def test_a_programme_is_planned_with_its_competencies(planned, bridge_app):
    (row,) = rows(bridge_app, Programme, Programme.code == "P-9")
    aims = rows(bridge_app, ProgrammeCompetency, ProgrammeCompetency.programme_id == row.id)

    assert (row.jp, row.cost, row.seats) == (Decimal("12.5"), None, 30)
    assert {(one.competency, one.level) for one in aims} == {("asn-38-2017:M2", 3), ("asn-38-2017:M1", None)}
    assert [one.facts for one in rows(bridge_app, AuditEntry, AuditEntry.action == "programme.created")] == [
        {"programme": row.id}
    ]


def test_whoever_saves_over_a_change_of_somebody_else_is_asked_first(analyst, planned, bridge_app):
    page = f"/console{planned}"
    opened = seen(analyst.get(page))
    analyst.post(page, data={**FORM, "title": "Oleh orang lain", "seen": opened})

    late = analyst.post(page, data={**FORM, "seats": "25", "seen": opened})
    stored = rows(bridge_app, Programme, Programme.code == "P-9")[0]
    again = analyst.post(page, data={**FORM, "seats": "25", "seen": seen(late)})

    assert late.status_code == 409
    assert "Oleh orang lain" in late.text and 'value="25"' in late.text
    assert (stored.title, stored.seats) == ("Oleh orang lain", 30)
    assert again.status_code == 303


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("code", "", "Code"),
        ("jp", "banyak", "JP"),
        ("form", "Z9", "Choose a form of development"),
        ("ends_on", "2026-03-01", "before the first"),
        ("seats", "0", "Seats"),
        ("aims", "asn-38-2017:M2 tinggi", "a level from 1 to 5"),
        ("aims", "sihir", "no competency sihir"),
    ],
)
def test_a_faulty_form_names_its_faults_and_keeps_the_rest(analyst, bridge_app, field, value, words):
    page = analyst.post("/console/programmes/new", data={**FORM, field: value})

    assert page.status_code == 422
    assert words in page.text
    assert 'value="Lokakarya"' in page.text
    assert rows(bridge_app, Programme, Programme.code == "P-9") == []


def test_a_programme_goes_from_state_to_state(analyst, planned, bridge_app):
    page = f"/console{planned}"

    opened = analyst.post(f"{page}/status", data={"status": "open"})
    jumped = analyst.post(f"{page}/status", data={"status": "finished"})

    assert opened.status_code == 303
    assert jumped.status_code == 409
    assert rows(bridge_app, Programme, Programme.code == "P-9")[0].status.value == "open"


def test_the_list_costs_the_same_for_any_number_of_programmes(analyst, planned, bridge_app):
    analyst.get("/console/programmes")  # with the word that the programme is planned, which is said once

    with statements(bridge_app) as counted:
        page = analyst.get("/console/programmes")

    assert "Lokakarya" in page.text
    # The session, the guard, two for the menu; programmes, their competencies, their seats.
    assert len(counted) == 7
