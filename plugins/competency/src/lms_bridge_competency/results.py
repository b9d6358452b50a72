"""Results: computing one from a finished rating, keeping it unchanged, and reading it again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import defer

from lms_bridge.api import (
    BridgeContext,
    PersonRef,
    close_gap,
    db,
    open_gap,
    publish,
    record_evidence,
    record_score,
)
from lms_bridge_competency.errors import NoStandard, NotBegun, NotComplete
from lms_bridge_competency.events import ResultComputed
from lms_bridge_competency.indicators import publish_result
from lms_bridge_competency.models import Assessment, AssessmentState, Result, ResultLine
from lms_bridge_competency.progress import Step
from lms_bridge_competency.ratings import Rating, load_rating
from lms_bridge_competency.reference import BAND_RULE, BAND_VERSION, FRAMEWORK, bands
from lms_bridge_competency.rules import (
    ATTAINED_RULE,
    JPM_RULE,
    LevelState,
    Line,
    Mark,
    Method,
    attained_level,
    evidence_value,
    grade,
    job_person_match,
    judge_level,
)
from lms_bridge_competency.standards import PostView

MODULE = "competency.self-rating"
EVIDENCE_SOURCE = "competency.self-rating"
log = structlog.get_logger("lms_bridge.plugin.competency")


def finish_rating(context: BridgeContext, *, now: dt.datetime) -> Result:
    """Compute the result of the rating, hand it to whoever needs it, and return it.

    Pressing twice, or finishing again with the same answers and the same standard, returns the result that is there.

    :raises NotBegun: there is no rating.
    :raises NoStandard: there is nothing to measure against.
    :raises NotComplete: a required competency has no level yet.
    """
    rating = load_rating(context, now=now, lock=True)
    if rating.assessment is None:
        raise NotBegun
    if rating.post is None or not rating.steps:
        raise NoStandard
    if rating.missing:
        raise NotComplete([step.name for step in rating.missing])
    inputs = collect_inputs(rating, rating.assessment, rating.post)
    last = _last_result(rating.assessment)
    rating.assessment.state = AssessmentState.FINISHED
    if last is not None and (last.inputs, last.post_id, last.post_level) == (inputs, rating.post.id, rating.post.level):
        return last
    rating.assessment.finished_at = now
    lines = compute_lines(inputs)
    result = store_result(inputs, lines, rating.assessment, rating.post, number=last.number + 1 if last else 1, now=now)
    _tell(result, lines, person=context.person, now=now)
    log.info("result computed", result=result.id, assessment=rating.assessment.id, number=result.number)
    return result


def collect_inputs(rating: Rating, assessment: Assessment, post: PostView) -> dict[str, Any]:
    """Return everything that the numbers come from, as it is stored with the result."""
    return {
        "framework": FRAMEWORK,
        "rules": {"attained": ATTAINED_RULE, "jpm": JPM_RULE, "bands": BAND_RULE, "bands_version": BAND_VERSION},
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
        "sources": {
            "self": {"assessment": assessment.id, "answers": {step.key: _answers(step) for step in rating.steps}}
        },
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


def _answers(step: Step) -> dict[str, list[str | None]]:
    return {
        str(rung.level): [question.mark.value if question.mark else None for question in rung.questions]
        for rung in step.rungs
        if rung.answered
    }


def stored_levels(inputs: Mapping[str, Any], competency: str) -> dict[int, LevelState]:
    """Return what the stored answers say of the levels of one competency."""
    answers = inputs["sources"]["self"]["answers"].get(competency, {})
    return {
        int(level): judge_level([Mark(mark) if mark else None for mark in marks]) for level, marks in answers.items()
    }


def compute_lines(inputs: Mapping[str, Any]) -> list[Line]:
    """Compute the level of each competency from stored inputs; the same inputs give the same lines in any year."""
    return [
        Line(key, one["level"], attained_level(stored_levels(inputs, key), required=one["level"]))
        for key, one in inputs["standard"].items()
    ]


def _last_result(assessment: Assessment) -> Result | None:
    return db.session.scalar(
        select(Result)
        .where(Result.person_id == assessment.person_id, Result.cycle == assessment.cycle)
        .order_by(Result.number.desc())
        .limit(1)
    )


def store_result(
    inputs: dict[str, Any], lines: list[Line], assessment: Assessment, post: PostView, *, number: int, now: dt.datetime
) -> Result:
    """Keep a computed result as the next number of its cycle, and tell nobody."""
    result = Result(
        person_id=assessment.person_id,
        cycle=assessment.cycle,
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
            gap=line.gap,
        )
        for position, line in enumerate(lines, start=1)
    )
    db.session.flush()
    return result


def _tell(result: Result, lines: list[Line], *, person: PersonRef, now: dt.datetime) -> None:
    """Record the evidence, open and close gaps, hand the grade over and say that there is a result."""
    for line in lines:
        if line.attained is not None:
            record_evidence(
                person=person,
                competency=line.competency,
                value=evidence_value(line.attained),
                source=EVIDENCE_SOURCE,
                level=line.attained,
                seen_at=now,
            )
        if line.attained is not None and line.gap is not None and line.gap > 0:
            open_gap(person=person, competency=line.competency, required=line.required, attained=line.attained, now=now)
        else:
            close_gap(person=person, competency=line.competency, now=now)
    record_score(lines, module=MODULE, person=person, settled_at=now)
    publish_result(result, person=person)
    publish(ResultComputed(result_id=result.id, person_id=result.person_id, cycle=result.cycle, number=result.number))


def latest_result(person: PersonRef) -> Result | None:
    """Return a person's newest result."""
    return db.session.scalar(
        select(Result)
        .where(Result.person_id.in_(person.ids))
        .order_by(Result.computed_at.desc(), Result.id.desc())
        .limit(1)
    )


def is_outdated(result: Result, rating: Rating) -> bool:
    """Say whether the rating's person now holds another post, or the post requires other levels, than in the result."""
    if rating.post is None or result.cycle != rating.cycle:
        return False
    then = {key: one["level"] for key, one in result.inputs["standard"].items()}
    today = {key: one.level for key, one in rating.post.standard.items()}
    return (result.post_id, result.post_level, then) != (rating.post.id, rating.post.level, today)


def settled_result(rating: Rating) -> Result | None:
    """Return the result that stands for the rating as it is: finished, unchanged, for the post of today."""
    if rating.assessment is None or not rating.finished:
        return None
    result = _last_result(rating.assessment)
    return None if result is None or is_outdated(result, rating) else result


def result_history(person: PersonRef) -> list[Result]:
    """Return all results of a person, the newest first, without their inputs."""
    return list(
        db.session.scalars(
            select(Result)
            .where(Result.person_id.in_(person.ids))
            .order_by(Result.computed_at.desc(), Result.id.desc())
            .options(defer(Result.inputs))
        )
    )


def lines_of(result: Result) -> list[ResultLine]:
    """Return the competencies of a result in the order of the framework."""
    return list(
        db.session.scalars(select(ResultLine).where(ResultLine.result_id == result.id).order_by(ResultLine.position))
    )
