"""The demo agency: an invented city with 300 people in forty units, three years of history and four programmes."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from sqlalchemy import select

from lms_bridge.db import acting_as, db, now
from lms_bridge.models import Agency, Grant, Person
from lms_bridge.plugin_host import collect
from lms_bridge.services.demo.careers import place_everybody
from lms_bridge.services.demo.organisation import START, make_units, reorganise
from lms_bridge.services.demo.people import ANALYST, make_people
from lms_bridge.services.demo.programmes import link_course, make_programmes


def seed_demo() -> bool:
    """Create the demo agency unless it is there; returns whether it was created.

    Always the same people on the same days, but for what is told from today: a head who left yesterday, and an acting
    one whose term runs. Run again it only links the programme that has a course to the LMS, once one is registered.
    """
    agency_id = db.session.scalar(select(Agency.id).where(Agency.code == "demo"))
    if agency_id is not None:
        with acting_as(agency_id):
            link_course()
        return False
    agency = Agency(code="demo", name="Pemerintah Kota Nusaraya", timezone="Asia/Jakarta", created_at=now())
    db.session.add(agency)
    db.session.flush()
    with acting_as(agency.id):
        _fill(today=now().date())
    return True


def seed_plugins() -> list[str]:
    """Let each plugin add what shows it; returns what they made, in their words. Call it once, after ``seed_demo``."""
    agency = db.session.execute(select(Agency.id, Agency.timezone).where(Agency.code == "demo")).one()
    with acting_as(agency.id):
        today = now().astimezone(ZoneInfo(agency.timezone)).date()
        return [answer.value for answer in collect("demo_data", today=today)]


def _fill(*, today: dt.date) -> None:
    units = make_units()
    everybody = make_people()
    place_everybody(everybody, units, today=today)
    reorganise(units)
    analyst = db.session.scalars(select(Person).where(Person.nip == ANALYST)).one()
    db.session.add(Grant(role="analyst", nip=ANALYST, person_id=analyst.id, valid_from=START))
    db.session.flush()
    make_programmes(everybody)
