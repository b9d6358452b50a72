"""The rules, with the worked example of the official form and the edges of the categories."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lms_bridge_competency.reference import bands
from lms_bridge_competency.rules import (
    GapStatus,
    LevelState,
    Line,
    Mark,
    Method,
    Purpose,
    assumed_levels,
    attained_level,
    classify,
    evidence_value,
    gap_of,
    gap_status,
    grade,
    half_up,
    job_person_match,
    judge_level,
    marks_needed,
    next_level,
)

SHOWN, NOT_SHOWN, NO_CHANCE = Mark.SHOWN, Mark.NOT_SHOWN, Mark.NO_CHANCE
YES, NO, OPEN = LevelState.SHOWN, LevelState.NOT_SHOWN, LevelState.OPEN

levels_of_five = st.fixed_dictionaries({level: st.sampled_from(LevelState) for level in range(1, 6)})
required_levels = st.integers(1, 5)


def five(**states: LevelState) -> dict[int, LevelState]:
    return {level: states.get(f"l{level}", OPEN) for level in range(1, 6)}


@pytest.mark.parametrize(("count", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4)])
def test_two_of_three_behaviours_make_a_level_and_the_same_share_of_another_number(count, needed):
    assert marks_needed(count) == needed


@pytest.mark.parametrize(
    ("marks", "state"),
    [
        ([SHOWN, SHOWN, SHOWN], YES),
        ([SHOWN, SHOWN, NOT_SHOWN], YES),
        ([SHOWN, SHOWN, NO_CHANCE], YES),
        ([SHOWN, NOT_SHOWN, NO_CHANCE], NO),
        ([SHOWN, NO_CHANCE, NO_CHANCE], NO),
        ([NOT_SHOWN, NOT_SHOWN, NOT_SHOWN], NO),
        ([SHOWN, SHOWN, None], OPEN),
        ([None, None, None], OPEN),
        ([], OPEN),
    ],
)
def test_a_level_is_judged_when_every_behaviour_is_answered_and_no_chance_counts_as_not_shown(marks, state):
    assert judge_level(marks) is state


def test_the_required_level_is_asked_first():
    assert next_level(five(), required=3) == 3
    assert attained_level(five(), required=3) is None


def test_a_level_shown_stands_and_offers_the_next():
    levels = five(l3=YES)

    assert attained_level(levels, required=3) == 3
    assert next_level(levels, required=3) == 4


def test_a_level_not_shown_asks_the_lower_one_before_anything_is_attained():
    levels = five(l3=NO)

    assert attained_level(levels, required=3) is None
    assert next_level(levels, required=3) == 2


def test_the_way_down_ends_at_the_first_level_shown():
    levels = five(l3=NO, l2=YES)

    assert attained_level(levels, required=3) == 2
    assert next_level(levels, required=3) is None


def test_nothing_shown_down_to_level_one_is_level_zero():
    levels = five(l3=NO, l2=NO, l1=NO)

    assert attained_level(levels, required=3) == 0
    assert next_level(levels, required=3) is None


def test_the_way_up_ends_at_the_first_level_not_shown():
    levels = five(l3=YES, l4=NO)

    assert attained_level(levels, required=3) == 3
    assert next_level(levels, required=3) is None


def test_the_highest_level_offers_nothing_more():
    assert next_level(five(l5=YES), required=5) is None
    assert attained_level(five(l5=YES), required=5) == 5


def test_a_corrected_answer_cannot_jump_over_a_level_that_was_asked_and_not_shown():
    levels = five(l3=YES, l2=NO, l1=YES)

    assert attained_level(levels, required=3) == 1


def test_answers_stay_useful_when_the_post_changes_to_a_higher_level():
    levels = five(l3=YES)

    assert next_level(levels, required=4) == 4
    assert attained_level(levels, required=4) is None


def test_answers_stay_useful_when_the_post_changes_to_a_lower_level():
    assert attained_level(five(l4=YES), required=3) == 4


def test_after_a_change_to_a_lower_level_the_required_one_is_asked_and_a_level_above_it_is_only_an_offer():
    assert next_level(five(l5=NO), required=3) == 3
    assert attained_level(five(l5=NO), required=3) is None

    assert attained_level(five(l5=NO, l3=YES), required=3) == 3
    assert next_level(five(l5=NO, l3=YES), required=3) == 4
    assert next_level(five(l4=NO, l3=YES), required=3) is None


def test_a_competency_that_the_post_does_not_require_is_not_asked():
    assert next_level(five(), required=0) is None
    assert attained_level(five(l3=YES), required=0) is None


def test_a_level_without_behaviours_is_never_asked():
    without_three = {1: OPEN, 2: OPEN, 4: OPEN, 5: OPEN}

    assert next_level(without_three, required=3) is None
    assert attained_level(without_three, required=3) is None


def test_levels_below_the_attained_one_that_were_not_asked_are_named():
    assert assumed_levels(five(l3=YES), attained=3) == (1, 2)
    assert assumed_levels(five(l3=NO, l2=YES), attained=2) == (1,)
    assert assumed_levels(five(l3=NO, l2=NO, l1=NO), attained=0) == ()


@given(levels_of_five, required_levels)
def test_attained_is_the_highest_level_with_all_levels_up_to_it_shown_or_not_asked(levels, required):
    attained = attained_level(levels, required=required)
    if attained is None:
        return

    assert all(levels[level] is not NO for level in range(1, attained + 1))
    assert attained == 0 or levels[attained] is YES
    assert all(
        levels[level] is not YES or any(levels[low] is NO for low in range(1, level))
        for level in range(attained + 1, 6)
    )


@given(levels_of_five, required_levels)
def test_while_nothing_is_attained_there_is_always_a_level_to_ask(levels, required):
    if attained_level(levels, required=required) is None:
        assert levels[next_level(levels, required=required)] is OPEN


@given(required_levels, st.lists(st.booleans(), min_size=5, max_size=5))
def test_answering_what_is_asked_always_comes_to_an_end(required, shown):
    levels = five()
    asked = []

    while (level := next_level(levels, required=required)) is not None:
        asked.append(level)
        levels[level] = YES if shown[level - 1] else NO

    assert len(asked) == len(set(asked)) <= 5
    assert asked[0] == required
    assert attained_level(levels, required=required) is not None


@pytest.mark.parametrize(
    ("required", "attained", "gap", "status"),
    [
        (3, 3, 0, GapStatus.MEETS),
        (3, 5, -2, GapStatus.MEETS),
        (3, 2, 1, GapStatus.DEVELOP),
        (3, 0, 3, GapStatus.PRIORITY),
    ],
)
def test_a_gap_is_what_is_required_less_what_is_attained(required, attained, gap, status):
    assert gap_of(required, attained) == gap
    assert gap_status(gap) is status


def lines(required: list[int], attained: list[int | None]) -> list[Line]:
    return [
        Line(f"c{place}", wanted, shown) for place, (wanted, shown) in enumerate(zip(required, attained, strict=True))
    ]


OFFICIAL_EXAMPLE = lines([3] * 9, [3, 3, 2, 3, 2, 3, 2, 3, 3])


def test_worked_example_of_the_official_form():
    match = job_person_match(OFFICIAL_EXAMPLE, method=Method.TOTAL_CAP)

    assert (match.attained, match.required, match.value) == (24, 27, Decimal("88.89"))
    assert classify(match.value, bands(), purpose=Purpose.FILLING).code == "MS"
    assert classify(match.value, bands(), purpose=Purpose.MAPPING).code == "CO"
    assert grade(OFFICIAL_EXAMPLE) == Decimal("0.8889")


def test_worked_example_of_a_standard_that_mixes_levels():
    widyaiswara_ahli_utama = lines([5, 4, 4, 4, 4, 4, 4, 4, 5], [4, 4, 4, 5, 4, 4, 3, 4, 5])

    match = job_person_match(widyaiswara_ahli_utama, method=Method.TOTAL_CAP)

    assert (match.attained, match.required, match.value) == (37, 38, Decimal("97.37"))
    assert grade(widyaiswara_ahli_utama) == Decimal("0.9474")


def test_a_surplus_makes_up_for_a_gap_only_in_total():
    mixed = lines([3, 3], [5, 1])

    assert job_person_match(mixed, method=Method.TOTAL_CAP).value == Decimal("100.00")
    assert job_person_match(mixed, method=Method.NO_COMPENSATION).value == Decimal("66.67")
    assert grade(mixed) == Decimal("0.6667")


def test_jpm_is_capped_at_100_in_total():
    match = job_person_match(lines([2, 2], [5, 5]), method=Method.TOTAL_CAP)

    assert (match.attained, match.required) == (10, 4)
    assert (match.value, match.uncapped) == (Decimal("100.00"), Decimal("250.00"))


def test_a_missing_rating_is_left_out_and_named_never_counted_as_zero():
    match = job_person_match(lines([3, 3], [3, None]), method=Method.TOTAL_CAP)

    assert match.value == Decimal("100.00")
    assert match.not_rated == ("c1",)


def test_a_competency_that_is_not_required_adds_to_neither_sum():
    match = job_person_match(lines([3, 0], [2, 5]), method=Method.TOTAL_CAP)

    assert (match.attained, match.required) == (2, 3)
    assert match.not_required == ("c1",)


def test_with_nothing_to_count_there_is_no_jpm():
    assert job_person_match(lines([0, 3], [1, None]), method=Method.TOTAL_CAP).value is None
    assert grade([]) == 0


@pytest.mark.parametrize(
    ("value", "filling", "mapping"),
    [
        ("0", "KMS", "KO"),
        ("67.99", "KMS", "KO"),
        ("67.994", "KMS", "KO"),
        ("67.995", "MMS", "KO"),
        ("68", "MMS", "KO"),
        ("77.99", "MMS", "KO"),
        ("77.995", "MMS", "CO"),
        ("78", "MMS", "CO"),
        ("79.99", "MMS", "CO"),
        ("79.995", "MS", "CO"),
        ("80", "MS", "CO"),
        ("89.99", "MS", "CO"),
        ("89.994", "MS", "CO"),
        ("89.995", "MS", "O"),
        ("90", "MS", "O"),
        ("100", "MS", "O"),
    ],
)
def test_categories_at_their_edges_are_judged_on_two_decimals_rounded_half_up(value, filling, mapping):
    assert classify(Decimal(value), bands(), purpose=Purpose.FILLING).code == filling
    assert classify(Decimal(value), bands(), purpose=Purpose.MAPPING).code == mapping


def test_a_value_that_no_category_covers_is_an_error():
    with pytest.raises(ValueError, match="no category"):
        classify(Decimal(50), [], purpose=Purpose.FILLING)


some_lines = st.lists(
    st.builds(Line, st.text(min_size=1, max_size=3), st.integers(0, 5), st.none() | st.integers(0, 5)), max_size=12
)


@given(some_lines)
def test_no_compensation_is_never_above_the_total_cap_and_both_are_percentages(some):
    total = job_person_match(some, method=Method.TOTAL_CAP).value
    strict = job_person_match(some, method=Method.NO_COMPENSATION).value

    assert (total is None) == (strict is None)
    if total is not None and strict is not None:
        assert 0 <= strict <= total <= 100
        assert abs(grade(some) * 100 - strict) <= Decimal("0.01")


@given(some_lines)
def test_every_jpm_has_a_category(some):
    value = job_person_match(some, method=Method.TOTAL_CAP).value

    if value is not None:
        assert {classify(value, bands(), purpose=purpose).purpose for purpose in Purpose} == set(Purpose)


@pytest.mark.parametrize(
    ("attained", "required", "value"),
    [(2, 3, "66.67"), (1, 3, "33.33"), (1, 32, "3.13"), (3, 32, "9.38"), (17, 25, "68.00"), (39, 50, "78.00")],
)
def test_a_match_is_rounded_half_up_to_two_decimals(attained, required, value):
    [line] = lines([required], [attained])

    assert job_person_match([line], method=Method.TOTAL_CAP).value == Decimal(value)


@given(st.decimals(0, 100, places=4))
def test_rounding_moves_a_value_by_at_most_half_a_hundredth_and_ties_upwards(value):
    rounded = half_up(value)

    assert abs(rounded - value) <= Decimal("0.005")
    assert rounded != value - Decimal("0.005")


def test_evidence_says_the_level_as_a_share_of_the_scale():
    assert [evidence_value(level) for level in (0, 3, 5)] == [Decimal(0), Decimal("0.6"), Decimal(1)]
