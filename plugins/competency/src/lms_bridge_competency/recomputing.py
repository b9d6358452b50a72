"""Computing the results of a whole agency anew after it has changed its rules, a few hundred people at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from lms_bridge.api import Event, Person, PersonRef, SettingsChosen, db, publish
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
from lms_bridge_competency.rules import Line, classify, job_person_match
from lms_bridge_competency.settings import RuleSet, rule_set
from lms_bridge_competency.standards import PostView

AT_ONCE = 500
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
    ids = list(
        db.session.scalars(
            select(Result.person_id)
            .where(Result.person_id > event.after)
            .distinct()
            .order_by(Result.person_id)
            .limit(AT_ONCE)
        )
    )
    if not ids:
        return
    rules, moment = rule_set(), clock()
    db.session.execute(select(Person.id).where(Person.id.in_(ids)).order_by(Person.id).with_for_update())
    found = [(result, lines) for result, lines in _newest(ids) if differs(result, lines, rules)]
    for result, lines in found:
        _restamp(result, lines, rules, now=moment)
    log.info("results recomputed", people=len(ids), changed=len(found))
    publish(RecomputeWanted(after=ids[-1]))


def _restamp(before: Result, old_lines: list[ResultLine], rules: RuleSet, *, now: dt.datetime) -> None:
    """Store what the rules of today make of the same ratings, measured against the same standard."""
    inputs = with_rules(before.inputs, rules)
    lines = compute_lines(inputs)
    post = PostView(before.post_id, before.post_name, before.post_level, "", before.self_declared, {})
    result = store_result(
        inputs, lines, post, person_id=before.person_id, cycle=before.cycle, number=before.number + 1, now=now
    )
    person = PersonRef(before.person_id, "", (before.person_id,))
    then = {line.competency: line.attained for line in old_lines}
    changed = [line for line in lines if line.attained != then.get(line.competency)]
    tell_gaps(changed, person=person, now=now)
    if result.grade != before.grade:
        tell_grade(result, lines, person=person, now=now)
    publish_result(result, person=person, before=before, lines=lines)
    tell_result(result)


def _newest(ids: list[int]) -> Iterator[tuple[Result, list[ResultLine]]]:
    """Yield the newest result of each of these people with its lines."""
    place = func.row_number().over(
        partition_by=Result.person_id, order_by=(Result.computed_at.desc(), Result.id.desc())
    )
    ranked = select(Result.id, place.label("place")).where(Result.person_id.in_(ids)).subquery()
    found = aliased(Result)
    newest = db.session.scalars(select(found).join(ranked, ranked.c.id == found.id).where(ranked.c.place == 1)).all()
    lines: dict[int, list[ResultLine]] = {}
    for line in db.session.scalars(select(ResultLine).where(ResultLine.result_id.in_([one.id for one in newest]))):
        lines.setdefault(line.result_id, []).append(line)
    for result in newest:
        yield result, lines.get(result.id, [])


def differs(result: Result, lines: list[ResultLine], rules: RuleSet) -> bool:
    """Say whether the rules of today give another level, match or category than a stored result has."""
    if "standard" not in result.inputs:
        return False
    if result.method is not rules.method:
        return True
    alone = set(result.inputs["sources"]) == {Group.SELF.value} and rules.weights[Group.SELF] > 0
    then = {line.competency: line.attained for line in lines}
    if not alone and any(
        line.attained != then.get(line.competency) for line in compute_lines(with_rules(result.inputs, rules))
    ):
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
