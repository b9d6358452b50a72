"""Small groups: what is shown must not tell about fewer people than the minimum, not even by subtraction."""

from __future__ import annotations

from collections.abc import Sequence

MINIMUM = 5
"""People. No Indonesian rule fixes a number; this is the practice of survey and personnel statistics."""


def hidden_groups(counts: Sequence[Sequence[int]], *, minimum: int = MINIMUM) -> frozenset[int]:
    """Return which groups must be hidden where the totals over all groups are shown.

    ``counts`` holds for each group how many people stand behind each of its figures; all groups have as many figures,
    and the total of each figure over all groups is shown. A group is hidden with all its figures, when one of them
    stands for fewer than the minimum, though not for nobody. Then more groups are hidden, the smallest first, until the
    hidden ones together stand for nobody or for at least the minimum in each figure, and are at least two, so that a
    total less what is shown tells of no single group.

    Worked examples, minimum 5: groups of 3, 8 and 9 hide the first, and the second so that 20 - 17 does not tell it. Of
    4, 4 and 9 the first two are hidden and stand for 8 together. Of 4 and 9 both are.
    """
    hidden = {group for group, figures in enumerate(counts) if any(0 < people < minimum for people in figures)}
    shown = sorted(set(range(len(counts))) - hidden, key=lambda group: (sum(counts[group]), group))
    while hidden and shown and not _safe([counts[group] for group in hidden], minimum):
        taken = next((group for group in shown if any(counts[group])), shown[0])
        shown.remove(taken)
        hidden.add(taken)
    return frozenset(hidden)


def _safe(hidden: Sequence[Sequence[int]], minimum: int) -> bool:
    """Say whether what is hidden cannot be told from the totals."""
    if sum(any(figures) for figures in hidden) < 2:
        return False
    return all(
        not (behind := [people for people in figure if people]) or (len(behind) > 1 and sum(behind) >= minimum)
        for figure in zip(*hidden, strict=True)
    )


def differ_too_little(one: int, other: int, *, minimum: int = MINIMUM) -> bool:
    """Say whether two selections, one within the other, differ by so few people that both together tell about them."""
    return 0 < abs(one - other) < minimum
