"""Computing the results of a whole agency anew after it has changed its rules, a few hundred people at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import structlog
from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from lms_bridge.api import Event, Person, PersonRef, SettingsChosen, db, person_ref, publish
from lms_bridge.api import now as clock
from lms_bridge_competency.blending import Group
from lms_bridge_competency.computing import (
    compute_lines,
    store_result,
    tell_gaps,
    tell_grade,
    tell_result,
    with_rules,
)
from lms_bridge_competency.events import RecomputeWanted
from lms_bridge_competency.indicators import publish_result
from lms_bridge_competency.models import Result, ResultLine
from lms_bridge_competency.reading import stored_bands
from lms_bridge_competency.results import last_result
from lms_bridge_competency.rules import Line, classify, job_person_match
from lms_bridge_competency.settings import RuleSet, rule_set
from lms_bridge_competency.standards import PostView

AT_ONCE = 200
"""People in one transaction: some seconds, so that other events and grades come in between."""
log = structlog.get_logger("lms_bridge.plugin.competency")


def note_settings(event: Event) -> None:
    """Begin to compute the agency's results anew when its rules have changed."""
    if isinstance(event, SettingsChosen) and event.plugin == "competency":
        publish(RecomputeWanted(after=0))


def recompute_some(event: Event) -> None:
    """Compute the next people's results anew where the rules of today give something else, and ask for those after."""
    if not isinstance(event, RecomputeWanted):
        return
    row = aliased(Person)
    human = func.coalesce(row.same_as_id, row.id)
    rated = select(human).join(Result, Result.person_id == row.id).where(human > event.after)
    ids = list(db.session.scalars(rated.distinct().order_by(human).limit(AT_ONCE)))
    if not ids:
        return
    rules, moment = rule_set(), clock()
    # Nobody is to rate one of them meanwhile; whoever only opens a page does not wait.
    held = select(Person.id).where(Person.id.in_(ids)).order_by(Person.id).with_for_update(key_share=True)
    db.session.execute(held)
    found = [(person_id, result, lines) for person_id, result, lines in _newest(ids) if differs(result, lines, rules)]
    for person_id, result, lines in found:
        _restamp(person_ref(person_id), result, lines, rules, now=moment)
    log.info("results recomputed", people=len(ids), changed=len(found))
    publish(RecomputeWanted(after=ids[-1]))


def _restamp(
    person: PersonRef, before: Result, old_lines: list[ResultLine], rules: RuleSet, *, now: dt.datetime
) -> None:
    """Store what the rules of today make of the same ratings, measured against the same standard."""
    inputs = with_rules(before.inputs, rules)
    lines = compute_lines(inputs)
    post = PostView(before.post_id, before.post_name, before.post_level, "", before.self_declared, {})
    last = last_result(person, cycle=before.cycle)
    number = (last.number if last else before.number) + 1
    result = store_result(
        inputs, lines, post, person_id=person.id, cycle=before.cycle, number=number, now=now, by_rules=True
    )
    then = {line.competency: line.attained for line in old_lines}
    changed = [line for line in lines if line.attained != then.get(line.competency)]
    if changed:
        tell_gaps(changed, person=person, now=now)
    if result.grade != before.grade:
        tell_grade(result, lines, person=person, now=now)
    publish_result(result, person=person, before=before, lines=lines)
    tell_result(result)


def _newest(ids: list[int]) -> Iterator[tuple[int, Result, list[ResultLine]]]:
    """Yield the newest result of each of these people, by whichever of their rows it was made, with its lines."""
    row, found = aliased(Person), aliased(Result)
    human = func.coalesce(row.same_as_id, row.id)
    order = (Result.computed_at.desc(), Result.id.desc())
    place = func.row_number().over(partition_by=human, order_by=order)
    ranked = (
        select(Result.id, human.label("person_id"), place.label("place"))
        .join(row, row.id == Result.person_id)
        .where(or_(row.id.in_(ids), row.same_as_id.in_(ids)))
        .subquery()
    )
    newest = select(ranked.c.person_id, found).join(found, found.id == ranked.c.id).where(ranked.c.place == 1)
    results = [(person_id, result) for person_id, result in db.session.execute(newest)]
    lines: dict[int, list[ResultLine]] = {}
    of_results = ResultLine.result_id.in_([result.id for _person, result in results])
    for line in db.session.scalars(select(ResultLine).where(of_results)):
        lines.setdefault(line.result_id, []).append(line)
    for person_id, result in results:
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
