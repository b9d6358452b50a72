"""Four programmes of the demo city: a workshop, a course of the LMS, a leadership training, a mentoring."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import insert, select, update

from lms_bridge.db import current_agency, db, insert_new
from lms_bridge.models import (
    Course,
    ParticipantStatus,
    Platform,
    Programme,
    ProgrammeParticipant,
    ProgrammeStatus,
)
from lms_bridge.services.demo.people import Somebody
from lms_bridge.services.programmes import Aim, ProgrammeDetails, create_programme

ASN = "asn-38-2017"
COURSE_TITLE = "Pengembangan Kompetensi ASN 2026"
IN_THE_LMS = "EL-2026-01"
WORKSHOP = ProgrammeDetails(
    code="WS-2026-01",
    title="Lokakarya Komunikasi Publik bagi Petugas Layanan",
    form="B7",
    jp=Decimal(10),
    cost=Decimal(18_500_000),
    starts_on=dt.date(2026, 3, 10),
    ends_on=dt.date(2026, 3, 11),
    seats=30,
    aims=(Aim(f"{ASN}:M3", 3), Aim(f"{ASN}:M5", 3)),
)
COURSE = ProgrammeDetails(
    code=IN_THE_LMS,
    title=COURSE_TITLE,
    form="C3",
    jp=Decimal(20),
    cost=Decimal(0),
    starts_on=dt.date(2026, 2, 2),
    ends_on=dt.date(2026, 12, 18),
    aims=(Aim(f"{ASN}:M4"), Aim(f"{ASN}:M6"), Aim(f"{ASN}:S1")),
)
LEADERSHIP = ProgrammeDetails(
    code="PKP-2026",
    title="Pelatihan Kepemimpinan Pengawas Angkatan I",
    form="B1",
    jp=Decimal(905),
    cost=Decimal(350_000_000),
    starts_on=dt.date(2026, 8, 3),
    ends_on=dt.date(2026, 12, 11),
    seats=20,
    aims=(Aim(f"{ASN}:M7", 3), Aim(f"{ASN}:M8", 3)),
)
MENTORING = ProgrammeDetails(
    code="MTR-2027",
    title="Mentoring Analis dan Perencana",
    form="C2",
    jp=Decimal(12),
    starts_on=dt.date(2027, 1, 11),
    ends_on=dt.date(2027, 6, 30),
    seats=24,
    aims=(Aim(f"{ASN}:M6"),),
)
REGISTERED, COMPLETED, FAILED, WITHDRAWN = (
    ParticipantStatus.REGISTERED,
    ParticipantStatus.COMPLETED,
    ParticipantStatus.FAILED,
    ParticipantStatus.WITHDRAWN,
)


def make_programmes(everybody: list[Somebody]) -> None:
    """Create the programmes with their participants."""
    known = [one.person_id for one in everybody if one.key]
    others = [one.person_id for one in everybody if not one.key]
    ani = next(one.person_id for one in everybody if one.key == "ani")
    workshop = [ani, *others[60:86]]
    outcomes = [COMPLETED] * 24 + [FAILED] * 2 + [WITHDRAWN]
    _make(WORKSHOP, ProgrammeStatus.FINISHED, dict(zip(workshop, outcomes, strict=True)), on=dt.date(2026, 2, 16))
    _make(COURSE, ProgrammeStatus.RUNNING, dict.fromkeys(known, REGISTERED), on=dt.date(2026, 1, 26))
    _make(LEADERSHIP, ProgrammeStatus.RUNNING, dict.fromkeys(others[120:138], REGISTERED), on=dt.date(2026, 7, 6))
    _make(MENTORING, ProgrammeStatus.OPEN, dict.fromkeys(others[150:158], REGISTERED), on=dt.date(2026, 11, 2))


def link_course() -> None:
    """Tie the programme that has a course to that of the LMS, as soon as one is registered."""
    platform_id = db.session.scalar(select(Platform.id).where(Platform.active.is_(True)).limit(1))
    if platform_id is None:
        return
    key = {"platform_id": platform_id, "context_id": "2"}
    values = {"agency_id": current_agency(), "title": COURSE_TITLE}
    course_id = insert_new(Course.__table__, key=key, values=values) or db.session.scalar(
        select(Course.id).filter_by(**key)
    )
    db.session.execute(
        update(Programme).where(Programme.code == IN_THE_LMS, Programme.course_id.is_(None)).values(course_id=course_id)
    )


def _make(
    details: ProgrammeDetails, status: ProgrammeStatus, participants: dict[int, ParticipantStatus], *, on: dt.date
) -> None:
    made = create_programme(details).id
    db.session.execute(update(Programme).where(Programme.id == made).values(status=status))
    rows = [
        {
            "agency_id": current_agency(),
            "programme_id": made,
            "person_id": person_id,
            "status": outcome,
            "registered_on": on,
            "ended_on": details.ends_on if outcome in {COMPLETED, FAILED} else None,
        }
        for person_id, outcome in participants.items()
    ]
    db.session.execute(insert(ProgrammeParticipant), rows)
