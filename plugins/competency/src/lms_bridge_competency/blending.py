"""How the ratings of several groups become one level: what each weighs, and what outranks them.

Nothing here knows of Flask, the database or the language. Levels are 0-5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from enum import Enum
from fractions import Fraction

BLEND_RULE = "weighted-groups-1"
"""Name of the rule by which groups become a level, stored with each result."""


class Group(Enum):
    """Who rates, in the order in which pages name them."""

    DECISION = "decision"
    ASSESSOR = "assessor"
    SUPERIOR = "superior"
    PEER = "peer"
    SUBORDINATE = "subordinate"
    OBSERVER = "observer"
    COURSE = "course"
    SELF = "self"


DEFAULT_WEIGHTS: Mapping[Group, int] = {
    Group.SUPERIOR: 50,
    Group.PEER: 20,
    Group.SUBORDINATE: 10,
    Group.OBSERVER: 0,
    Group.COURSE: 0,
    Group.SELF: 20,
}
"""What each group weighs where an agency sets nothing (domain study 2.1, own rule): observers and courses nothing."""


OUTRANKING = (Group.DECISION, Group.ASSESSOR)
"""Who counts alone where they said something: the decision upon an objection, then an assessor."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one group says of a competency, and how much of the whole that is: ``part`` of ``Blend.whole``."""

    group: Group
    level: Fraction
    part: int

    @property
    def rounded(self) -> Decimal:
        """The level with two decimals, to be shown."""
        return cut(self.level)


@dataclass(frozen=True, slots=True)
class Blend:
    """One level from all groups.

    ``exact`` is the weighted mean for trends, with two decimals, cut off so that it never shows a level that is not
    reached; ``level`` the whole level against which a post measures: it counts once it is reached.
    """

    shares: tuple[Share, ...]
    exact: Decimal
    level: int

    @property
    def whole(self) -> int:
        """The sum of the weights that take part."""
        return sum(share.part for share in self.shares)


def cut(value: Fraction) -> Decimal:
    """Return a number with two decimals, the others cut off."""
    return (Decimal(value.numerator) / value.denominator).quantize(Decimal("0.01"), ROUND_DOWN)


def blend(levels: Mapping[Group, Sequence[Decimal]], weights: Mapping[Group, int]) -> Blend | None:
    """Blend what groups say of one competency; nothing where nobody whose word counts has said anything.

    A decision outranks an assessor, and an assessor everybody else. Otherwise the weights of those groups that are
    there are taken as the whole.
    Several raters of a group count as their mean.
    """
    alone = next((group for group in OUTRANKING if levels.get(group)), None)
    counted = {alone: 1} if alone else {group: weights.get(group, 0) for group in Group}
    shares = tuple(
        Share(group, _mean(levels[group]), counted[group])
        for group in Group
        if levels.get(group) and counted.get(group, 0) > 0
    )
    if not shares:
        return None
    mean = sum((share.level * share.part for share in shares), Fraction(0)) / sum(share.part for share in shares)
    return Blend(shares, exact=cut(mean), level=int(mean))


def _mean(levels: Sequence[Decimal]) -> Fraction:
    return sum(map(Fraction, levels), Fraction(0)) / len(levels)
