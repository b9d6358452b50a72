"""A profile as its page and the rapor show it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lms_bridge.api import PersonRef, PlacementView, placement_of
from lms_bridge_competency.models import Result
from lms_bridge_competency.profile.targets import TargetView, target_of
from lms_bridge_competency.reading import ShownLine, ShownResult, show_result
from lms_bridge_competency.results import latest_result, lines_of, result_history
from lms_bridge_competency.standards import dictionary_for


@dataclass(frozen=True, slots=True)
class Profile:
    """Somebody's post of today, newest result, earlier ones, and the post that they aim at."""

    person: PersonRef
    placement: PlacementView | None
    shown: ShownResult | None
    history: tuple[Result, ...]
    target: TargetView | None

    @property
    def strengths(self) -> tuple[ShownLine, ...]:
        """What lies above the standard, the furthest first."""
        measured = self.shown.measured if self.shown else ()
        return tuple(sorted((line for line in measured if (line.gap or 0) < 0), key=lambda line: line.gap or 0))


def profile_of(person: PersonRef, *, on: dt.date) -> Profile:
    """Return somebody's profile; without a result there is only the post."""
    placement, newest = placement_of(person, on=on), latest_result(person)
    if newest is None:
        return Profile(person, placement, None, (), target_of(person, {}, on=on))
    lines = lines_of(newest)
    shown = show_result(newest, lines, dictionary_for(line.competency for line in lines))
    target = target_of(person, {line.competency: line.attained for line in lines}, on=on)
    return Profile(person, placement, shown, tuple(result_history(person)), target)
