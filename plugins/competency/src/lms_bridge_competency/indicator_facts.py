"""What all results together add to the numbers of units, summed up in the database: for the nightly check."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import Subquery, case, func, or_, select
from sqlalchemy.orm import aliased

from lms_bridge.api import (
    IndicatorFact,
    IndicatorSource,
    Person,
    Placement,
    PlacementKind,
    Post,
    db,
    last_quarters,
    quarter_of,
)
from lms_bridge_competency.indicators import ALL, CLOSED, GAP, JPM, MATCHES, RATED, SHORT
from lms_bridge_competency.models import Result, ResultLine
from lms_bridge_competency.rules import Purpose
from lms_bridge_competency.settings import agency_bands


def sources() -> list[IndicatorSource]:
    """Return where all facts of the plugin can be read."""
    return [IndicatorSource(ALL, _read)]


def _read() -> Iterator[IndicatorFact]:
    span = db.session.execute(select(func.min(Result.computed_at), func.max(Result.computed_at))).one()
    if span[0] is None:
        return
    results = _results(_quarters(span[0], span[1]))
    for sign, period in ((1, results.c.came), (-1, results.c.left)):
        yield from _of_people(results, period, sign)
        yield from _of_competencies(results, period, sign)
    yield from _closed(results)


def _quarters(first: dt.datetime, last: dt.datetime) -> list[tuple[str, dt.datetime]]:
    """Return each quarter with its end, the moment from which the next one counts."""
    found = [quarter_of(last.date())]
    while found[0] > quarter_of(first.date()):
        found = last_quarters(found[-1], len(found) + 1)
    return [(one, _start(following)) for one, following in zip(found, [*found[1:], _after(found[-1])], strict=True)]


def _start(quarter: str) -> dt.datetime:
    year, number = quarter.split("-Q")
    return dt.datetime(int(year), 3 * int(number) - 2, 1, tzinfo=dt.UTC)


def _after(quarter: str) -> str:
    return quarter_of((_start(quarter) + dt.timedelta(days=100)).date())


def _results(quarters: list[tuple[str, dt.datetime]]) -> Subquery:
    """Return every result of somebody placed: where, since which quarter it is the newest, and until which."""
    person = func.coalesce(Person.same_as_id, Person.id)
    order = (Result.computed_at, Result.id)
    following = func.lead(Result.computed_at).over(partition_by=person, order_by=order)
    before = func.lag(Result.id).over(partition_by=person, order_by=order)
    all_results = (
        select(
            Result.id.label("result_id"),
            person.label("person_id"),
            Result.computed_at,
            Result.post_id,
            Result.jpm.label("jpm"),
            Result.by_rules,
            following.label("following"),
            before.label("before_id"),
        )
        .join(Person, Person.id == Result.person_id)
        .subquery()
    )
    newest = _placement(all_results)
    return (
        select(
            all_results,
            Placement.unit_id,
            Post.type.label("post_group"),
            _quarter(all_results.c.computed_at, quarters).label("came"),
            _quarter(all_results.c.following, quarters).label("left"),
        )
        .select_from(all_results)
        .join(Placement, Placement.id == newest)
        .join(Post, Post.id == Placement.post_id)
        .subquery()
    )


def _placement(results: Subquery) -> Any:
    """Return the placement that ``placement_of`` gives for the day of each result."""
    row, held = aliased(Person), aliased(Placement)
    return (
        select(held.id)
        .join(row, row.id == held.person_id)
        .where(
            or_(row.id == results.c.person_id, row.same_as_id == results.c.person_id),
            held.valid_from <= func.date(results.c.computed_at),
            or_(held.valid_to.is_(None), held.valid_to > func.date(results.c.computed_at)),
        )
        .order_by(held.kind != PlacementKind.DEFINITIVE, held.valid_from.desc(), held.id.desc())
        .limit(1)
        .correlate(results)
        .scalar_subquery()
    )


def _quarter(moment: Any, quarters: list[tuple[str, dt.datetime]]) -> Any:
    return case((moment.is_(None), None), *((moment < end, one) for one, end in quarters))


def _of_people(results: Subquery, period: Any, sign: int) -> Iterator[IndicatorFact]:
    filling = sorted(
        (band for band in agency_bands() if band.purpose is Purpose.FILLING), key=lambda band: -band.minimum
    )
    met = case(*((results.c.jpm >= band.minimum, band.code) for band in filling))
    place = (results.c.unit_id, results.c.post_group, period)
    rows = db.session.execute(
        select(
            *place,
            func.count(),
            func.count(results.c.jpm),
            func.sum(results.c.jpm),
            *(func.sum(case((met == code, 1), else_=0)) for code in MATCHES),
        )
        .where(period.is_not(None))
        .group_by(*place)
    )
    for unit_id, group, quarter, rated, measured, jpm, *met_by in rows:

        def fact(metric: str, total: Any, people: int, place: tuple[int, str, str] = (unit_id, quarter, group)) -> Any:
            count = Decimal(sign * people)
            return IndicatorFact(metric, *place[:2], sign * Decimal(total), count, int(count), post_group=place[2])

        yield fact(RATED, rated, rated)
        if measured:
            yield fact(JPM, jpm, measured)
            yield from (fact(code, met, measured) for code, met in zip(MATCHES.values(), met_by, strict=True))


def _of_competencies(results: Subquery, period: Any, sign: int) -> Iterator[IndicatorFact]:
    place = (results.c.unit_id, period, results.c.post_group, ResultLine.competency)
    rows = db.session.execute(
        select(*place, func.count(), func.sum(case((ResultLine.gap > 0, 1), else_=0)), func.sum(ResultLine.gap))
        .select_from(results)
        .join(ResultLine, ResultLine.result_id == results.c.result_id)
        .where(period.is_not(None), ResultLine.attained.is_not(None), ResultLine.required > 0)
        .group_by(*place)
    )
    for unit_id, quarter, group, competency, people, short, gap in rows:
        for metric, total in ((SHORT, short), (GAP, gap)):
            count = Decimal(sign * people)
            yield IndicatorFact(
                metric, unit_id, quarter, sign * Decimal(total), count, int(count), group, competency=competency
            )


def _closed(results: Subquery) -> Iterator[IndicatorFact]:
    """Compare each result with the one before of the same person and post."""
    last, after, before = aliased(Result), aliased(ResultLine), aliased(ResultLine)
    was, now_is = (case((line.gap > 0, line.gap), else_=0) for line in (before, after))
    pairs = (
        select(
            results.c.unit_id,
            results.c.came,
            results.c.post_group,
            func.sum(was).label("was"),
            func.sum(now_is).label("now_is"),
        )
        .select_from(results)
        .join(last, last.id == results.c.before_id)
        .join(after, after.result_id == results.c.result_id)
        .join(before, (before.result_id == last.id) & (before.competency == after.competency))
        .where(last.post_id == results.c.post_id, after.attained.is_not(None), before.attained.is_not(None))
        .where(after.required > 0, before.required > 0, results.c.by_rules.is_(False))
        .group_by(results.c.result_id, results.c.unit_id, results.c.came, results.c.post_group)
        .subquery()
    )
    place = (pairs.c.unit_id, pairs.c.came, pairs.c.post_group)
    rows = db.session.execute(
        select(*place, func.sum(pairs.c.was), func.sum(pairs.c.now_is), func.count())
        .where(pairs.c.was > 0)
        .group_by(*place)
    )
    for unit_id, quarter, group, gap_before, gap_after, people in rows:
        closed = Decimal(gap_before - gap_after)
        yield IndicatorFact(CLOSED, unit_id, quarter, closed, Decimal(gap_before), int(people), post_group=group)
