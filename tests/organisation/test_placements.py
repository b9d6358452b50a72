"""Who was where, under whom, on any day."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event, select

from lms_bridge.db import db
from lms_bridge.models import Placement, PlacementKind, PlacementSuperior, SuperiorKind
from lms_bridge.services.heads import heads_of, people_in, subtree_people, superiors_of, units_headed
from lms_bridge.services.people import placement_of, placements_of
from lms_bridge.services.placements import (
    OwnSuperior,
    PlacementOverlap,
    PostElsewhere,
    end_placement,
    end_superior,
    name_superior,
    place,
    transfer,
)
from lms_bridge.services.units import NotThen, move_unit, rename_unit
from tests.organisation.conftest import START

BEFORE, DAY, LATER = dt.date(2025, 6, 30), dt.date(2025, 7, 1), dt.date(2026, 1, 1)


def names(people):
    return [one.name for one in people]


@pytest.fixture
def bureau(unit, placed):
    """T over A and B, A over AA; each with a head, and with staff."""
    top = unit("T")
    a, b = unit("A", top), unit("B", top)
    units = {"T": top, "A": a, "B": b, "AA": unit("AA", a)}
    people = {f"head {code}": placed(f"head {code}", one, heads=True) for code, one in units.items()}
    people |= {f"staff {code}": placed(f"staff {code}", one) for code, one in units.items()}
    return units, people


def test_a_head_sees_everybody_in_and_below_their_unit_but_not_themselves(bureau):
    _units, people = bureau

    assert names(subtree_people(people["head A"], on=DAY)) == ["head AA", "staff A", "staff AA"]
    assert names(subtree_people(people["head AA"], on=DAY)) == ["staff AA"]
    assert len(subtree_people(people["head T"], on=DAY)) == 7
    assert subtree_people(people["staff A"], on=DAY) == []


def test_whoever_left_still_had_people_on_the_day_before(bureau, placement):
    _units, people = bureau
    end_placement(placement(people["head A"]).id, on=DAY)

    assert names(subtree_people(people["head A"], on=BEFORE)) == ["head AA", "staff A", "staff AA"]
    assert subtree_people(people["head A"], on=DAY) == []


def test_who_joined_or_left_is_seen_while_they_were_there(bureau):
    units, people = bureau
    post_id = placement_of(people["staff AA"], on=BEFORE).post_id
    transfer(people["staff AA"], post_id=post_id, unit_id=units["B"], on=DAY)

    assert "staff AA" in names(subtree_people(people["head A"], on=BEFORE))
    assert "staff AA" not in names(subtree_people(people["head A"], on=DAY))
    assert names(subtree_people(people["head B"], on=DAY)) == ["staff AA", "staff B"]


def test_a_moved_unit_is_under_another_head_from_that_day(bureau):
    units, people = bureau
    move_unit(units["AA"], units["B"], on=DAY)

    assert "staff AA" in names(subtree_people(people["head A"], on=BEFORE))
    assert names(subtree_people(people["head A"], on=DAY)) == ["staff A"]
    assert names(subtree_people(people["head B"], on=DAY)) == ["head AA", "staff AA", "staff B"]


def test_the_people_of_a_day_carry_the_unit_name_of_that_day(bureau):
    units, people = bureau
    rename_unit(units["AA"], "Seksi Baru", on=DAY)

    found = {day: subtree_people(people["head AA"], on=day)[0].unit_name for day in (BEFORE, DAY)}
    assert found == {BEFORE: "Unit AA", DAY: "Seksi Baru"}
    assert placement_of(people["staff AA"], on=BEFORE).unit_name == "Unit AA"


@pytest.mark.parametrize("kind", [PlacementKind.PLT, PlacementKind.PLH])
def test_an_acting_head_heads_until_the_term_ends_beside_their_own_post(bureau, post, kind):
    units, people = bureau
    acting = people["staff B"]
    place(acting, post_id=post("acting", heads=True), unit_id=units["A"], kind=kind, valid_from=BEFORE, valid_to=LATER)

    assert names(heads_of(units["A"], on=DAY)) == ["head A", "staff B"]
    assert units_headed(acting, on=DAY) == [units["A"]]
    assert "staff AA" in names(subtree_people(acting, on=LATER - dt.timedelta(days=1)))
    assert subtree_people(acting, on=LATER) == []
    assert placement_of(acting, on=DAY).unit_id == units["B"]


def test_a_transfer_ends_what_was_held_by_appointment_and_keeps_the_acting_post(bureau, post, placement):
    units, people = bureau
    staff = people["staff A"]
    place(staff, post_id=post("acting"), unit_id=units["A"], kind=PlacementKind.PLT, valid_from=BEFORE, valid_to=LATER)
    new = transfer(staff, post_id=post("new"), unit_id=units["B"], on=DAY)

    rows = db.session.scalars(select(Placement).where(Placement.person_id == staff.id).order_by(Placement.id)).all()
    assert [(row.kind.value, row.valid_to) for row in rows] == [
        ("definitive", DAY),
        ("plt", LATER),
        ("definitive", None),
    ]
    assert placement(staff).id == new.id


def test_a_transfer_on_the_first_day_of_the_present_post_is_a_second_post(bureau, post):
    units, people = bureau
    transfer(people["staff A"], post_id=post("one"), unit_id=units["B"], on=DAY)
    transfer(people["staff A"], post_id=post("two"), unit_id=units["B"], on=LATER)

    assert placement_of(people["staff A"], on=DAY).post_name == "one"
    assert placement_of(people["staff A"], on=LATER).post_name == "two"


def test_the_same_post_twice_at_one_time_is_refused_and_again_later_is_not(bureau, post):
    units, people = bureau
    held = post("held")
    place(people["staff A"], post_id=held, unit_id=units["A"], valid_from=DAY, valid_to=LATER)

    with pytest.raises(PlacementOverlap):
        place(people["staff A"], post_id=held, unit_id=units["A"], valid_from=BEFORE)
    place(people["staff A"], post_id=held, unit_id=units["A"], valid_from=LATER)


def test_a_post_that_one_unit_has_for_itself_is_held_only_there(bureau, post):
    units, people = bureau

    with pytest.raises(PostElsewhere):
        place(people["staff A"], post_id=post("p", unit=units["B"]), unit_id=units["A"], valid_from=DAY)


def test_nobody_is_placed_in_a_unit_that_does_not_exist_then(bureau, unit, post):
    people = bureau[1]
    short = unit("S", since=DAY, until=LATER)

    with pytest.raises(NotThen):
        place(people["staff A"], post_id=post("p"), unit_id=short, valid_from=BEFORE, valid_to=LATER)
    with pytest.raises(NotThen):
        place(people["staff A"], post_id=post("q"), unit_id=short, valid_from=DAY)


def test_the_superior_is_the_head_of_the_unit_and_for_the_head_that_of_the_next_one_above(bureau):
    people = bureau[1]

    assert names(superiors_of(people["staff AA"], on=DAY)) == ["head AA"]
    assert names(superiors_of(people["head AA"], on=DAY)) == ["head A"]
    assert superiors_of(people["head T"], on=DAY) == []


def test_named_superiors_come_before_the_structure_and_a_team_leader_beside_it(bureau, placement):
    people = bureau[1]
    mine = placement(people["staff AA"]).id
    name_superior(mine, people["staff A"], kind=SuperiorKind.TEAM, valid_from=START)
    assert names(superiors_of(people["staff AA"], on=DAY)) == ["head AA", "staff A"]

    name_superior(mine, people["head T"], valid_from=DAY)

    assert names(superiors_of(people["staff AA"], on=BEFORE)) == ["head AA", "staff A"]
    assert names(superiors_of(people["staff AA"], on=DAY)) == ["head T", "staff A"]


def test_a_superior_may_come_back(bureau, placement):
    people = bureau[1]
    mine = placement(people["staff AA"]).id
    name_superior(mine, people["head T"], valid_from=START)
    end_superior(mine, people["head T"], kind=SuperiorKind.STRUCTURAL, on=DAY)
    name_superior(mine, people["head T"], valid_from=LATER)

    found = [names(superiors_of(people["staff AA"], on=day)) for day in (BEFORE, DAY, LATER)]
    assert found == [["head T"], ["head AA"], ["head T"]]


def test_nobody_is_their_own_superior(bureau, placement):
    people = bureau[1]

    with pytest.raises(OwnSuperior):
        name_superior(placement(people["staff A"]).id, people["staff A"], valid_from=DAY)


def test_who_heads_a_unit_no_more_is_superior_of_nobody_in_it(bureau, post, placement):
    units, people = bureau
    leaving = people["head A"]
    for name in ("staff A", "staff AA"):
        name_superior(placement(people[name]).id, leaving, valid_from=START)
    name_superior(placement(people["staff B"]).id, leaving, kind=SuperiorKind.TEAM, valid_from=START)
    transfer(leaving, post_id=post("new"), unit_id=units["T"], on=DAY)

    rows = db.session.execute(
        select(PlacementSuperior.kind, PlacementSuperior.valid_to).where(PlacementSuperior.person_id == leaving.id)
    )
    assert sorted((row.kind.value, row.valid_to) for row in rows) == [
        ("structural", DAY),
        ("structural", DAY),
        ("team", DAY),
    ]


def test_an_acting_head_who_is_appointed_goes_on_as_superior(bureau, post, placement):
    units, people = bureau
    acting = people["staff T"]
    plt = place(acting, post_id=post("plt", heads=True), unit_id=units["A"], kind=PlacementKind.PLT, valid_from=START)
    name_superior(placement(people["staff A"]).id, acting, valid_from=START)
    place(acting, post_id=post("def", heads=True), unit_id=units["A"], valid_from=DAY)
    end_placement(plt.id, on=DAY)

    assert names(superiors_of(people["staff A"], on=LATER)) == ["staff T"]


def test_a_placement_ends_once_and_after_it_began(bureau, placement):
    mine = placement(bureau[1]["staff A"]).id

    with pytest.raises(NotThen):
        end_placement(mine, on=START)
    end_placement(mine, on=DAY)
    with pytest.raises(NotThen):
        end_placement(mine, on=LATER)


def test_somebody_with_two_records_appears_once(bureau, person, post):
    units, people = bureau
    twin = person("twin")
    place(twin, post_id=post("p"), unit_id=units["AA"], valid_from=START)
    db.session.execute(
        Placement.__table__.metadata.tables["core_person"]
        .update()
        .where(Placement.__table__.metadata.tables["core_person"].c.id == twin.id)
        .values(same_as_id=people["staff AA"].id)
    )

    found = people_in(units["AA"], on=DAY)

    assert sorted(one.person_id for one in found) == sorted([people["head AA"].id, people["staff AA"].id])


def test_a_subtree_is_asked_by_two_statements_whatever_its_size(bureau):
    people = bureau[1]
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    subtree_people(people["head T"], on=DAY)

    assert len(statements) == 2


def test_the_posts_of_many_are_those_of_each_by_one_statement(bureau, placement):
    _units, people = bureau
    end_placement(placement(people["head A"]).id, on=DAY)
    seen = []
    event.listen(db.engine, "before_cursor_execute", lambda *told: seen.append(told[2]))

    found = placements_of(people.values(), on=LATER)

    assert len(seen) == 1
    assert found == {one.id: post for one in people.values() if (post := placement_of(one, on=LATER)) is not None}
    assert people["head A"].id not in found
