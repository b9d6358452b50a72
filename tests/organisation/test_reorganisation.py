"""Units that merge and split, with everybody in them."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from lms_bridge.db import db
from lms_bridge.models import Post, SuperiorKind
from lms_bridge.services.heads import people_in, subtree_people, superiors_of
from lms_bridge.services.people import placement_of
from lms_bridge.services.placements import name_superior
from lms_bridge.services.reorganisation import UnitPart, merge_units, split_unit, successors
from lms_bridge.services.unit_tree import UnitCircle
from lms_bridge.services.units import LaterChange, NotThen, UnitInUse, rename_unit, subtree
from tests.organisation.conftest import START

BEFORE, DAY = dt.date(2025, 12, 31), dt.date(2026, 1, 1)


def names(people):
    return [one.name for one in people]


def codes(units):
    return [unit.code for unit in units]


@pytest.fixture
def bidang(unit, placed):
    """T over A, B and (from DAY) C; A over AA. A and B have a head and staff, AA staff."""
    top = unit("T")
    a, b = unit("A", top), unit("B", top)
    units = {"T": top, "A": a, "B": b, "AA": unit("AA", a), "C": unit("C", top, since=DAY)}
    people = {f"head {code}": placed(f"head {code}", units[code], heads=True) for code in "TAB"}
    people |= {f"staff {code}": placed(f"staff {code}", units[code]) for code in ("A", "B", "AA")}
    return units, people


def test_people_and_units_of_merged_units_go_on_in_the_new_one(bidang):
    units, people = bidang
    merge_units([units["A"], units["B"]], units["C"], on=DAY)

    assert codes(subtree(units["T"], on=BEFORE)) == ["T", "A", "B", "AA"]
    assert codes(subtree(units["T"], on=DAY)) == ["T", "C", "AA"]
    assert names(people_in(units["C"], on=DAY)) == ["staff A", "staff AA", "staff B"]
    assert placement_of(people["staff A"], on=DAY).post_name == "Post staff A"
    assert successors(units["A"]) == successors(units["B"]) == [units["C"]]


def test_a_merged_units_head_saw_its_people_until_the_day_before_and_heads_nothing_since(bidang):
    units, people = bidang
    merge_units([units["A"], units["B"]], units["C"], on=DAY)

    assert names(subtree_people(people["head A"], on=BEFORE)) == ["staff A", "staff AA"]
    assert subtree_people(people["head A"], on=DAY) == []
    assert placement_of(people["head A"], on=DAY) is None


def test_superiors_go_on_but_for_the_heads_of_what_is_no_more(bidang, placement):
    units, people = bidang
    mine = placement(people["staff A"]).id
    name_superior(mine, people["head A"], valid_from=START)
    name_superior(mine, people["staff B"], kind=SuperiorKind.TEAM, valid_from=START)
    merge_units([units["A"], units["B"]], units["C"], on=DAY)

    assert names(superiors_of(people["staff A"], on=BEFORE)) == ["head A", "staff B"]
    assert names(superiors_of(people["staff A"], on=DAY)) == ["head T", "staff B"]


def test_one_of_the_merged_units_may_take_in_the_others(bidang):
    units, people = bidang
    merge_units([units["A"], units["B"]], units["A"], on=DAY)

    assert codes(subtree(units["T"], on=DAY)) == ["T", "A", "C", "AA"]
    assert names(subtree_people(people["head A"], on=DAY)) == ["staff A", "staff AA", "staff B"]
    assert successors(units["A"]) == []


def test_a_unit_merges_with_the_one_above_it(bidang):
    units, _people = bidang
    merge_units([units["AA"]], units["A"], on=DAY)

    assert names(people_in(units["A"], on=DAY)) == ["head A", "staff A", "staff AA"]


def test_a_unit_and_the_one_below_it_merge_into_a_third(bidang):
    units, _people = bidang
    merge_units([units["A"], units["AA"]], units["B"], on=DAY)

    assert codes(subtree(units["T"], on=DAY)) == ["T", "B", "C"]
    assert names(people_in(units["B"], on=DAY)) == ["head B", "staff A", "staff AA", "staff B"]


def test_a_unit_cannot_merge_into_one_below_it(bidang):
    units, _people = bidang

    with pytest.raises(UnitCircle):
        merge_units([units["A"]], units["AA"], on=DAY)


def test_a_merger_into_what_does_not_exist_yet_is_refused(bidang):
    units, _people = bidang

    with pytest.raises(NotThen):
        merge_units([units["A"]], units["C"], on=BEFORE)


def test_a_merger_before_a_later_change_is_refused(bidang):
    units, _people = bidang
    rename_unit(units["B"], "x", on=dt.date(2026, 3, 1))

    with pytest.raises(LaterChange):
        merge_units([units["A"], units["B"]], units["C"], on=DAY)


def test_a_post_that_a_merged_unit_had_for_itself_is_the_new_ones(bidang, post, person):
    units, _people = bidang
    own = post("own", unit=units["A"])
    merge_units([units["A"]], units["C"], on=DAY)

    assert db.session.scalar(select(Post.unit_id).where(Post.id == own)) == units["C"]


def test_who_comes_to_a_merged_unit_later_comes_to_the_new_one(bidang, placed):
    units, _people = bidang
    late = placed("late", units["A"], since=dt.date(2026, 5, 1))
    merge_units([units["A"]], units["C"], on=DAY)

    assert placement_of(late, on=dt.date(2026, 5, 1)).unit_id == units["C"]


def test_a_split_parts_people_and_units(bidang, placement):
    units, people = bidang
    parts = [
        UnitPart("A1", "Bidang Satu", placement_ids=(placement(people["staff A"]).id,)),
        UnitPart("A2", "Bidang Dua", unit_ids=(units["AA"],)),
    ]
    one, two = split_unit(units["A"], parts, on=DAY)

    assert codes(subtree(units["T"], on=BEFORE)) == ["T", "A", "B", "AA"]
    assert codes(subtree(units["T"], on=DAY)) == ["T", "A1", "A2", "B", "C", "AA"]
    assert names(people_in(one.id, on=DAY)) == ["staff A"]
    assert names(people_in(two.id, on=DAY)) == ["staff AA"]
    assert subtree_people(people["head A"], on=DAY) == []
    assert successors(units["A"]) == [one.id, two.id]


@pytest.mark.parametrize("left_out", ["placement", "unit"])
def test_a_split_that_forgets_somebody_or_a_unit_is_refused(bidang, placement, left_out):
    units, people = bidang
    staff = () if left_out == "placement" else (placement(people["staff A"]).id,)
    below = () if left_out == "unit" else (units["AA"],)

    with pytest.raises(UnitInUse):
        split_unit(units["A"], [UnitPart("A1", "Bidang Satu", staff, below)], on=DAY)
