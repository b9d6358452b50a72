"""Numbers as pages read them: trends, groups, and nothing about too few people."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lms_bridge.domain.quarters import last_quarters
from lms_bridge.jobs.indicators import fold_due
from lms_bridge.services.indicator_parts import indicator_groups, indicator_parts
from lms_bridge.services.indicator_reading import indicators
from tests.indicators.conftest import JPM, PERIOD, SHORT, one


def test_a_trend_has_the_quarters_up_to_the_last(tree, add):
    for period, value in (("2024-Q4", "1"), ("2026-Q1", "200"), ("2026-Q4", "400"), ("2027-Q1", "9")):
        add(tree.leaf, value, period=period)
    fold_due()

    found = indicators([tree.top], [JPM], until=PERIOD, quarters=8)

    assert [(one.period, one.value) for one in found] == [("2026-Q1", 40), ("2026-Q4", 80)]


def test_a_standing_number_holds_at_the_end_of_each_quarter_what_happened_until_then(tree, add):
    short = {"metric": "test.short", "competency": "asn:M1"}
    add(tree.leaf, "4", 8, period="2023-Q1", **short)
    add(tree.leaf, "-2", 0, period="2026-Q3", **short)
    fold_due()

    found = indicators([tree.top], [SHORT], until=PERIOD, quarters=3)

    assert [(one.period, one.value) for one in found] == [
        ("2026-Q2", Decimal("0.5")),
        ("2026-Q3", Decimal("0.25")),
        ("2026-Q4", Decimal("0.25")),
    ]


def test_groups_are_told_apart_or_taken_together(tree, add):
    add(tree.leaf, "6", 6, metric="test.short", competency="asn:M1", post_group="JPT")
    add(tree.leaf, "0", 6, metric="test.short", competency="asn:M2", post_group="JA")
    fold_due()

    together = indicators([tree.top], [SHORT], until=PERIOD)
    apart = indicators([tree.top], [SHORT], until=PERIOD, by_competency=True, by_post_group=True)

    assert [(one.value, one.n) for one in together] == [(Decimal("0.5"), 6)]
    assert [(one.competency, one.post_group, one.value) for one in apart] == [
        ("asn:M1", "JPT", 1),
        ("asn:M2", "JA", 0),
    ]


@pytest.mark.parametrize(("people", "held_back"), [(4, True), (5, False)])
def test_a_number_about_fewer_than_five_people_is_held_back(tree, add, people, held_back):
    add(tree.leaf, "80", people)
    fold_due()

    found = one(tree.leaf)

    assert found.held_back is held_back
    assert ((found.value, found.n, found.numerator, found.denominator) == (None, None, None, None)) is held_back


def test_the_same_few_people_in_many_competencies_stay_few(tree, add):
    for number in range(1, 4):
        add(tree.leaf, "1", 3, metric="test.short", competency=f"asn:M{number}")
    fold_due()

    assert one(tree.leaf, SHORT).held_back


def test_quarters_run_over_the_turn_of_the_year():
    assert last_quarters("2026-Q1", 3) == ["2025-Q3", "2025-Q4", "2026-Q1"]


def test_a_small_part_is_held_back_with_another_so_that_the_difference_does_not_tell_it(tree, add):
    for unit, people in ((tree.left, 8), (tree.leaf, 3), (tree.right, 9)):
        add(unit, str(80 * people), people)
    fold_due()

    beside_leaf = {one.unit_id: one for one in indicator_parts(tree.left, [tree.leaf], [JPM], until=PERIOD)}
    parts = {one.unit_id: one for one in indicator_parts(tree.top, [tree.left, tree.right], [JPM], until=PERIOD)}

    assert beside_leaf[tree.leaf].held_back and not beside_leaf[tree.left].held_back
    assert [one.n for one in parts.values()] == [20, 11, 9]


def test_two_parts_of_which_one_is_small_are_both_held_back(tree, add):
    add(tree.left, "800", 10)
    add(tree.right, "240", 3)
    fold_due()

    parts = {one.unit_id: one for one in indicator_parts(tree.top, [tree.left, tree.right], [JPM], until=PERIOD)}

    assert [parts[unit].held_back for unit in (tree.top, tree.left, tree.right)] == [False, True, True]


def test_post_groups_are_held_back_in_the_same_way(tree, add):
    add(tree.left, "800", 10, post_group="JA")
    add(tree.left, "240", 3, post_group="JPT")
    add(tree.left, "900", 9, post_group="JF_KEAHLIAN")
    fold_due()

    found = {one.post_group: one.held_back for one in indicator_groups(tree.top, [JPM], until=PERIOD)}

    assert found == {"JA": False, "JF_KEAHLIAN": True, "JPT": True}
