"""The tree of units on any day: what was true then, after whatever happened since."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from lms_bridge.db import acting_as, db, now
from lms_bridge.errors import NotFound
from lms_bridge.models import Agency, Unit, UnitClosure
from lms_bridge.services.unit_tree import UnitCircle, derive_closure
from lms_bridge.services.units import (
    LaterChange,
    NotThen,
    UnitInUse,
    end_unit,
    move_unit,
    rename_unit,
    subtree,
    top_units,
    units_above,
)
from tests.organisation.conftest import START

BEFORE, DAY, LATER = dt.date(2025, 6, 30), dt.date(2025, 7, 1), dt.date(2026, 1, 1)


def codes(units):
    return [unit.code for unit in units]


@pytest.fixture
def tree(unit):
    """T over A and B; A over AA over AAA."""
    top = unit("T")
    a, b = unit("A", top), unit("B", top)
    aa = unit("AA", a)
    return {"T": top, "A": a, "B": b, "AA": aa, "AAA": unit("AAA", aa)}


def test_a_tree_of_any_depth_is_read_from_above_and_from_below(tree):
    assert codes(subtree(tree["T"], on=DAY)) == ["T", "A", "B", "AA", "AAA"]
    assert [(unit.code, unit.depth) for unit in units_above(tree["AAA"], on=DAY)] == [("AA", 1), ("A", 2), ("T", 3)]
    assert codes(top_units(on=DAY)) == ["T"]


def test_nothing_is_there_before_it_began(tree):
    assert subtree(tree["T"], on=START - dt.timedelta(days=1)) == []
    assert codes(subtree(tree["T"], on=START))[0] == "T"


def test_a_moved_unit_takes_its_units_along_from_that_day_and_stays_where_it_was_before(tree):
    move_unit(tree["AA"], tree["B"], on=DAY)

    assert codes(subtree(tree["A"], on=BEFORE)) == ["A", "AA", "AAA"]
    assert codes(subtree(tree["A"], on=DAY)) == ["A"]
    assert codes(subtree(tree["B"], on=BEFORE)) == ["B"]
    assert codes(subtree(tree["B"], on=DAY)) == ["B", "AA", "AAA"]
    assert codes(units_above(tree["AAA"], on=DAY)) == ["AA", "B", "T"]


def test_a_unit_knows_the_one_above_it_on_each_day(tree):
    move_unit(tree["AA"], tree["B"], on=DAY)
    move_unit(tree["AA"], None, on=LATER)

    parents = [subtree(tree["AA"], on=day)[0].parent_id for day in (BEFORE, DAY, LATER)]

    assert parents == [tree["A"], tree["B"], None]
    assert codes(top_units(on=LATER)) == ["AA", "T"]


def test_a_move_back_and_forth_leaves_three_periods(tree):
    move_unit(tree["AA"], tree["B"], on=DAY)
    move_unit(tree["AA"], tree["A"], on=LATER)

    assert [codes(units_above(tree["AAA"], on=day))[1] for day in (BEFORE, DAY, LATER)] == ["A", "B", "A"]


def test_a_renamed_unit_had_its_old_name_before(tree):
    rename_unit(tree["A"], "Bidang Baru", on=DAY)

    assert subtree(tree["A"], on=BEFORE)[0].name == "Unit A"
    assert subtree(tree["A"], on=DAY)[0].name == "Bidang Baru"


def test_a_name_is_corrected_on_the_day_since_which_it_holds(tree):
    rename_unit(tree["A"], "Bdang Baru", on=DAY)
    rename_unit(tree["A"], "Bidang Baru", on=DAY)

    assert subtree(tree["A"], on=DAY)[0].name == "Bidang Baru"
    assert subtree(tree["A"], on=BEFORE)[0].name == "Unit A"


def test_a_rename_and_a_move_on_one_day_are_both_kept(tree):
    rename_unit(tree["AA"], "Bidang Baru", on=DAY)
    move_unit(tree["AA"], tree["B"], on=DAY)

    before, after = (subtree(tree["AA"], on=day)[0] for day in (BEFORE, DAY))
    assert (before.name, before.parent_id) == ("Unit AA", tree["A"])
    assert (after.name, after.parent_id) == ("Bidang Baru", tree["B"])


@pytest.mark.parametrize("below", ["A", "AA", "AAA"])
def test_a_unit_cannot_move_below_itself(tree, below):
    with pytest.raises(UnitCircle):
        move_unit(tree["A"], tree[below], on=DAY)


def test_a_unit_may_move_below_one_that_was_once_below_it(tree):
    move_unit(tree["AA"], tree["B"], on=DAY)
    move_unit(tree["A"], tree["AA"], on=LATER)

    assert codes(units_above(tree["A"], on=LATER)) == ["AA", "B", "T"]
    assert codes(units_above(tree["AA"], on=BEFORE)) == ["A", "T"]


def test_a_change_before_a_later_one_is_refused_with_the_day_it_must_follow(tree):
    move_unit(tree["AA"], tree["B"], on=DAY)

    with pytest.raises(LaterChange) as refused:
        rename_unit(tree["AA"], "x", on=BEFORE)

    assert "01-07-2025" in str(refused.value.detail)


def test_a_unit_ends_when_nothing_is_in_it(tree, placed):
    staff = placed("Ani", tree["AAA"], until=DAY)

    with pytest.raises(UnitInUse):
        end_unit(tree["AAA"], on=BEFORE)
    with pytest.raises(UnitInUse):
        end_unit(tree["AA"], on=DAY)
    end_unit(tree["AAA"], on=DAY)
    end_unit(tree["AA"], on=DAY)

    assert staff.id
    assert codes(subtree(tree["A"], on=BEFORE)) == ["A", "AA", "AAA"]
    assert codes(subtree(tree["A"], on=DAY)) == ["A"]


def test_a_unit_that_has_ended_takes_no_change_and_no_unit(tree, unit):
    end_unit(tree["B"], on=DAY)

    with pytest.raises(NotThen):
        rename_unit(tree["B"], "x", on=DAY)
    with pytest.raises(NotThen):
        move_unit(tree["AA"], tree["B"], on=DAY)
    with pytest.raises(NotThen):
        unit("BB", tree["B"])
    assert codes(subtree(unit("OLD", tree["B"], until=DAY), on=BEFORE)) == ["OLD"]


def test_the_unit_of_another_agency_does_not_exist(tree):
    other = Agency(code="other", name="Other", created_at=now())
    db.session.add(other)
    db.session.flush()

    with acting_as(other.id), pytest.raises(NotFound):
        rename_unit(tree["A"], "x", on=DAY)


def test_the_database_refuses_a_circle_and_what_was_derived_stays(tree):
    db.session.execute(update(Unit).where(Unit.id == tree["A"]).values(parent_id=tree["AAA"]))

    with pytest.raises(UnitCircle):
        derive_closure()

    assert codes(units_above(tree["AAA"], on=DAY)) == ["AA", "A", "T"]


def test_the_database_refuses_a_unit_that_ends_before_it_begins(tree):
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(update(Unit).where(Unit.id == tree["B"]).values(valid_to=START))


def test_units_written_in_bulk_are_derived_at_once(tree):
    db.session.add_all([Unit(code=f"N{n}", name="n", parent_id=tree["B"], valid_from=START) for n in range(50)])
    derive_closure()

    assert len(subtree(tree["T"], on=DAY)) == 55


def stored():
    rows = db.session.execute(
        select(
            UnitClosure.ancestor_id, UnitClosure.descendant_id, UnitClosure.depth, UnitClosure.valid_from
        ).add_columns(UnitClosure.valid_to)
    )
    return sorted(map(str, rows))


@pytest.mark.parametrize("seed", range(3))
def test_what_changes_derive_step_by_step_is_what_the_whole_derives(unit, seed):
    """Forty units moved and renamed at random days: deriving anew, and climbing from parent to parent, say the same."""
    chance = random.Random(seed)
    units = [unit("U0")]
    for number in range(1, 40):
        units.append(unit(f"U{number}", chance.choice(units), since=START))
    day = START
    moves = 0
    while moves < 40:
        day += dt.timedelta(days=chance.randint(0, 30))
        try:
            move_unit(chance.choice(units), chance.choice([None, *units]), on=day)
            rename_unit(chance.choice(units), f"Name {day}", on=day)
        except UnitCircle:
            continue
        moves += 1
    by_steps = stored()

    derive_closure()

    assert stored() == by_steps
    for looked_at in (START, START + dt.timedelta(days=200), day):
        parents = {one: subtree(one, on=looked_at)[0].parent_id for one in units}
        for one in units:
            climbed, above = [], parents[one]
            while above is not None:
                climbed.append(above)
                above = parents[above]
            assert [found.id for found in units_above(one, on=looked_at)] == climbed
