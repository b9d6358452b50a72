"""Fetching rosters by NRPS: whole or not at all. Who vanishes is marked; a failed page removes nobody."""

from __future__ import annotations

import datetime as dt

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from lms_bridge.db import acting_as, db, now, upsert
from lms_bridge.domain.nip import clean_nip
from lms_bridge.domain.roles import roles_from_claim
from lms_bridge.lti.http import OutboundError
from lms_bridge.lti.nrps import Member, members
from lms_bridge.lti.tokens import ServiceAccount
from lms_bridge.models import Course, Enrolment, Person, Platform, PlatformUser
from lms_bridge.services.people import take_grants

RETRY = dt.timedelta(minutes=10)
RENEWAL = dt.timedelta(days=1)
"""How old a roster may become: no LMS tells when somebody leaves a course."""
CHUNK = 200
log = structlog.get_logger("lms_bridge.rosters")


def sync_wanted(*, limit: int = 5) -> int:
    """Fetch the rosters that are wanted; returns how many were tried."""
    wanted = db.session.execute(
        select(Course.id, Course.agency_id)
        .join(Platform, Platform.id == Course.platform_id)
        .where(Course.roster_wanted_at <= now(), Course.memberships_url.is_not(None), Platform.active.is_(True))
        .limit(limit),
        execution_options={"all_agencies": True},
    ).all()
    db.session.rollback()
    for course_id, agency_id in wanted:
        try:
            with acting_as(agency_id):
                sync(course_id)
        except SQLAlchemyError:
            raise
        except Exception as error:  # one roster that cannot be handled must not hold the others
            db.session.rollback()
            log.exception("roster not handled", course=course_id, kind=type(error).__name__)
    return len(wanted)


def sync(course_id: int) -> int:
    """Fetch one course's roster and store it; returns the number of members, or -1 when it could not be had."""
    course, platform = db.session.execute(
        select(Course, Platform).join(Platform, Platform.id == Course.platform_id).where(Course.id == course_id)
    ).one()
    account = ServiceAccount(platform.client_id, platform.token_url, platform.token_audience)
    url, issuer, agency_id = course.memberships_url or "", platform.issuer, course.agency_id
    begun = now()
    db.session.execute(update(Course).where(Course.id == course_id).values(roster_wanted_at=begun + RETRY))
    db.session.commit()
    try:
        roster = list(members(account, url))
    except OutboundError as error:
        log.warning("roster not fetched", course=course_id, kind=error.kind)
        return -1
    for start in range(0, len(roster), CHUNK):
        for member in roster[start : start + CHUNK]:
            _store(member, course_id=course_id, issuer=issuer, agency_id=agency_id, moment=begun)
        db.session.commit()
    gone = update(Enrolment).where(Enrolment.course_id == course_id, Enrolment.seen_at < begun).values(in_roster=False)
    db.session.execute(gone, execution_options={"synchronize_session": False})
    db.session.execute(
        update(Course).where(Course.id == course_id).values(roster_wanted_at=begun + RENEWAL, roster_synced_at=begun)
    )
    db.session.commit()
    log.info("roster stored", course=course_id, members=len(roster))
    return len(roster)


def _store(member: Member, *, course_id: int, issuer: str, agency_id: int, moment: dt.datetime) -> None:
    user = db.session.scalar(select(PlatformUser).where(PlatformUser.issuer == issuer, PlatformUser.sub == member.sub))
    if user is None:
        nip = clean_nip(member.person_sourcedid)
        person = db.session.scalar(select(Person).where(Person.nip == nip)) if nip else None
        if person is None:
            name = member.name or f"#{member.sub[:40]}"
            person = Person(nip=nip, name=name, email=member.email or None, created_at=moment)
            db.session.add(person)
            db.session.flush()
            if nip:
                take_grants(person.id, nip)
        key = {"agency_id": agency_id, "issuer": issuer, "sub": member.sub}
        user_id = upsert(PlatformUser.__table__, key=key, values={"person_id": person.id}, keep=("person_id",))
    else:
        user_id = user.id
    key = {"course_id": course_id, "platform_user_id": user_id}
    known = db.session.scalar(select(Enrolment.id).filter_by(**key))
    # The launch knows the role in the course better than the roster does: only somebody new takes the roster's.
    roles = {} if known else {"roles": sorted(roles_from_claim(member.roles))}
    if known:
        db.session.execute(update(Enrolment).where(Enrolment.id == known).values(in_roster=True, seen_at=moment))
    else:
        upsert(
            Enrolment.__table__, key=key, values={"agency_id": agency_id, **roles, "in_roster": True, "seen_at": moment}
        )
