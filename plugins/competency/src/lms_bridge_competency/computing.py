"""Results: computing one when a rating is finished, keeping it unchanged, and telling whoever needs it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import select

from lms_bridge.api import (
    BridgeContext,
    Person,
    PersonRef,
    close_gap,
    db,
    open_gap,
    publish,
    record_evidence,
    record_score,
)
from lms_bridge_competency.blending import BLEND_RULE, Group
from lms_bridge_competency.errors import NoStandard, NotBegun, NotComplete, NoteMissing
from lms_bridge_competency.events import ResultComputed
from lms_bridge_competency.indicators import publish_result
from lms_bridge_competency.models import Assessment, AssessmentState, Result, ResultLine
from lms_bridge_competency.ratings import Rating, load_rating
from lms_bridge_competency.reference import BAND_RULE, BAND_VERSION, FRAMEWORK, bands
from lms_bridge_competency.results import last_result, latest_result
from lms_bridge_competency.rules import (
    ATTAINED_RULE,
    JPM_RULE,
    Line,
    Method,
    evidence_value,
    grade,
    job_person_match,
)
from lms_bridge_competency.settings import rating_validity, weights
from lms_bridge_competency.sources import blend_of, carried, key_of, large_differences, rated_source
from lms_bridge_competency.standards import PostView

MODULE = "competency.self-rating"
log = structlog.get_logger("lms_bridge.plugin.competency")


def finish_rating(
    context: BridgeContext,
    *,
    now: dt.datetime,
    of: PersonRef | None = None,
    notes: Mapping[str, str] | None = None,
) -> Result:
    """Compute the result with a finished rating, hand it to whoever needs it, and return it.

    Pressing twice, or finishing again with the same answers and the same standard, returns the result that is there.

    :param of: whom the person of the session rates; by default themselves.
    :param notes: why the rater sees a competency so differently from the other side, by its key.
    :raises NotBegun: there is no rating.
    :raises NoStandard: there is nothing to measure against.
    :raises NotComplete: a required competency has no level yet.
    :raises NoteMissing: a large difference has no note.
    """
    rating = load_rating(context, now=now, of=of, lock=True)
    if rating.assessment is None:
        raise NotBegun
    if rating.post is None or not rating.steps:
        raise NoStandard
    if rating.missing:
        raise NotComplete([step.name for step in rating.missing])
    person = of or context.person
    _wait_for_others(person)
    before, given = latest_result(person), dict(notes or {})
    unexplained = [one.name for one in large_differences(rating, before) if not given.get(one.key)]
    if unexplained:
        raise NoteMissing(unexplained)
    return _store_finished(rating, rating.assessment, rating.post, person, before=before, notes=given, now=now)


def _wait_for_others(person: PersonRef) -> None:
    """Hold the person until the end of the transaction: of two raters who finish at once, the later counts both."""
    db.session.execute(select(Person.id).where(Person.id.in_(person.ids)).order_by(Person.id).with_for_update())


def _store_finished(
    rating: Rating,
    assessment: Assessment,
    post: PostView,
    person: PersonRef,
    *,
    before: Result | None,
    notes: Mapping[str, str],
    now: dt.datetime,
) -> Result:
    sources = carried(before, besides=assessment, now=now, valid=rating_validity())
    sources[key_of(assessment)] = rated_source(rating, assessment, notes=notes, now=now)
    inputs = collect_inputs(post, sources)
    cycle = max(assessment.cycle, before.cycle) if before else assessment.cycle
    last = last_result(assessment.person_id, cycle=cycle)
    assessment.state = AssessmentState.FINISHED
    if last is not None and _same(last, inputs, post):
        return last
    assessment.finished_at = now
    lines = compute_lines(inputs)
    number = last.number + 1 if last else 1
    result = store_result(inputs, lines, post, person_id=assessment.person_id, cycle=cycle, number=number, now=now)
    _tell_evidence(rating, assessment, person=person, now=now)
    _tell(result, lines, person=person, now=now)
    log.info("result computed", result=result.id, assessment=assessment.id, number=result.number)
    return result


def _same(last: Result, inputs: dict[str, Any], post: PostView) -> bool:
    """Say whether a result was computed from the same answers for the same post, whenever they were given."""
    return (_without_days(last.inputs), last.post_id, last.post_level) == (_without_days(inputs), post.id, post.level)


def _without_days(inputs: dict[str, Any]) -> dict[str, Any]:
    sources = {
        key: {name: value for name, value in source.items() if name != "rated_at"}
        for key, source in inputs["sources"].items()
    }
    return {**inputs, "sources": sources}


def collect_inputs(post: PostView, sources: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything that the numbers come from, as it is stored with the result."""
    return {
        "framework": FRAMEWORK,
        "rules": {
            "attained": ATTAINED_RULE,
            "blend": BLEND_RULE,
            "jpm": JPM_RULE,
            "bands": BAND_RULE,
            "bands_version": BAND_VERSION,
        },
        "standard": {
            key: {
                "level": one.level,
                "basis": one.basis.value,
                "rule": one.rule,
                "version": one.version,
                "confirmed": one.confirmed,
            }
            for key, one in post.standard.items()
        },
        "sources": dict(sources),
        "weights": {group.value: weight for group, weight in weights().items()},
        "bands": [
            {
                "purpose": band.purpose.value,
                "code": band.code,
                "minimum": str(band.minimum),
                "below": None if band.below is None else str(band.below),
            }
            for band in bands()
        ],
    }


def compute_lines(inputs: Mapping[str, Any]) -> list[Line]:
    """Compute the level of each competency from stored inputs; the same inputs give the same lines in any year."""
    lines = []
    for key, one in inputs["standard"].items():
        blended = blend_of(inputs, key) if one["level"] > 0 else None
        lines.append(Line(key, one["level"], blended.level if blended else None, blended.exact if blended else None))
    return lines


def store_result(
    inputs: dict[str, Any],
    lines: list[Line],
    post: PostView,
    *,
    person_id: int,
    cycle: str,
    number: int,
    now: dt.datetime,
) -> Result:
    """Keep a computed result as the next number of its cycle, and tell nobody."""
    result = Result(
        person_id=person_id,
        cycle=cycle,
        number=number,
        computed_at=now,
        post_id=post.id,
        post_name=post.name,
        post_level=post.level,
        self_declared=post.declared,
        method=Method.TOTAL_CAP,
        jpm_total_cap=job_person_match(lines, method=Method.TOTAL_CAP).value,
        jpm_no_compensation=job_person_match(lines, method=Method.NO_COMPENSATION).value,
        grade=grade(lines),
        inputs=inputs,
    )
    db.session.add(result)
    db.session.flush()
    db.session.add_all(
        ResultLine(
            result_id=result.id,
            position=position,
            competency=line.competency,
            required=line.required,
            attained=line.attained,
            blended=line.blended,
            gap=line.gap,
        )
        for position, line in enumerate(lines, start=1)
    )
    db.session.flush()
    return result


def _tell_evidence(rating: Rating, assessment: Assessment, *, person: PersonRef, now: dt.datetime) -> None:
    """Record what this rating says of each competency, whatever the others say."""
    for step in rating.steps:
        if step.attained is not None:
            record_evidence(
                person=person,
                competency=step.key,
                value=evidence_value(step.attained),
                source=f"competency.{assessment.source.value}-rating",
                level=step.attained,
                seen_at=now,
            )


def _tell(result: Result, lines: list[Line], *, person: PersonRef, now: dt.datetime) -> None:
    """Open and close gaps, hand the grade over and say that there is a result.

    A learner gets a grade for having rated themselves, not for what others say of them before.
    """
    for line in lines:
        if line.attained is not None and line.gap is not None and line.gap > 0:
            open_gap(person=person, competency=line.competency, required=line.required, attained=line.attained, now=now)
        else:
            close_gap(person=person, competency=line.competency, now=now)
    if Group.SELF.value in result.inputs["sources"]:
        record_score(lines, module=MODULE, person=person, settled_at=now)
    publish_result(result, person=person)
    publish(ResultComputed(result_id=result.id, person_id=result.person_id, cycle=result.cycle, number=result.number))
