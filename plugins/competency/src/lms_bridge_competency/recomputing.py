"""Computing the results of a whole agency anew after it has changed its rules, a few hundred people at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from lms_bridge.api import (
    Event,
    IndicatorFact,
    Person,
    PersonRef,
    SettingsChosen,
    db,
    placements_of,
    publish,
    publish_indicators,
)
from lms_bridge.api import now as clock
from lms_bridge_competency.blending import Group
from lms_bridge_competency.computing import (
    compute_lines,
    computed,
    store_results,
    tell_gaps,
    tell_grade,
    tell_result,
    with_rules,
)
from lms_bridge_competency.events import RecomputeWanted
from lms_bridge_competency.indicators import changed_facts
from lms_bridge_competency.models import Result, ResultLine
from lms_bridge_competency.reading import stored_bands
from lms_bridge_competency.rules import Line, classify, job_person_match
from lms_bridge_competency.settings import RuleSet, rule_set

AT_ONCE = 200
"""People in one transaction: some seconds, so that other events and grades come in between."""
log = structlog.get_logger("lms_bridge.plugin.competency")


@dataclass(frozen=True, slots=True)
class Restamp:
    """Somebody whose newest result, with its lines, comes out differently by other rules."""

    person: PersonRef
    before: Result
    lines: list[ResultLine]


def note_settings(event: Event) -> None:
    """Begin to compute the agency's results anew when its rules have changed."""
    if isinstance(event, SettingsChosen) and event.plugin == "competency":
        publish(RecomputeWanted(after=0))


def recompute_some(event: Event) -> None:
    """Compute the next people's results anew where the rules of today give something else, and ask for those after."""
    if not isinstance(event, RecomputeWanted):
        return
    next_ones = select(Person.id).where(Person.id > event.after, Person.same_as_id.is_(None)).order_by(Person.id)
    ids = list(db.session.scalars(next_ones.limit(AT_ONCE)))
    if not ids:
        return
    # Nobody is to rate one of them meanwhile; whoever only opens a page does not wait.
    held = select(Person.id).where(Person.id.in_(ids)).order_by(Person.id).with_for_update(key_share=True)
    db.session.execute(held)
    rules, rows = rule_set(), _rows_of(ids)
    restamps = [
        Restamp(PersonRef(person_id, "", rows[person_id]), result, lines)
        for person_id, result, lines in _newest(rows)
        if differs(result, lines, rules)
    ]
    _store(restamps, rules, now=clock())
    log.info("results recomputed", people=len(ids), changed=len(restamps))
    publish(RecomputeWanted(after=ids[-1]))


def _store(restamps: list[Restamp], rules: RuleSet, *, now: dt.datetime) -> None:
    """Store what the rules of today make of the same ratings, and tell what is different."""
    made = [(one, _anew(one.before, rules, now=now)) for one in restamps]
    store_results([result for _one, result in made])
    facts: list[IndicatorFact] = []
    places = placements_of((one.person for one in restamps), on=now.date())
    for one, (result, lines) in made:
        then = {line.competency: line.attained for line in one.lines}
        if changed := [line for line in lines if line.attained != then.get(line.competency)]:
            tell_gaps(changed, person=one.person, now=now)
        if result.grade != one.before.grade:
            tell_grade(result, lines, person=one.person, now=now)
        facts += changed_facts(result, one.before, lines=lines, last=one.lines, place=places.get(one.person.id))
        tell_result(result)
    publish_indicators(facts)


def _anew(before: Result, rules: RuleSet, *, now: dt.datetime) -> tuple[Result, list[Line]]:
    inputs = with_rules(before.inputs, rules)
    lines = compute_lines(inputs)
    same = ("person_id", "cycle", "post_id", "post_name", "post_level", "self_declared")
    result = Result(
        **{name: getattr(before, name) for name in same},
        number=before.number + 1,
        computed_at=now,
        by_rules=True,
        **computed(inputs, lines),
    )
    return result, lines


def _rows_of(ids: list[int]) -> dict[int, tuple[int, ...]]:
    """Return every row that is one of these people, by the one that stands for them."""
    rows = {person_id: (person_id,) for person_id in ids}
    linked = select(Person.id, Person.same_as_id).where(Person.same_as_id.in_(ids))
    for row_id, person_id in db.session.execute(linked):
        rows[person_id] += (row_id,)
    return rows


def _newest(rows: dict[int, tuple[int, ...]]) -> Iterator[tuple[int, Result, list[ResultLine]]]:
    """Yield the newest result of each of these people, by whichever of their rows it was made, with its lines."""
    whose = {row_id: person_id for person_id, row_ids in rows.items() for row_id in row_ids}
    order = (Result.computed_at.desc(), Result.id.desc())
    place = func.row_number().over(partition_by=Result.person_id, order_by=order)
    ranked = select(Result.id, place.label("place")).where(Result.person_id.in_(whose)).subquery()
    found = aliased(Result)
    newest: dict[int, Result] = {}
    for result in db.session.scalars(select(found).join(ranked, ranked.c.id == found.id).where(ranked.c.place == 1)):
        known = newest.setdefault(whose[result.person_id], result)
        if (known.computed_at, known.id) < (result.computed_at, result.id):
            newest[whose[result.person_id]] = result
    lines: dict[int, list[ResultLine]] = {}
    of_results = ResultLine.result_id.in_([result.id for result in newest.values()])
    for line in db.session.scalars(select(ResultLine).where(of_results)):
        lines.setdefault(line.result_id, []).append(line)
    for person_id, result in newest.items():
        yield person_id, result, lines.get(result.id, [])


def differs(result: Result, lines: list[ResultLine], rules: RuleSet) -> bool:
    """Say whether the rules of today give another level, match or category than a stored result has."""
    if "standard" not in result.inputs:
        return False
    alone = set(result.inputs["sources"]) == {Group.SELF.value} and rules.weights[Group.SELF] > 0
    then = {line.competency: line.attained for line in lines}
    anew = then if alone else {one.competency: one.attained for one in compute_lines(with_rules(result.inputs, rules))}
    if all(level is None for level in anew.values()):
        # Nobody's word would count any more: what is known of the person stays.
        return False
    if result.method is not rules.method or anew != then:
        return True
    match = job_person_match(
        [Line(line.competency, line.required, line.attained) for line in lines], method=rules.method
    ).value
    if match is None:
        return False
    bounds = stored_bands(result)
    purposes = {band.purpose for band in bounds}
    return any(
        classify(match, bounds, purpose=purpose).code != classify(match, rules.bands, purpose=purpose).code
        for purpose in purposes
    )
