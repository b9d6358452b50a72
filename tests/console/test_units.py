"""The console's pages of units: what a change brings is seen before it is made, and made as it was seen."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from lms_bridge.db import acting_as, db
from lms_bridge.models import Agency, AuditEntry, Unit
from lms_bridge.services.units import rename_unit

from .conftest import statements

DAY = "2027-01-01"


@pytest.fixture
def analyst(console_as):
    return console_as("dewi", module=None, locale="en")


@pytest.fixture
def unit(bridge_app):
    """Return the id of a unit by its code."""

    def found(code):
        with bridge_app.app_context():
            units = Unit.__table__
            number = db.session.scalar(select(units.c.id).where(units.c.code == code))
            db.session.remove()
        return number

    return found


def seen(page):
    return re.search(r'name="seen" value="(\w+)"', page.text)[1]


def deeds(app):
    with app.app_context():
        found = db.session.execute(select(AuditEntry.__table__).where(AuditEntry.action.startswith("unit."))).all()
        db.session.remove()
    return [(row.action, row.facts) for row in found]


def test_a_unit_moves_from_a_day_on_after_its_consequences_were_seen(analyst, unit, bridge_app):
    address = f"/console/units/{unit('MUTASI')}"
    form = {"act": "move", "target": "DISKOMINFO", "on": DAY}

    before = analyst.post(address, data=form)
    nothing_yet = deeds(bridge_app)
    done = analyst.post(address, data={**form, "seen": seen(before)})

    assert "See these people no more" in before.text
    assert nothing_yet == []
    assert done.status_code == 303
    assert deeds(bridge_app) == [("unit.move", {"unit": unit("MUTASI"), "target": unit("DISKOMINFO"), "day": 20270101})]


def test_two_editors_at_once_do_not_undo_one_another(analyst, unit, bridge_app):
    number = unit("MUTASI")
    form = {"act": "move", "target": "DISKOMINFO", "on": DAY}
    before = analyst.post(f"/console/units/{number}", data=form)
    with bridge_app.app_context():
        with acting_as(db.session.scalar(select(Agency.id).where(Agency.code == "demo"))):
            unit_row = db.session.get(Unit, number)
            rename_unit(number, "Bidang Baru", on=unit_row.valid_from.replace(year=2026, month=11))
            db.session.commit()
        db.session.remove()

    late = analyst.post(f"/console/units/{number}", data={**form, "seen": seen(before)})
    again = analyst.post(f"/console/units/{number}", data={**form, "seen": seen(late)})

    assert late.status_code == 409
    assert "Something has changed since you looked" in late.text
    assert again.status_code == 303


def test_merging_says_who_heads_nothing_any_more_and_leads_to_the_other_unit(analyst, unit):
    address = f"/console/units/{unit('MUTASI')}"
    form = {"act": "merge", "target": "BANGKOM", "on": DAY}

    before = analyst.post(address, data=form)
    done = analyst.post(address, data={**form, "seen": seen(before)})

    assert "needs a new placement" in before.text
    assert done.headers["Location"].endswith(f"/console/units/{unit('BANGKOM')}")


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"act": "move", "target": "NOWHERE", "on": DAY}, 422, "No unit has this code"),
        ({"act": "merge", "target": "", "on": DAY}, 422, "Give the code of a unit"),
        ({"act": "rename", "name": " ", "on": DAY}, 422, "Give the unit a name"),
        ({"act": "rename", "name": "Baru", "on": "01-01-2027"}, 422, "Baru"),
        ({"act": "move", "target": "MUTASI", "on": DAY}, 409, "below itself"),
        ({"act": "rename", "name": "Lama", "on": "2001-01-01"}, 409, "Lama"),
    ],
)
def test_a_change_that_cannot_be_says_why_and_keeps_what_was_typed(analyst, unit, bridge_app, form, status, words):
    page = analyst.post(f"/console/units/{unit('MUTASI')}", data=form)

    assert page.status_code == status
    assert words in page.text
    assert deeds(bridge_app) == []


def test_units_are_walked_by_a_fixed_number_of_statements(analyst, unit, bridge_app):
    address = f"/console/units/{unit('NUSARAYA')}"

    with statements(bridge_app) as seen:
        page = analyst.get(address)

    assert page.status_code == 200
    # The session, the guard, two for the menu; the unit, those above and below, who heads it.
    assert len(seen) == 8
