"""What is proposed for a gap: about 70 percent experience at work, 20 learning from others, 10 formal learning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from lms_bridge.api import DevelopmentForm, GapView, ProgrammeView

JP_PER_LEVEL = Decimal(20)
"""JP that are proposed for each level that is missing: a year's target (PP 11/2017 art. 203(4)). Our own rule."""
SHARES = (70, 20, 10)
_USUAL = {70: "C11", 20: "C1", 10: "C3"}
"""On-the-job guidance, coaching, e-learning: what every office can do without money."""
FIRST_LEVEL, LAST_LEVEL = 1, 5


@dataclass(frozen=True, slots=True)
class Proposal:
    """An activity that is proposed for a gap. ``programme_id`` where a programme of the agency aims at it."""

    competency: str
    to_level: int
    share: int
    form: str
    times: int
    jp: Decimal
    programme_id: int | None = None
    title: str = ""

    @property
    def key(self) -> str:
        """What a page calls it."""
        return f"{self.share}|{self.competency}"


def propose(
    gaps: Iterable[GapView], forms: Mapping[str, DevelopmentForm], programmes: Sequence[ProgrammeView]
) -> list[Proposal]:
    """Return three activities for each gap, the widest first; formal learning is a programme where one aims at it."""
    found = []
    for gap in gaps:
        whole = JP_PER_LEVEL * (gap.required - gap.attained)
        for share in SHARES:
            programme = _programme_for(gap.competency, programmes) if share == 10 else None
            if programme is not None:
                one = Proposal(
                    gap.competency, gap.required, share, programme.form, 1, programme.jp, programme.id, programme.title
                )
            else:
                one = _usual(gap, share, whole * share / 100, forms)
            found.append(one)
    return found


def _usual(gap: GapView, share: int, jp: Decimal, forms: Mapping[str, DevelopmentForm]) -> Proposal:
    """Return the usual form of a share, as often as its JP need, rounded up to whole times."""
    form = forms[_USUAL[share]]
    each = form.jp or Decimal(1)
    times = int((jp / each).to_integral_value(ROUND_CEILING))
    return Proposal(gap.competency, gap.required, share, form.code, times, each * times)


def _programme_for(competency: str, programmes: Sequence[ProgrammeView]) -> ProgrammeView | None:
    aiming = (one for one in programmes if any(aim.competency == competency for aim in one.aims))
    return next((one for one in aiming if one.jp > 0 and one.seats_left != 0), None)


def mix(items: Iterable[tuple[int, Decimal]]) -> dict[int, Decimal]:
    """Return percent of the planned JP for each share; nothing where nothing is planned.

    :param items: share and JP of each activity.
    """
    known = list(items)
    whole = sum((jp for _share, jp in known), Decimal(0))
    if not whole:
        return {}
    return {share: sum((jp for one, jp in known if one == share), Decimal(0)) * 100 / whole for share in SHARES}
