"""Rights by name: given, waiting, taken, withdrawn, and every step in the audit log."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from lms_bridge.contributions import Permission, Plugin
from lms_bridge.db import acting_as, db, now
from lms_bridge.errors import NotFound
from lms_bridge.models import Agency, AuditEntry, AuditKind, Grant, Person
from lms_bridge.plugin_host.discovery import Found
from lms_bridge.plugin_host.host import PluginState
from lms_bridge.services.grants import NotGrantable, give_grant, grants, take_grants, withdraw_grant
from lms_bridge.services.people import absent_actor
from lms_bridge.services.permissions import MANAGE_PEOPLE, may

ANI, UNKNOWN = "199203142015032004", "199001012015011009"


@pytest.fixture
def agency(bridge_app):
    """Work in the demo agency, with a plugin that has an action for a named officer."""
    officer = Permission("reports.read", "Read", frozenset({"officer"}))
    state = PluginState(Found("reports", "reports"), Plugin("reports", "R", "1", permissions=(officer,)))
    bridge_app.extensions["lms_bridge.plugins"].states["reports"] = state
    with bridge_app.app_context():
        with acting_as(db.session.scalar(select(Agency.id).where(Agency.code == "demo"))) as agency_id:
            yield agency_id
        db.session.remove()


def person_with(nip):
    return db.session.scalar(select(Person.id).where(Person.nip == nip))


def is_analyst(person_id):
    return may(absent_actor(person_id), MANAGE_PEOPLE)


def log():
    rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(row.kind, row.action, row.subject_id, row.facts["role"]) for row in rows]


def test_a_right_holds_from_when_it_is_given_until_it_is_withdrawn(agency):
    ani = person_with(ANI)
    assert not is_analyst(ani)

    given = give_grant("analyst", nip=ANI, now=now())
    assert is_analyst(ani)
    withdraw_grant(given.id, now=now())
    assert not is_analyst(ani)

    told = [(AuditKind.RIGHTS, action, ani, "analyst") for action in ("grant.given", "grant.withdrawn")]
    assert log() == told


def test_giving_or_withdrawing_twice_changes_nothing(agency):
    first = give_grant("analyst", nip=ANI, now=now())
    again = give_grant("analyst", person_id=person_with(ANI), now=now())
    for _time in range(2):
        withdraw_grant(first.id, now=now())

    assert again.id == first.id
    assert [action for _kind, action, _subject, _role in log()] == ["grant.given", "grant.withdrawn"]


def test_a_withdrawn_right_can_be_given_again_and_both_stay_known(agency):
    withdraw_grant(give_grant("analyst", nip=ANI, now=now()).id, now=now())
    again = give_grant("analyst", nip=ANI, now=now())

    assert is_analyst(person_with(ANI))
    assert again.id in [one.id for one in grants()]
    assert len([one for one in grants(everything=True) if one.nip == ANI]) == 2


def test_a_right_for_an_unknown_nip_waits_for_the_launch_with_it(agency, launch_as, practice_platform):
    give_grant("analyst", nip=UNKNOWN, now=now())
    db.session.commit()
    assert [one.person_id for one in grants() if one.nip == UNKNOWN] == [None]
    db.session.remove()
    practice_platform.add_user("baru", nip=UNKNOWN)

    launch_as("baru", module=None)
    with acting_as(db.session.scalar(select(Agency.id).where(Agency.code == "demo"))):
        newcomer = person_with(UNKNOWN)

        assert is_analyst(newcomer)
        assert (AuditKind.RIGHTS, "grant.taken", newcomer, "analyst") in log()


def test_a_right_that_waited_and_is_held_already_is_not_held_twice(agency):
    person = Person(name="x", created_at=now())
    db.session.add(person)
    db.session.flush()
    give_grant("analyst", person_id=person.id, now=now())
    give_grant("analyst", nip=UNKNOWN, now=now())

    take_grants(person.id, UNKNOWN)

    assert [one.nip for one in grants() if one.person_id == person.id] == [""]


def test_an_officer_may_the_action_they_are_named_for(agency):
    give_grant("officer", scope="reports.read", nip=ANI, now=now())

    assert may(absent_actor(person_with(ANI)), "reports.read")
    assert not is_analyst(person_with(ANI))


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        ("officer", ""),
        ("officer", "competency.rate-self"),
        ("analyst", "reports.read"),
        ("owner", ""),
        ("owner", "no such programme"),
        ("king", ""),
    ],
)
def test_a_right_that_does_not_exist_is_refused(agency, role, scope):
    with pytest.raises(NotGrantable):
        give_grant(role, scope=scope, nip=ANI, now=now())
    assert log() == []


def test_another_agency_can_neither_give_to_nor_withdraw_from_ours(agency):
    given, ani = give_grant("analyst", nip=ANI, now=now()), person_with(ANI)
    other = db.session.execute(
        insert(Agency.__table__)
        .values(code="other", name="Other", timezone="Asia/Jakarta", created_at=now())
        .returning(Agency.__table__.c.id)
    ).scalar_one()

    with acting_as(other):
        with pytest.raises(NotFound):
            withdraw_grant(given.id, now=now())
        with pytest.raises(NotFound):
            give_grant("analyst", person_id=ani, now=now())
        assert grants(everything=True) == []
    assert is_analyst(ani)


def test_the_database_refuses_two_open_rights_of_one_kind(agency):
    for _time in range(2):
        db.session.add(Grant(role="analyst", nip=UNKNOWN, valid_from=dt.date(2026, 1, 1)))

    with pytest.raises(IntegrityError):
        db.session.flush()


def test_the_day_of_a_right_is_that_of_the_agency(agency):
    given = give_grant("analyst", nip=ANI, now=dt.datetime(2026, 11, 24, 18, tzinfo=dt.UTC))

    assert given.valid_from == dt.date(2026, 11, 25)
