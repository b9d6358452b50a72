"""What leaders did about a number, in words: with what it was then and what it is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import format_date

from lms_bridge.api import Metric, _, indicators, ngettext, programmes
from lms_bridge_leadership.models import Action, ActionKind
from lms_bridge_leadership.reading import competency_names
from lms_bridge_leadership.words import written

_Values = dict[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class Deed:
    """One deed as a sentence."""

    action: Action
    sentence: str


def told(actions: Sequence[Action], metric: Metric, *, until: str) -> list[Deed]:
    """Tell deeds about one number of one unit."""
    if not actions:
        return []
    unit_id = actions[0].unit_id
    by = any(one.competency for one in actions)
    found = indicators([unit_id], [metric], until=until, by_competency=by) if by else []
    present = {one.competency: one.value for one in found}
    titles = {one.id: one.title for one in programmes()}
    names = competency_names()
    return [Deed(one, _sentence(one, metric, present, titles, names)) for one in actions]


def _sentence(one: Action, metric: Metric, present: _Values, titles: dict[int, str], names: dict[str, str]) -> str:
    day = format_date(one.acted_at, "d MMMM y")
    if one.kind is ActionKind.TARGET:
        return _("%(day)s: the target was set to %(value)s.", day=day, value=written(metric, one.target))
    people = ngettext("%(num)s person", "%(num)s people", one.people)
    return _(
        "%(day)s: %(title)s was opened for %(competency)s, with %(people)s. It was %(then)s then and is %(now)s now.",
        day=day,
        title=titles.get(one.programme_id or 0, "–"),
        competency=names.get(one.competency, one.competency),
        people=people,
        then=written(metric, one.value_then),
        now=written(metric, present.get(one.competency)),
    )
