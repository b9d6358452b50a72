"""How several raters become one level: the worked examples of the domain study 2.1."""

from __future__ import annotations

from decimal import Decimal

import pytest
from lms_bridge_competency.blending import DEFAULT_WEIGHTS, Group, blend

SELF, SUPERIOR, PEER, SUBORDINATE, ASSESSOR = (
    Group.SELF,
    Group.SUPERIOR,
    Group.PEER,
    Group.SUBORDINATE,
    Group.ASSESSOR,
)


def of(**levels):
    said = {Group(name): [Decimal(str(level)) for level in given] for name, given in levels.items()}
    return blend(said, DEFAULT_WEIGHTS)


def test_all_four_groups_weigh_50_20_10_20():
    found = of(superior=[3], peer=[4], subordinate=[2], self=[5])

    assert [(share.group, share.part) for share in found.shares] == [
        (SUPERIOR, 50),
        (PEER, 20),
        (SUBORDINATE, 10),
        (SELF, 20),
    ]
    # (50 x 3 + 20 x 4 + 10 x 2 + 20 x 5) / 100
    assert (found.exact, found.level) == (Decimal("3.50"), 3)


@pytest.mark.parametrize(
    ("levels", "exact", "level"),
    [
        ({"self": [4]}, "4.00", 4),
        ({"superior": [3], "self": [4]}, "3.28", 3),  # 230 / 70
        ({"superior": [3], "self": [3]}, "3.00", 3),
        ({"peer": ["3.4"], "self": [4]}, "3.70", 3),
        ({"superior": [2, 3], "self": [4]}, "2.92", 2),  # two superiors count as 2.5
        ({"superior": [0], "self": [1]}, "0.28", 0),
    ],
)
def test_the_groups_that_rated_are_the_whole_and_the_level_is_rounded_down(levels, exact, level):
    found = of(**levels)

    assert (found.exact, found.level) == (Decimal(exact), level)


def test_what_is_shown_never_looks_like_a_level_that_is_not_reached():
    # (10/3 x 50 + 20 x 4 + 10 x 0.69) / 80 lies just below 3.17; 2.9999 must not read 3.00.
    found = blend({SUPERIOR: [Decimal("2.9999")]}, DEFAULT_WEIGHTS)

    assert (found.exact, found.level) == (Decimal("2.99"), 2)


def test_an_assessor_outranks_everybody():
    found = of(assessor=[2], superior=[4], self=[5])

    assert [(share.group, share.part) for share in found.shares] == [(ASSESSOR, 1)]
    assert found.level == 2


def test_a_group_that_weighs_nothing_does_not_count_even_alone():
    assert blend({SELF: [Decimal(3)]}, {SELF: 0, SUPERIOR: 50}) is None
    assert blend({}, DEFAULT_WEIGHTS) is None
