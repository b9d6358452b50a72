"""Fetching rosters by NRPS, page by page. Who vanishes is marked after the last page; a failed page removes nobody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import structlog
from sqlalchemy import insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from lms_bridge.db import acting_as, db, now, upsert_many
from lms_bridge.domain.nip import clean_nip
from lms_bridge.domain.roles import roles_from_claim
from lms_bridge.lti.http import OutboundError
from lms_bridge.lti.nrps import Member, members
from lms_bridge.lti.tokens import ServiceAccount
from lms_bridge.models import Course, Enrolment, Grant, Person, Platform, PlatformUser
from lms_bridge.services.grants import take_grants

RETRY = dt.timedelta(minutes=10)
RENEWAL = dt.timedelta(days=1)
"""How old a roster may become: no LMS tells when somebody leaves a course."""
CHUNK = 200
"""Members that are held in memory and stored at once, by a number of statements that does not depend on it."""
_E, _P, _U = Enrolment.__table__, Person.__table__, PlatformUser.__table__
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
    count = 0
    try:
        for chunk in _chunks(members(account, url)):
            _store(chunk, course_id=course_id, issuer=issuer, agency_id=agency_id, moment=begun)
            db.session.commit()
            count += len(chunk)
    except OutboundError as error:
        log.warning("roster not fetched", course=course_id, kind=error.kind, stored=count)
        return -1
    gone = update(Enrolment).where(Enrolment.course_id == course_id, Enrolment.seen_at < begun).values(in_roster=False)
    db.session.execute(gone, execution_options={"synchronize_session": False})
    db.session.execute(
        update(Course).where(Course.id == course_id).values(roster_wanted_at=begun + RENEWAL, roster_synced_at=begun)
    )
    db.session.commit()
    log.info("roster stored", course=course_id, members=count)
    return count


def _chunks(roster: Iterable[Member]) -> Iterator[list[Member]]:
    following = iter(roster)
    while chunk := list(islice(following, CHUNK)):
        yield chunk


def _store(chunk: list[Member], *, course_id: int, issuer: str, agency_id: int, moment: dt.datetime) -> None:
    met = {member.sub: member for member in chunk}
    known = select(PlatformUser.sub, PlatformUser.id).where(PlatformUser.issuer == issuer, PlatformUser.sub.in_(met))
    users = {sub: user_id for sub, user_id in db.session.execute(known)}
    people = _people([member for sub, member in met.items() if sub not in users], agency_id=agency_id, moment=moment)
    made = [
        {
            "agency_id": agency_id,
            "issuer": issuer,
            "sub": sub,
            "username": met[sub].username or None,
            "person_id": person_id,
        }
        for sub, person_id in people.items()
    ]
    # Somebody who launches at this moment keeps the person that the launch gave them.
    stored = upsert_many(_U, made, key=("agency_id", "issuer", "sub"), change=("sub",))
    users |= {row.sub: row.id for row in stored}
    enrolled = [
        {
            "agency_id": agency_id,
            "course_id": course_id,
            "platform_user_id": users[sub],
            "roles": sorted(roles_from_claim(member.roles)),
            "in_roster": True,
            "seen_at": moment,
        }
        for sub, member in met.items()
    ]
    # The launch knows the role in the course better than the roster does: only somebody new takes the roster's.
    upsert_many(_E, enrolled, key=("course_id", "platform_user_id"), change=("in_roster", "seen_at"))


def _people(newcomers: list[Member], *, agency_id: int, moment: dt.datetime) -> dict[str, int]:
    """Return the person of each new user, by ``sub``: whoever has the NIP already, else somebody new."""
    by_nip: dict[str, Member] = {}
    nips, rows = {}, []
    for member in newcomers:
        nips[member.sub] = nip = clean_nip(member.person_sourcedid)
        name = member.name or f"#{member.sub[:40]}"
        row = {"agency_id": agency_id, "nip": nip, "name": name, "email": member.email or None, "created_at": moment}
        if nip is None or by_nip.setdefault(nip, member) is member:
            rows.append((member.sub, row))
    with_nip = [row for _sub, row in rows if row["nip"]]
    found = {row.nip: row.id for row in upsert_many(_P, with_nip, key=("agency_id", "nip"), change=("nip",))}
    _take_grants(found)
    people = _without_nip({sub: row for sub, row in rows if not row["nip"]})
    return people | {sub: found[nip] for sub, nip in nips.items() if nip is not None}


def _without_nip(rows: dict[str, dict[str, Any]]) -> dict[str, int]:
    if not rows:
        return {}
    made = insert(_P).values(list(rows.values())).returning(_P.c.id, _P.c.name, _P.c.email)
    # Databases give rows back in no order. Those with the same name and address are still empty, so any will do.
    fresh: dict[tuple[str, str | None], list[int]] = {}
    for person_id, name, email in db.session.execute(made):
        fresh.setdefault((name, email), []).append(person_id)
    return {sub: fresh[row["name"], row["email"]].pop() for sub, row in rows.items()}


def _take_grants(found: dict[str, int]) -> None:
    waiting = select(Grant.nip).where(Grant.nip.in_(found), Grant.person_id.is_(None)).distinct()
    for nip in db.session.scalars(waiting).all():
        take_grants(found[str(nip)], str(nip))
