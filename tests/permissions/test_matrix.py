"""Who may what: every relation with everybody whom it could concern, one by one and as a list."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from lms_bridge.contributions import RELATIONS, Permission, Plugin, Relation
from lms_bridge.db import acting_as, db
from lms_bridge.models import Person, Unit, UnitClosure
from lms_bridge.plugin_host.discovery import Found
from lms_bridge.plugin_host.host import PluginState
from lms_bridge.services.people import person_ref
from lms_bridge.services.permissions import may, visible_people

from .conftest import LONG_AGO, TODAY, YESTERDAY

ALL = "everybody of the agency"
IN_A = {"head a", "plh a1", "xena", "yoga"}
IN_B = {"plt b", "zaki"}
IN_C = {"moved", "team leader", "analyst", "mentor"}
# To whom each has the relation on 25 November 2026. Who is not named has it to nobody.
EXPECTED = {
    "superior": {
        "chief": {"head a"} | IN_C,
        "head a": {"xena"},
        "plh a1": {"yoga"},
        # He acts in the post of the superior who is named and has retired.
        "plt b": {"zaki"},
        "other head": {"other staff"},
    },
    "team_superior": {"team leader": {"yoga"}},
    "head": {
        "chief": {"chief"} | IN_A | IN_B | IN_C,
        "head a": IN_A,
        "plh a1": {"plh a1", "yoga"},
        "plt b": IN_B,
        "other head": {"other head", "other staff"},
    },
    "analyst": {"analyst": ALL, "other analyst": {"other head", "other analyst", "other staff"}},
    "owner": {"owner": {"xena"}},
    "officer": {"officer": ALL},
    "mentor": {"mentor": {"xena"}},
    "instructor": {"teacher": {"teacher", "yoga"}},
    "administrator": {"administrator": {"administrator"}},
    "operator": {},
}


def own(world):
    """Return the names of everybody made for the test in the agency of the test."""
    return {name for name in world.people if not name.startswith("other")}


def expected(world, relation, actor):
    if relation == "self":
        return {actor}
    found = EXPECTED[relation].get(actor, set())
    return own(world) if found == ALL else found


@pytest.mark.parametrize("relation", sorted(RELATIONS))
def test_everybody_may_what_their_relation_allows_and_nothing_else(world, relation):
    action = f"probe.{relation}"
    allowed, listed, right = {}, {}, {}
    subjects = {}
    for name, person_id in world.people.items():
        with acting_as(world.actor(name).agency.id):
            subjects[name] = person_ref(person_id)

    for name in world.people:
        actor = world.actor(name)
        with acting_as(actor.agency.id):
            allowed[name] = {other for other, subject in subjects.items() if may(actor, action, subject)}
            ids = set(db.session.scalars(visible_people(actor, action)))
            listed[name] = {other for other, number in world.people.items() if number in ids}
        right[name] = expected(world, relation, name)

    assert allowed == right
    assert listed == right


def test_a_list_holds_nobody_of_another_agency(world):
    with acting_as(world.agencies["own"].id):
        ids = set(db.session.scalars(visible_people(world.actor("analyst"), "probe.analyst")))
        everybody = set(db.session.scalars(select(Person.id)))

    assert ids == everybody


@pytest.mark.parametrize("action", ["probe.unheard-of", "nothing", "core.unheard-of"])
def test_what_nobody_declared_is_refused_to_everybody(world, action):
    for name in own(world):
        assert not may(world.actor(name), action)
        assert not list(db.session.scalars(visible_people(world.actor(name), action)))


def test_a_person_with_two_rows_is_one_person_to_whom_both_rows_belong(world):
    twin = Person(name="xena of the LMS", created_at=dt.datetime.now(dt.UTC), same_as_id=world.people["xena"])
    actor_twin = Person(name="head of the LMS", created_at=dt.datetime.now(dt.UTC), same_as_id=world.people["head a"])
    db.session.add_all([twin, actor_twin])
    db.session.flush()
    world.people["head of the LMS"] = actor_twin.id
    actor = world.actor("head of the LMS")

    assert may(actor, "probe.head", person_ref(twin.id))
    assert {twin.id, world.people["xena"]} <= set(db.session.scalars(visible_people(actor, "probe.head")))


def test_two_lists_stand_in_one_statement(world):
    with acting_as(world.agencies["own"].id):
        both = select(Person.id).where(
            Person.id.in_(visible_people(world.actor("chief"), "probe.superior")),
            Person.id.in_(visible_people(world.actor("head a"), "probe.head")),
        )
        found = {world.name(one) for one in db.session.scalars(both)}

    assert found == {"head a"}


def test_data_of_a_past_day_is_seen_by_who_heads_the_unit_now_and_not_by_who_did_then(world):
    moved = person_ref(world.people["moved"])

    def sees(name, on):
        actor = world.actor(name)
        one = may(actor, "probe.head", moved, on=on)
        assert one == (moved.id in set(db.session.scalars(visible_people(actor, "probe.head", on=on))))
        return one

    assert sees("head a", YESTERDAY)
    assert not sees("head a", TODAY)
    assert not sees("yesterday's head a", YESTERDAY)


def test_a_unit_that_moved_is_seen_from_where_it_lies_that_day(world):
    units = dict(db.session.execute(select(Unit.code, Unit.id)).all())
    was = db.session.scalars(
        select(UnitClosure).where(UnitClosure.ancestor_id == units["T-a"], UnitClosure.descendant_id == units["T-a1"])
    ).one()
    was.valid_to = TODAY
    db.session.add(UnitClosure(ancestor_id=units["T-b"], descendant_id=units["T-a1"], depth=1, valid_from=TODAY))
    db.session.flush()
    yoga = person_ref(world.people["yoga"])

    assert not may(world.actor("head a"), "probe.head", yoga)
    assert may(world.actor("head a"), "probe.head", yoga, on=YESTERDAY)
    assert may(world.actor("plt b"), "probe.head", yoga)
    assert not may(world.actor("plt b"), "probe.head", yoga, on=LONG_AGO)


def test_the_day_is_that_of_the_agency(world, monkeypatch):
    """At 18.00 UTC it is tomorrow already in Jakarta: who left on the 25th is gone."""
    xena = person_ref(world.people["xena"])
    actor = world.actor("yesterday's head a")

    for hour, sees in ((16, True), (18, False)):
        moment = dt.datetime(2026, 11, 24, hour, tzinfo=dt.UTC)
        monkeypatch.setattr("lms_bridge.services.permissions.now", lambda moment=moment: moment)
        assert may(actor, "probe.head", xena) is sees


def test_a_decision_costs_two_statements_and_none_about_oneself(world, statements):
    everything = frozenset(RELATIONS - {"mentor"})
    plugin = Plugin("wide", "Wide", "1", permissions=(Permission("wide.see", "See", everything),))
    world.app.extensions["lms_bridge.plugins"].states["wide"] = PluginState(Found("wide", "wide"), plugin)
    actor, administrator = world.actor("nobody"), world.actor("administrator")
    xena = person_ref(world.people["xena"])

    with statements() as seen:
        assert not may(actor, "wide.see", xena)
    assert len(seen) == 2
    with statements() as seen:
        assert may(actor, "wide.see")
        assert not may(actor, "nothing.declared", xena)
        assert may(administrator, "probe.administrator")
    assert seen == []
    with statements() as seen:
        db.session.scalars(select(Person.name).where(Person.id.in_(visible_people(actor, "wide.see")))).all()
    assert len(seen) == 2


@pytest.mark.parametrize("fault", ["raises", "sends bad SQL", "returns nonsense"])
def test_a_plugin_that_fails_to_tell_its_relation_gives_it_to_nobody(world, fault):
    def fail(actor, on):
        if fault == "raises":
            raise RuntimeError("no")
        if fault == "sends bad SQL":
            return list(db.session.scalars(select(Person.id).where(Person.name == 1 / 0)))
        return ["Ani"]

    state = world.app.extensions["lms_bridge.plugins"].states["probe"]
    state.declaration = Plugin(
        "probe",
        "Probe",
        "1",
        permissions=(Permission("probe.mentor", "m", frozenset({"mentor", "head"})),),
        relations=(Relation("mentor", fail),),
    )
    xena = person_ref(world.people["xena"])

    assert not may(world.actor("mentor"), "probe.mentor", xena)
    assert may(world.actor("head a"), "probe.mentor", xena)
    assert not list(db.session.scalars(visible_people(world.actor("mentor"), "probe.mentor")))
    assert state.failures["relation mentor"] == 2
