"""Rosters of a whole agency: bounded memory and statements; and what a roster says beside its members."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import event, func, select

from lms_bridge.db import acting_as, db
from lms_bridge.jobs import rosters
from lms_bridge.lti import nrps
from lms_bridge.lti.http import Answer
from lms_bridge.models import Course, Enrolment, Person, PlatformUser
from lms_bridge.testing.browser import Browser

MEMBERS, LARGEST_CHUNK_STATEMENTS = 20_000, 7


class LargeLms:
    """An LMS in place of the network, with as many members as wanted, in pages as asked for."""

    def __init__(self, members: int) -> None:
        self.members = members
        self.pages = 0
        self.fails_at: int | None = None
        self.more: list[dict[str, Any]] = []
        self.differences = ""
        self.stored: Callable[[], int] = lambda: 0
        self.most_held = 0

    def request(self, method: str, url: str, **options: Any) -> Answer:
        query = parse_qs(urlsplit(url).query)
        limit, start = int(query["limit"][0]), int(query.get("from", ["0"])[0])
        self.pages += 1
        self.most_held = max(self.most_held, start - self.stored())
        if self.pages == self.fails_at:
            return Answer(500, {}, b"")
        ends = min(start + limit, self.members)
        page = [self.member(number) for number in range(start, ends)] + (self.more if ends == self.members else [])
        links = [f'<{url.partition("?")[0]}?limit={limit}&from={ends}>; rel="next"'] if ends < self.members else []
        links += [self.differences] if self.differences else []
        return Answer(200, {"link": ", ".join(links)}, json.dumps({"members": page}).encode())

    def post(self, url: str, **options: Any) -> Answer:
        return Answer(200, {}, b'{"access_token": "t", "expires_in": 3600}')

    def member(self, number: int) -> dict[str, Any]:
        """Return a member; every second one has a NIP."""
        nip = f"19{60 + number // 1000}01012010011{number % 1000:03}" if number % 2 else ""
        return {"user_id": f"m{number}", "name": f"Pegawai {number}", "roles": ["Learner"], "lis_person_sourcedid": nip}


@pytest.fixture
def course(bridge_app: Any, launch_as: Callable[..., Browser]) -> Any:
    """A course whose roster is wanted, by id and agency."""
    launch_as("ani")
    with bridge_app.app_context():
        row = db.session.execute(select(Course.__table__)).one()
        db.session.remove()
    return row


def sync(app: Any, course: Any, lms: LargeLms) -> tuple[int, list[str]]:
    """Fetch the roster; returns the number of members and all statements."""
    app.extensions["lms_bridge.http"] = lms
    statements: list[str] = []

    def count(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    def chunks_stored() -> int:
        return sum(one.startswith("INSERT INTO core_enrolment") for one in statements)

    lms.stored = lambda: chunks_stored() * rosters.CHUNK
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", count)
        with acting_as(course.agency_id):
            stored = rosters.sync(course.id)
        event.remove(db.engine, "before_cursor_execute", count)
        db.session.remove()
    return stored, [one for one in statements if not one.startswith(("BEGIN", "COMMIT"))]


def subs(app: Any, *, in_roster: bool = True) -> set[str]:
    with app.app_context():
        query = select(PlatformUser.sub).join(Enrolment, Enrolment.platform_user_id == PlatformUser.id)
        query = query.where(Enrolment.in_roster.is_(in_roster))
        found = set(db.session.scalars(query, execution_options={"all_agencies": True}))
        db.session.remove()
    return found


def test_x_08_roster_of_20000_is_stored_by_a_few_statements_a_page_in_little_memory(
    bridge_app: Any, course: Any
) -> None:
    lms = LargeLms(MEMBERS)

    stored, statements = sync(bridge_app, course, lms)

    chunks = -(-MEMBERS // rosters.CHUNK)
    assert stored == MEMBERS
    assert lms.pages == MEMBERS // nrps.PAGE
    assert len(statements) <= LARGEST_CHUNK_STATEMENTS * chunks + 10
    assert lms.most_held <= rosters.CHUNK
    with bridge_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Person.__table__)) >= MEMBERS


def test_second_sync_of_a_known_roster_costs_two_statements_a_chunk(bridge_app: Any, course: Any) -> None:
    lms = LargeLms(1000)
    sync(bridge_app, course, lms)

    stored, statements = sync(bridge_app, course, lms)

    assert stored == 1000
    assert len(statements) <= 2 * (1000 // rosters.CHUNK) + 10, statements


def test_x_08_page_that_fails_late_removes_nobody(bridge_app: Any, course: Any) -> None:
    lms = LargeLms(1500)
    sync(bridge_app, course, lms)
    before = subs(bridge_app)
    lms.members, lms.pages, lms.fails_at = 1200, 0, 3

    stored, _statements = sync(bridge_app, course, lms)

    assert stored == -1
    assert subs(bridge_app) == before
    lms.fails_at = None
    sync(bridge_app, course, lms)
    assert len(subs(bridge_app)) == 1200


def test_one_nip_twice_on_a_page_is_one_person(bridge_app: Any, course: Any) -> None:
    lms = LargeLms(0)
    nip = "199001012015012001"
    lms.more = [{"user_id": sub, "name": "Wati", "lis_person_sourcedid": nip} for sub in ("a", "b", "b")]

    sync(bridge_app, course, lms)

    with bridge_app.app_context():
        people = select(PlatformUser.person_id).where(PlatformUser.sub.in_(["a", "b"]))
        found = db.session.scalars(people, execution_options={"all_agencies": True}).all()
    assert len(found) == 2
    assert len(set(found)) == 1


def test_x_09_link_to_differences_is_no_next_page_and_no_list_of_leavers(bridge_app: Any, course: Any) -> None:
    """The whole roster is fetched each day, as where an LMS has no differences; who is not active is not in it."""
    lms = LargeLms(3)
    lms.differences = '<http://lms.test/members?since=1>; rel="differences"'
    lms.more = [{"user_id": "left", "status": "Deleted"}, {"user_id": "away", "status": "Inactive"}]

    stored, _statements = sync(bridge_app, course, lms)

    assert (stored, lms.pages) == (3, 1)
    assert subs(bridge_app) == {"m0", "m1", "m2"}
