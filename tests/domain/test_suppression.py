"""Small groups are hidden, and not told by subtraction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_bridge.domain.suppression import differ_too_little, hidden_groups


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ([5, 8, 9], set()),
        ([4, 8, 9], {0, 1}),
        ([3, 8, 9], {0, 1}),
        ([4, 4, 9], {0, 1}),
        ([1, 1, 9], {0, 1, 2}),
        ([4, 9], {0, 1}),
        ([4], {0}),
        ([0, 0, 7], set()),
        ([0, 4, 9], {1, 2}),
        ([], set()),
    ],
)
def test_groups_are_hidden_until_totals_tell_nothing(sizes, hidden):
    assert hidden_groups([[size] for size in sizes]) == hidden


def test_a_group_goes_with_all_its_figures_when_one_is_too_small():
    assert hidden_groups([[9, 3], [9, 9], [7, 7]]) == {0, 2}


def test_the_minimum_is_a_choice():
    assert hidden_groups([[3], [8], [9]], minimum=3) == frozenset()


@given(
    st.integers(1, 4).flatmap(
        lambda figures: st.lists(st.lists(st.integers(0, 12), min_size=figures, max_size=figures), max_size=7)
    ),
    st.integers(2, 6),
)
def test_nobody_learns_a_hidden_figure_by_subtraction(counts, minimum):
    hidden = hidden_groups(counts, minimum=minimum)

    everything = hidden == set(range(len(counts)))
    for figure in range(len(counts[0]) if counts else 0):
        shown = [row[figure] for group, row in enumerate(counts) if group not in hidden]
        behind = [row[figure] for group, row in enumerate(counts) if group in hidden and row[figure]]
        assert not any(0 < people < minimum for people in shown)
        # What the hidden ones stand for together is known from the total, unless all are hidden: then that is too.
        assert not behind or everything or (sum(behind) >= minimum and len(behind) > 1)


@pytest.mark.parametrize(("one", "other", "little"), [(20, 16, True), (20, 15, False), (20, 20, False), (16, 20, True)])
def test_two_selections_that_differ_by_few_people_are_refused(one, other, little):
    assert differ_too_little(one, other) is little
