"""The numbers of units that the plugin keeps, and what each result adds to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from sqlalchemy import select

from lms_bridge.api import (
    IndicatorFact,
    Metric,
    MetricDirection,
    MetricUnit,
    PersonRef,
    PlacementView,
    _l,
    db,
    placement_of,
    publish_indicators,
    quarter_of,
)
from lms_bridge_competency.models import Result, ResultLine
from lms_bridge_competency.reading import stored_bands
from lms_bridge_competency.rules import Band, Line, Purpose, classify
from lms_bridge_competency.settings import agency_bands

RATED, JPM, SHORT, GAP, CLOSED = (
    f"competency.{name}" for name in ("rated", "jpm", "below-standard", "mean-gap", "gap-closed")
)
MATCHES = {code: f"competency.match-{code.lower()}" for code in ("MS", "MMS", "KMS")}
ALL = (RATED, JPM, SHORT, GAP, CLOSED, *MATCHES.values())
_SOURCE = _l("Competency results against the standard of the post (PermenPANRB 38/2017); the newest of each person.")
_PAGE = "competency.unit"
_ONE = Decimal(1)


def declared() -> list[Metric]:
    """Return what the numbers mean."""
    return [
        Metric(
            SHORT,
            _l("Below the standard"),
            formula=_l("Ratings below the level that the post requires ÷ all ratings, over all competencies."),
            source=_SOURCE,
            unit=MetricUnit.SHARE,
            direction=MetricDirection.DOWN,
            target=Decimal("0.25"),
            standing=True,
            by_competency=True,
            endpoint=_PAGE,
            order=20,
        ),
        Metric(
            JPM,
            _l("Mean Job Person Match"),
            formula=_l("Mean of 100 × levels reached ÷ levels required, at most 100, of each person."),
            source=_SOURCE,
            unit=MetricUnit.MEAN,
            target=Decimal(80),
            standing=True,
            endpoint=_PAGE,
            order=25,
        ),
        Metric(
            RATED,
            _l("People rated"),
            formula=_l("People of the unit who have a competency result."),
            source=_SOURCE,
            standing=True,
            endpoint=_PAGE,
            order=15,
        ),
        Metric(
            CLOSED,
            _l("Gap closed"),
            formula=_l("1 − gap after ÷ gap before, over people rated again in the quarter for the same post."),
            source=_SOURCE,
            unit=MetricUnit.SHARE,
            target=Decimal("0.25"),
            endpoint=_PAGE,
            order=30,
        ),
        Metric(
            GAP,
            _l("Mean gap"),
            formula=_l("Mean of level required less level reached, over all ratings; above 0 is below the standard."),
            source=_SOURCE,
            unit=MetricUnit.MEAN,
            direction=MetricDirection.DOWN,
            standing=True,
            by_competency=True,
            endpoint=_PAGE,
            order=60,
        ),
        *_match_metrics(),
    ]


def _match_metrics() -> list[Metric]:
    names = {
        "MS": (_l("Meets requirements (MS)"), MetricDirection.UP),
        "MMS": (_l("Still meets requirements (MMS)"), MetricDirection.NEUTRAL),
        "KMS": (_l("Does not sufficiently meet requirements (KMS)"), MetricDirection.DOWN),
    }
    return [
        Metric(
            MATCHES[code],
            name,
            formula=_l("People whose Job Person Match is in this category ÷ people rated."),
            source=_SOURCE,
            unit=MetricUnit.SHARE,
            direction=direction,
            standing=True,
            endpoint=_PAGE,
            order=70,
        )
        for code, (name, direction) in names.items()
    ]


def publish_result(result: Result, *, person: PersonRef, before: Result | None, lines: Iterable[Line]) -> None:
    """Add a new result to the numbers of the unit where the person is placed, in the place of their last one."""
    period = quarter_of(result.computed_at.date())
    now_is = [line for line in lines if line.required > 0 and line.attained is not None]
    facts = _standing(result, now_is, _placed(person, result), period)
    if before is not None and before.id != result.id:
        last = _lines(before)
        facts += [taken_back(fact) for fact in _standing(before, last, _placed(person, before), period)]
        if before.post_id == result.post_id and facts:
            facts += _closed(last, now_is, facts[0])
    publish_indicators(facts)


def changed_facts(
    result: Result,
    before: Result,
    *,
    lines: Iterable[Line],
    last: Iterable[ResultLine],
    place: PlacementView | None,
) -> list[IndicatorFact]:
    """Return what changes in the numbers when only rules changed and nobody was rated.

    Whoever was placed elsewhere on the day of the result before is set right by the nightly check.
    """
    period = quarter_of(result.computed_at.date())
    now_is = [line for line in lines if line.required > 0 and line.attained is not None]
    then = [line for line in last if line.required > 0 and line.attained is not None]
    came, went = _standing(result, now_is, place, period), _standing(before, then, place, period)
    return [fact for fact in came if fact not in went] + [taken_back(fact) for fact in went if fact not in came]


def _placed(person: PersonRef, result: Result) -> PlacementView | None:
    return placement_of(person, on=result.computed_at.date())


def taken_back(fact: IndicatorFact) -> IndicatorFact:
    """Return the fact that cancels another."""
    return replace(fact, numerator=-fact.numerator, denominator=-fact.denominator, n=-fact.n)


def match_of(jpm: Decimal, bounds: Iterable[Band]) -> str:
    """Return the metric of the category into which a JPM falls when posts are filled."""
    return MATCHES[classify(jpm, bounds, purpose=Purpose.FILLING).code]


def _lines(result: Result) -> list[ResultLine]:
    rows = select(ResultLine).where(ResultLine.result_id == result.id, ResultLine.required > 0)
    return list(db.session.scalars(rows.where(ResultLine.attained.is_not(None)).order_by(ResultLine.position)))


def _standing(
    result: Result, lines: Iterable[ResultLine | Line], place: PlacementView | None, period: str
) -> list[IndicatorFact]:
    """Return what holds while a result is the newest; nothing where the person had no post in a unit then."""
    if place is None:
        return []
    one = IndicatorFact(RATED, place.unit_id, period, _ONE, _ONE, n=1, post_group=place.post_type)
    facts = [one]
    if result.jpm is not None:
        facts.append(replace(one, metric=JPM, numerator=result.jpm))
        # What is taken back must be what was added: the categories of the day of the result.
        met = match_of(result.jpm, stored_bands(result) or agency_bands())
        facts += [replace(one, metric=code, numerator=Decimal(code == met)) for code in MATCHES.values()]
    for line in lines:
        gap = Decimal(line.gap or 0)
        here = replace(one, competency=line.competency)
        facts += [replace(here, metric=SHORT, numerator=Decimal(gap > 0)), replace(here, metric=GAP, numerator=gap)]
    return facts


def _closed(before: Iterable[ResultLine], after: Iterable[Line], like: IndicatorFact) -> list[IndicatorFact]:
    """Return how much of the gaps before is closed, over the competencies that were rated both times."""
    was, now_is = ({line.competency: max(0, line.gap or 0) for line in lines} for lines in (before, after))
    both = was.keys() & now_is.keys()
    gap_before, gap_after = sum(was[key] for key in both), sum(now_is[key] for key in both)
    if not gap_before:
        return []
    return [replace(like, metric=CLOSED, numerator=Decimal(gap_before - gap_after), denominator=Decimal(gap_before))]
