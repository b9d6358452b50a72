"""The demo agency: what it promises to whoever tries the product, and to other tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, or_, select

from lms_bridge.db import acting_as, db, now
from lms_bridge.domain.nip import clean_nip
from lms_bridge.models import Agency, Person, Placement, PlacementKind, Unit
from lms_bridge.services.demo import seed_demo
from lms_bridge.services.demo.careers import TERM_ENDED
from lms_bridge.services.demo.organisation import REFORM, RENAMING
from lms_bridge.services.heads import heads_of, subtree_people, superiors_of
from lms_bridge.services.participants import participants
from lms_bridge.services.people import person_ref, placement_of
from lms_bridge.services.programmes import programmes
from lms_bridge.services.unit_tree import derive_closure, valid
from lms_bridge.services.units import subtree, units_above
from lms_bridge.testing.instance import close_app, make_app
from tests.organisation.test_units import stored

TODAY = now().date()
DAY = dt.timedelta(days=1)


@pytest.fixture
def demo(database: str, tmp_path: Path) -> Iterator[None]:
    """Work for the demo agency."""
    app = make_app(tmp_path / "instance", database, None)
    with app.app_context(), acting_as(db.session.scalar(select(Agency.id).where(Agency.code == "demo"))):
        yield
        db.session.rollback()
    close_app(app)


def unit(code):
    return db.session.scalar(select(Unit.id).where(Unit.code == code))


def named(name):
    return person_ref(db.session.scalar(select(Person.id).where(Person.name.startswith(name))))


def test_it_has_300_people_with_invented_names_and_nips_in_40_units(demo):
    people = db.session.scalars(select(Person)).all()
    standing = db.session.scalars(select(Unit.id).where(valid(Unit.valid_from, Unit.valid_to, TODAY))).all()

    assert len(people) == len({person.nip for person in people}) == len({person.name for person in people}) == 300
    assert all(person.nip == clean_nip(person.nip) for person in people)
    assert {person.employment for person in people} == {"PNS", "PPPK"}
    assert sum(" " not in person.name.partition(",")[0] for person in people) > 5
    assert len(standing) == 40


def test_the_numbers_tell_a_birth_an_appointment_and_a_sex_as_real_ones_do(demo):
    for nip in db.session.scalars(select(Person.nip)):
        born = dt.datetime.strptime(nip[:8], "%Y%m%d")
        month = int(nip[12:14])
        assert 16 <= int(nip[8:12]) - born.year <= 60
        assert 1 <= month <= 12 or month >= 21
        assert nip[14] in "12"


def test_everybody_has_held_a_post_and_most_hold_one_today(demo):
    ever = db.session.scalar(select(func.count(func.distinct(Placement.person_id))))
    today = db.session.scalar(
        select(func.count(func.distinct(Placement.person_id))).where(
            valid(Placement.valid_from, Placement.valid_to, TODAY)
        )
    )

    assert (ever, today) == (300, 287)
    assert db.session.scalar(select(func.count(Placement.id))) > 400


def test_the_whole_city_is_below_its_first_officer(demo):
    (head,) = heads_of(unit("NUSARAYA"), on=TODAY)

    assert len(subtree_people(person_ref(head.person_id), on=TODAY)) == 286


def test_yesterdays_head_has_another_post_today(demo):
    (head,) = heads_of(unit("MUTASI"), on=TODAY)
    (before,) = heads_of(unit("MUTASI"), on=TODAY - DAY)
    gone = person_ref(before.person_id)

    assert head.person_id != before.person_id
    assert len(subtree_people(gone, on=TODAY - DAY)) == 6
    assert subtree_people(gone, on=TODAY) == []
    assert placement_of(gone, on=TODAY).unit_name == "Sekretariat Daerah"


def test_an_acting_head_led_until_the_term_ended(demo):
    (acting,) = heads_of(unit("KINERJA"), on=TERM_ENDED - DAY)

    assert acting.kind is PlacementKind.PLT
    assert acting.person_id not in {head.person_id for head in heads_of(unit("KINERJA"), on=TERM_ENDED)}
    assert [head.kind for head in heads_of(unit("P2P"), on=TODAY)] == [PlacementKind.PLT]


def test_a_unit_was_merged_another_moved_and_one_renamed(demo):
    below = {day: [one.code for one in subtree(unit("BKPSDM"), on=day)] for day in (REFORM - DAY, REFORM)}
    assert set(below[REFORM - DAY]) - set(below[REFORM]) == {"DIKLAT"}
    assert placement_of(named("Sari Widyastuti"), on=REFORM - DAY).unit_name == "Bidang Pendidikan dan Pelatihan"
    assert placement_of(named("Sari Widyastuti"), on=REFORM).unit_name == "Bidang Pengembangan Kompetensi"
    assert units_above(unit("STATISTIK"), on=REFORM - DAY)[0].code == "BAPPEDA"
    assert units_above(unit("STATISTIK"), on=REFORM)[0].code == "DISKOMINFO"
    names = {day: subtree(unit("DPMPTSP"), on=day)[0].name for day in (RENAMING - DAY, RENAMING)}
    assert len(set(names.values())) == 2


def test_its_closure_is_what_its_units_derive(demo):
    before = stored()

    derive_closure()

    assert stored() == before


def test_the_personas_are_who_they_were(demo):
    posts = {name: placement_of(named(name), on=TODAY).post_name for name in ("Ani Lestari", "Budi Santoso", "Rahmat")}

    assert posts == {
        "Ani Lestari": "Analis Kebijakan Ahli Muda",
        "Budi Santoso": "Analis Kebijakan Ahli Madya",
        "Rahmat": "Kepala Bidang Pengembangan Kompetensi",
    }
    assert [one.name for one in superiors_of(named("Ani Lestari"), on=TODAY)] == ["Rahmat Hidayat, M.Si."]
    assert [one.name for one in superiors_of(named("Rahmat"), on=TODAY)] == ["Dr. Hendra Wijaya, M.M."]
    assert len(subtree_people(named("Rahmat"), on=TODAY)) == 9


def test_it_has_four_programmes_one_a_workshop_outside_the_lms(demo):
    found = {one.code: one for one in programmes()}

    assert {code: (one.form, one.status.value, one.taken) for code, one in found.items()} == {
        "WS-2026-01": ("B7", "finished", 26),
        "EL-2026-01": ("C3", "running", 18),
        "PKP-2026": ("B1", "running", 18),
        "MTR-2027": ("C2", "open", 8),
    }
    outcomes = [one.status.value for one in participants(found["WS-2026-01"].id)]
    assert (outcomes.count("completed"), outcomes.count("failed"), outcomes.count("withdrawn")) == (24, 2, 1)


def test_no_placement_runs_in_a_unit_that_is_no_more(demo):
    beyond = (
        select(Placement.id)
        .join(Unit, Unit.id == Placement.unit_id)
        .where(
            or_(Placement.valid_from < Unit.valid_from, Placement.valid_to > Unit.valid_to),
        )
    )
    open_ended = (
        select(Placement.id)
        .join(Unit, Unit.id == Placement.unit_id)
        .where(Placement.valid_to.is_(None), Unit.valid_to.is_not(None))
    )

    assert db.session.scalars(beyond).all() == db.session.scalars(open_ended).all() == []


def test_a_programme_of_the_lms_gets_its_course_once_the_lms_is_there(bridge_app):
    with bridge_app.app_context():
        made = seed_demo()
        db.session.commit()
        with acting_as(db.session.scalar(select(Agency.id).where(Agency.code == "demo"))):
            courses = {one.code: one.course_id for one in programmes()}
        db.session.remove()

    assert made is False
    assert courses.pop("EL-2026-01") is not None
    assert set(courses.values()) == {None}
