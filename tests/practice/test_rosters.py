"""Rosters by NRPS: page by page, whole or not at all, and who left is marked."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from lms_bridge.db import acting_as, db, now
from lms_bridge.models import Agency, Course, Enrolment, Grant, Person, PlatformUser
from lms_bridge.practice.driver import read_message
from lms_bridge.practice.vocabulary import MEMBERS_TYPE, NRPS_CLAIM, ROSTER_SCOPE

PAGE = 5


@pytest.fixture
def paged(practice_platform: Any, browser: Any) -> dict[str, Any]:
    """The roster's address in a launch, so that its pages have five members.

    One profile pages by itself; the other needs to be asked for a limit, or it sends everybody on one page.
    """
    practice_platform.site.profile.roster_page = practice_platform.site.profile.roster_page and PAGE
    service = read_message(browser.begin(practice_platform, "ani").fields["id_token"])[NRPS_CLAIM]
    return {NRPS_CLAIM: {**service, "context_memberships_url": f"{service['context_memberships_url']}?limit={PAGE}"}}


def names_in_roster(bridge: Flask) -> set[str]:
    with bridge.app_context():
        query = (
            select(Person.name)
            .join(PlatformUser, PlatformUser.person_id == Person.id)
            .join(Enrolment, Enrolment.platform_user_id == PlatformUser.id)
            .where(Enrolment.in_roster.is_(True))
        )
        names = set(db.session.scalars(query, execution_options={"all_agencies": True}))
        db.session.remove()
    return names


def let_a_day_pass(bridge: Flask) -> None:
    """Make rosters as old as they may become."""
    with bridge.app_context():
        past = now() - dt.timedelta(days=1, seconds=1)
        db.session.execute(update(Course.__table__).values(roster_wanted_at=past + dt.timedelta(days=1)))
        db.session.execute(update(Enrolment.__table__).values(seen_at=past))
        db.session.commit()
        db.session.remove()


def test_the_roster_comes_whole_page_by_page(bridge_app, launch_as, outbox, practice_platform, paged):
    members = len(practice_platform.roster())
    launch_as("ani", **paged)

    outbox.drain()

    assert practice_platform.calls().count("roster") == -(-members // PAGE)
    names = names_in_roster(bridge_app)
    assert len(names) == members
    assert {"Ani Lestari, S.A.P.", "Putri Ramadhani, S.Pd.", "Gunawan"} <= names


def test_the_roster_of_a_course_is_fetched_once_a_day(bridge_app, launch_as, outbox, practice_platform):
    launch_as("ani")
    outbox.drain()
    asked = practice_platform.calls().count("roster")
    launch_as("budi")

    outbox.drain()
    unasked = practice_platform.calls().count("roster")
    let_a_day_pass(bridge_app)
    outbox.drain()

    assert unasked == asked
    assert practice_platform.calls().count("roster") == 2 * asked


def test_who_left_is_marked_and_who_came_is_added(bridge_app, launch_as, outbox, practice_platform):
    launch_as("ani")
    outbox.drain()
    practice_platform.unenrol("joko")
    practice_platform.add_user("wati", name="Wati Suharti", nip="199001012015012001")
    let_a_day_pass(bridge_app)

    outbox.drain()

    names = names_in_roster(bridge_app)
    assert "Wati Suharti" in names
    assert "Joko Susilo, S.T." not in names
    assert len(names) == len(practice_platform.roster())


def test_a_failed_page_removes_nobody_and_is_tried_again(bridge_app, launch_as, outbox, practice_platform, paged):
    launch_as("ani", **paged)
    outbox.drain()
    before = names_in_roster(bridge_app)
    practice_platform.unenrol("joko")
    let_a_day_pass(bridge_app)
    practice_platform.set_fault(None, 500, service="roster")

    outbox.drain()
    after_failure = names_in_roster(bridge_app)
    let_a_day_pass(bridge_app)
    outbox.drain()

    assert "Joko Susilo, S.T." in before
    assert after_failure == before
    assert names_in_roster(bridge_app) == before - {"Joko Susilo, S.T."}


def test_somebody_known_from_the_roster_enters_as_the_same_person(bridge_app, launch_as, outbox):
    launch_as("ani")
    outbox.drain()

    launch_as("maya")

    with bridge_app.app_context():
        query = select(Person.id).where(Person.name == "Maya Puspitasari, A.Md.")
        assert len(db.session.scalars(query, execution_options={"all_agencies": True}).all()) == 1


def test_the_roster_gives_no_role_to_somebody_whose_launch_gave_one(bridge_app, launch_as, outbox):
    """In the roster of one profile a non-editing teacher is a learner."""
    launch_as("tono")
    outbox.drain()

    with bridge_app.app_context():
        query = (
            select(Enrolment.roles)
            .join(PlatformUser, PlatformUser.id == Enrolment.platform_user_id)
            .join(Person, Person.id == PlatformUser.person_id)
            .where(Person.name == "Tono Supriadi, M.Pd.")
        )
        roles = db.session.scalars(query, execution_options={"all_agencies": True}).one()
    assert "instructor" in roles


def test_a_limit_gives_pages_with_a_plain_link(tool, practice_platform):
    url = tool.claims("ani")[NRPS_CLAIM]["context_memberships_url"]
    token = tool.token(ROSTER_SCOPE)

    first = tool.call("GET", f"{url}?limit={PAGE}", token, accept=MEMBERS_TYPE)

    assert len(first.json["members"]) == PAGE
    assert first.headers["Link"].endswith('; rel="next"')
    following = first.headers["Link"].split(">")[0].removeprefix("<")
    second = tool.call("GET", following, token, accept=MEMBERS_TYPE)
    met = {member["user_id"] for page in (first, second) for member in page.json["members"]}
    assert len(met) == 2 * PAGE


def test_names_and_mail_follow_what_the_tool_was_granted(tool, practice_platform):
    url = tool.claims("ani")[NRPS_CLAIM]["context_memberships_url"]
    practice_platform.grant_claims(tool.client_id, "email")

    members = tool.call("GET", url, tool.token(ROSTER_SCOPE), accept=MEMBERS_TYPE).json["members"]

    assert all("name" not in member and "ext_user_username" not in member for member in members)
    assert all(member["email"].endswith("@nusaraya.example") for member in members)


def test_a_grant_that_waited_is_taken_by_whom_the_roster_brings_first(bridge_app, launch_as, outbox, practice_platform):
    nip = "199001012015012001"
    practice_platform.add_user("wati", name="Wati Suharti", nip=nip)
    with bridge_app.app_context():
        agency = db.session.scalar(select(Agency.id).where(Agency.code == "demo"))
        with acting_as(agency):
            db.session.add(Grant(role="analyst", nip=nip, valid_from=dt.date(2026, 1, 1)))
            db.session.commit()
    launch_as("ani")

    outbox.drain()

    with bridge_app.app_context(), acting_as(agency):
        holder = db.session.scalar(select(Grant.person_id).where(Grant.nip == nip))
        assert holder == db.session.scalar(select(Person.id).where(Person.nip == nip))


def test_who_comes_back_counts_from_the_launch_on(bridge_app, launch_as):
    launch_as("joko")
    with bridge_app.app_context():
        db.session.execute(update(Enrolment.__table__).values(in_roster=False))
        db.session.commit()
        db.session.remove()

    launch_as("joko")

    assert names_in_roster(bridge_app) == {"Joko Susilo, S.T."}
