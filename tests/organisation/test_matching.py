"""Linking whom an LMS brings with whom the agency knows: what may do it, and that it is undone exactly."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select

from lms_bridge.db import acting_as, db, now
from lms_bridge.domain.nip import clean_nip
from lms_bridge.errors import NotFound
from lms_bridge.models import Agency, AuditEntry, Matching, Person, PlatformUser
from lms_bridge.services.matching import (
    CannotLink,
    MatchingRules,
    dismiss,
    learn_nip,
    link_person,
    match_by_rules,
    recall,
    set_matching_rules,
    unlink_person,
)
from lms_bridge.services.people import person_ref, placement_of
from lms_bridge.services.people_queue import Queue, count_waiting, queued_people

TODAY = now().date()
NIP, OTHER_NIP = "198001012005011001", "198001012005011002"
BOTH = MatchingRules(email=True, username=True)


@pytest.fixture
def launched(person: Callable[..., Any]) -> Callable[..., int]:
    """Somebody whom an LMS brought; returns the id."""

    def make(
        name: str = "#17", *, email: str | None = None, username: str | None = None, nip: str | None = None
    ) -> int:
        ref = person(name, email=email, nip=nip)
        db.session.add(PlatformUser(issuer="https://lms", sub=f"s{ref.id}", person_id=ref.id, username=username))
        db.session.flush()
        return ref.id

    return make


def waiting():
    return [one.person_id for one in queued_people(Queue.WAITING, today=TODAY)]


def snapshot(*ids):
    db.session.expire_all()
    columns = [column for column in Person.__table__.c if column.name != "matching"]
    return db.session.execute(select(*columns).where(Person.id.in_(ids)).order_by(Person.id)).all()


def test_linked_records_show_together_and_the_link_is_taken_back_exactly(launched, placed, unit):
    mine, ani = launched(), placed("Ani", unit("A"))
    before = snapshot(mine, ani.id)
    link_person(mine, ani.id)
    assert person_ref(mine).ids == person_ref(ani.id).ids == tuple(sorted([mine, ani.id]))
    assert placement_of(person_ref(mine), on=TODAY).post_name == "Post Ani"

    unlink_person(mine)

    assert snapshot(mine, ani.id) == before
    assert person_ref(mine).ids == (mine,)
    assert waiting() == [mine]


def test_a_link_taken_back_is_not_made_again_by_any_rule(launched, person):
    mine, ani = launched(email="a@x.example", username=NIP), person("Ani", nip=NIP, email="a@x.example")
    link_person(mine, ani.id)
    unlink_person(mine)

    learn_nip(mine, NIP)

    assert person_ref(mine).ids == (mine,)


def test_two_may_be_linked_to_one_and_each_is_undone_alone(launched, person):
    one, two, ani = launched(), launched(), person("Ani", nip=NIP)
    link_person(one, ani.id)
    link_person(two, ani.id)
    assert person_ref(one).ids == tuple(sorted([one, two, ani.id]))

    unlink_person(one)

    assert person_ref(two).ids == tuple(sorted([two, ani.id]))


def test_a_link_goes_to_the_middle_of_a_star(launched, person, placed, unit):
    """Somebody known by a placement alone was linked to the record with the NIP; who comes next goes there too."""
    known, ani = placed("Ani", unit("A")), person("Ani", nip=NIP)
    learn_nip(known.id, NIP)
    mine = launched()
    link_person(mine, known.id)

    assert db.session.get(Person, mine).same_as_id == ani.id
    assert person_ref(mine).ids == tuple(sorted([mine, known.id, ani.id]))


def test_an_nip_learned_by_the_middle_of_a_star_makes_no_chain(launched, person, placed, unit):
    mine, known = launched(), placed("Ani", unit("A"))
    link_person(mine, known.id)
    ani = person("Ani", nip=NIP)
    learn_nip(known.id, NIP)

    everybody = tuple(sorted([mine, known.id, ani.id]))
    assert person_ref(mine).ids == person_ref(known.id).ids == person_ref(ani.id).ids == everybody
    learn_nip(known.id, NIP)
    assert person_ref(mine).ids == everybody


def test_two_stars_with_one_nip_are_left_to_an_analyst(launched, person, placed, unit):
    one, known = launched(), placed("Ani", unit("A"))
    link_person(one, known.id)
    two, ani = launched(), person("Ani", nip=NIP)
    link_person(two, ani.id)

    learn_nip(known.id, NIP)

    assert person_ref(one).ids == tuple(sorted([one, known.id]))
    assert person_ref(two).ids == tuple(sorted([two, ani.id]))


def test_what_cannot_be_linked_is_refused(launched, person, placed, unit):
    mine, ani, budi = launched(), person("Ani", nip=NIP), person("Budi", nip=OTHER_NIP)
    stranger = launched()
    cases = [(mine, mine), (mine, stranger), (ani.id, budi.id), (placed("Cici", unit("A")).id, ani.id)]
    for person_id, known_id in cases:
        with pytest.raises(CannotLink):
            link_person(person_id, known_id)
    link_person(mine, ani.id)
    with pytest.raises(CannotLink):
        link_person(mine, budi.id)
    with pytest.raises(CannotLink):
        link_person(ani.id, mine)
    with pytest.raises(CannotLink):
        unlink_person(stranger)


def test_nobody_is_linked_to_another_agency(launched, person):
    mine = launched()
    demo = db.session.scalar(select(Agency.id).where(Agency.code == "demo"))
    with acting_as(demo):
        theirs = db.session.scalar(select(Person.id).limit(1))

    with pytest.raises(NotFound):
        link_person(mine, theirs)


def test_who_needs_no_post_is_dismissed_and_called_back(launched):
    mine = launched()
    dismiss(mine)
    assert (waiting(), count_waiting()) == ([], 0)
    assert [one.person_id for one in queued_people(Queue.DISMISSED, today=TODAY)] == [mine]
    with pytest.raises(CannotLink):
        dismiss(mine)

    recall(mine)

    assert (waiting(), count_waiting()) == ([mine], 1)
    with pytest.raises(CannotLink):
        recall(mine)


def test_only_who_is_not_known_waits(launched, person, placed, unit):
    placed("Ani", unit("A"))
    person("Imported")
    launched("Known", nip=NIP)

    assert waiting() == []


def test_candidates_have_the_same_address_or_nip_to_the_letter_and_never_the_name(launched, person, placed, unit):
    ani = placed("Ani Lestari", unit("A"))
    db.session.get(Person, ani.id).email = "ani@x.example"
    budi = person("Budi", nip=NIP)
    by_email = launched("A. L.", email="Ani@X.example")
    by_nip = launched("B", username=NIP)
    by_name = launched("Ani Lestari", email="ani@y.example", username="ani")

    found = {one.person_id: one.candidates for one in queued_people(Queue.WAITING, today=TODAY)}

    assert [(one.name, one.post_name, one.unit_name) for one in found[by_email]] == [
        ("Ani Lestari", "Post Ani Lestari", "Unit A")
    ]
    assert [one.person_id for one in found[by_nip]] == [budi.id]
    assert found[by_name] == ()


def test_the_list_of_links_says_to_whom(launched, person):
    mine, ani = launched(), person("Ani", nip=NIP)
    link_person(mine, ani.id)

    (one,) = queued_people(Queue.LINKED, today=TODAY)
    assert (one.person_id, [other.name for other in one.candidates]) == (mine, ["Ani"])


def test_pages_follow_each_other(launched):
    everybody = [launched(f"#{n}") for n in range(5)]
    first = queued_people(Queue.WAITING, today=TODAY, limit=3)
    second = queued_people(Queue.WAITING, today=TODAY, limit=3, after=first[-1].person_id)

    assert [one.person_id for one in first + second] == everybody


@pytest.mark.parametrize(
    ("rules", "matched"),
    [
        (MatchingRules(email=False, username=False), False),
        (MatchingRules(email=True, username=False), True),
        (MatchingRules(email=False, username=True), False),
    ],
)
def test_an_address_links_only_where_the_agency_allows_it(launched, person, rules, matched):
    ani = person("Ani", nip=NIP, email="ani@x.example")
    mine = launched()

    assert match_by_rules(mine, rules, email="ANI@x.example", username="ani") is matched
    assert (ani.id in person_ref(mine).ids) is matched


def test_a_login_name_links_when_it_is_an_nip_of_the_agency(launched, person):
    ani = person("Ani", nip=NIP)
    only_names = MatchingRules(email=False, username=True)

    assert match_by_rules(launched(), only_names, email="", username=OTHER_NIP) is False
    mine = launched()
    assert match_by_rules(mine, only_names, email="", username=NIP) is True
    assert person_ref(mine).ids == tuple(sorted([mine, ani.id]))
    assert db.session.get(Person, mine).nip is None


def test_an_address_of_two_people_links_nobody(launched, person):
    person("Ani", nip=NIP, email="office@x.example")
    person("Budi", nip=OTHER_NIP, email="office@x.example")

    assert match_by_rules(launched(), BOTH, email="office@x.example", username="") is False


def test_an_address_that_an_lms_told_links_nobody(launched):
    """Whoever can write an address in the LMS's profile could else take over another's records."""
    launched("Known", nip=NIP, email="ani@x.example")

    assert match_by_rules(launched(), BOTH, email="ani@x.example", username="") is False


def test_an_address_of_somebody_unknown_links_nobody(launched, person):
    person("Nobody", email="ani@x.example")

    assert match_by_rules(launched(), BOTH, email="ani@x.example", username="") is False


# Through a real launch


@pytest.fixture
def demo(bridge_app):
    """Work in the database for the demo agency, seen by the next launch."""

    @contextmanager
    def work():
        with bridge_app.app_context():
            with acting_as(db.session.scalar(select(Agency.id).where(Agency.code == "demo"))):
                yield
                db.session.commit()
            db.session.remove()

    return work


@pytest.fixture
def maya_imported(demo):
    """Maya, whose idnumber is empty in the LMS, is in the agency's data, with her address there; gives her post."""
    with demo():
        maya = db.session.scalar(select(Person.id).where(Person.email == "maya@nusaraya.example"))
        return placement_of(person_ref(maya), on=TODAY).post_name


def test_who_matches_nobody_works_on_and_waits_with_the_name_and_login_that_the_lms_tells(launch_as, demo):
    page = launch_as("maya").page

    assert page.status_code == 200
    with demo():
        (mine,) = (one for one in queued_people(Queue.WAITING, today=TODAY) if one.username == "maya")
        assert mine.name.startswith("Maya")


@pytest.mark.parametrize("email", [False, True])
def test_a_launch_links_by_address_once_that_is_switched_on(launch_as, demo, maya_imported, email):
    with demo():
        set_matching_rules(MatchingRules(email=email, username=False))

    launch_as("maya")

    assert (maya_imported in launch_as("maya").get("/").text) is email


def test_somebody_who_waited_is_linked_by_the_launch_after_the_rule_was_switched_on(launch_as, demo, maya_imported):
    assert maya_imported not in launch_as("maya").get("/").text
    with demo():
        set_matching_rules(BOTH)

    assert maya_imported in launch_as("maya").get("/").text


def test_after_an_analyst_took_it_back_no_launch_links_again(launch_as, demo, maya_imported):
    with demo():
        set_matching_rules(BOTH)
    launch_as("maya")
    with demo():
        mine = db.session.scalar(select(Person).where(Person.same_as_id.is_not(None)))
        unlink_person(mine.id)
        assert mine.matching is Matching.BY_HAND

    assert maya_imported not in launch_as("maya").get("/").text


def test_a_teacher_cannot_name_anybody_by_an_activitys_value(launch_as, demo, maya_imported):
    with demo():
        set_matching_rules(BOTH)
    custom = {"username": NIP, "email": "maya@nusaraya.example", "user_username": NIP}

    page = launch_as("maya", custom=custom, email=None, claim_custom=custom)

    assert clean_nip(NIP) and maya_imported not in page.get("/").text


# What the audit log keeps of it


def deeds(person_id):
    rows = db.session.execute(
        select(AuditEntry.action, AuditEntry.actor_id, AuditEntry.facts)
        .where(AuditEntry.subject_id == person_id)
        .order_by(AuditEntry.id)
    )
    return [(row.action, row.actor_id, row.facts) for row in rows]


def test_every_step_by_hand_is_audited(launched, person):
    mine, ani = launched(), person("Ani", nip=NIP)
    link_person(mine, ani.id)
    unlink_person(mine)
    dismiss(mine)
    recall(mine)

    assert deeds(mine) == [
        ("person.linked", None, {"to": ani.id, "by": "hand"}),
        ("person.unlinked", None, {"was": ani.id}),
        ("person.dismissed", None, {}),
        ("person.recalled", None, {}),
    ]


def test_what_a_rule_links_is_audited_with_the_rule(launched, person):
    ani, mine, third = person("Ani", nip=NIP, email="a@x.example"), launched(), launched()
    match_by_rules(mine, BOTH, email="a@x.example", username="")
    learn_nip(third, NIP)

    assert deeds(mine) == [("person.linked", mine, {"to": ani.id, "by": "email"})]
    assert deeds(third) == [("person.linked", third, {"to": ani.id, "by": "nip"})]
