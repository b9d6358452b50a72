"""Learning hours of the demo agency: sessions, a seminar that is verified, and one that waits."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import select

from lms_bridge.api import ActivityDetails, ActivityScope, Person, PersonRef, confirm_activity, db, person_ref
from lms_bridge_competency.hours.claims import SOURCE, ClaimDetails, send_claim

ANI = "199203142015032004"


def make_hours(today: dt.date) -> list[str]:
    """Give Ani a year with sessions, e-learning and a seminar; one activity waits for her superior."""
    ani = db.session.scalar(select(Person.id).where(Person.nip == ANI))
    if ani is None:
        return []
    person = person_ref(ani)
    for number, days in enumerate((80, 75, 70), start=1):
        _confirm(person, f"coaching:{number}", "C1", f"Coaching sesi {number}", _day(today, days), units=Decimal(1))
    _confirm(person, "e-learning", "C3", "E-learning: keamanan informasi", _day(today, 40), minutes=300)
    waiting = ClaimDetails(
        form="B6",
        title="Seminar pelayanan publik digital",
        starts_at=_day(today, 9),
        minutes=None,
        units=Decimal(1),
        scope=ActivityScope.NATIONAL,
        proof="Sertifikat 118/LAN/2026",
    )
    send_claim(waiting, person=person, now=_day(today, 3))
    return ["learning hours of Ani, one activity to verify"]


def _day(today: dt.date, before: int) -> dt.datetime:
    return dt.datetime.combine(today - dt.timedelta(days=before), dt.time(2), tzinfo=dt.UTC)


def _confirm(
    person: PersonRef,
    reference: str,
    form: str,
    title: str,
    at: dt.datetime,
    *,
    minutes: int | None = None,
    units: Decimal | None = None,
) -> None:
    details = ActivityDetails(form=form, title=title, starts_at=at, minutes=minutes, units=units)
    confirm_activity(person, details, source=SOURCE, reference=f"demo:{reference}", now=at)
