"""Results: what one is computed from, computing it, keeping it unchanged, and telling whoever needs it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from sqlalchemy import insert

from lms_bridge.api import (
    PersonRef,
    close_gap,
    db,
    gaps_of,
    open_gap,
    publish,
    record_score,
)
from lms_bridge_competency.blending import BLEND_RULE, Group
from lms_bridge_competency.events import ResultComputed
from lms_bridge_competency.indicators import publish_result
from lms_bridge_competency.models import Result, ResultLine
from lms_bridge_competency.reference import BAND_RULE, BAND_VERSION, FRAMEWORK
from lms_bridge_competency.results import last_result
from lms_bridge_competency.rules import (
    ATTAINED_RULE,
    JPM_RULE,
    Line,
    Method,
    grade,
    job_person_match,
)
from lms_bridge_competency.settings import RuleSet, rule_set
from lms_bridge_competency.sources import (
    blends_of,
)
from lms_bridge_competency.standards import PostView

MODULE = "competency.self-rating"
log = structlog.get_logger("lms_bridge.plugin.competency")


def keep_result(
    inputs: dict[str, Any],
    post: PostView,
    person: PersonRef,
    *,
    cycle: str,
    before: Result | None,
    now: dt.datetime,
) -> tuple[Result, bool]:
    """Store a result unless the newest of its cycle says the same, and tell whoever needs it.

    :param before: the person's newest result of any cycle.
    :returns: the result, and whether it is new.
    """
    last = last_result(person, cycle=cycle)
    if last is not None and _same(last, inputs, post):
        return last, False
    lines = compute_lines(inputs)
    number = last.number + 1 if last else 1
    result = store_result(inputs, lines, post, person_id=person.id, cycle=cycle, number=number, now=now)
    tell_gaps(lines, person=person, now=now)
    close_other_gaps(lines, person=person, now=now)
    tell_grade(result, lines, person=person, now=now)
    publish_result(result, person=person, before=before, lines=lines)
    tell_result(result)
    log.info("result computed", result=result.id, number=result.number)
    return result, True


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
    unruled = {
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
    }
    return with_rules(unruled, rule_set())


def with_rules(inputs: Mapping[str, Any], rules: RuleSet) -> dict[str, Any]:
    """Return inputs with the figures by which they are computed."""
    return {
        **inputs,
        "rules": {**inputs["rules"], "method": rules.method.value},
        "weights": {group.value: weight for group, weight in rules.weights.items()},
        "bands": [
            {
                "purpose": band.purpose.value,
                "code": band.code,
                "minimum": str(band.minimum),
                "below": None if band.below is None else str(band.below),
            }
            for band in rules.bands
        ],
    }


def compute_lines(inputs: Mapping[str, Any]) -> list[Line]:
    """Compute the level of each competency from stored inputs; the same inputs give the same lines in any year."""
    return [
        Line(key, inputs["standard"][key]["level"], one.level if one else None, one.exact if one else None)
        for key, one in blends_of(inputs).items()
    ]


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
        **computed(inputs, lines),
    )
    store_results([(result, lines)])
    return result


def computed(inputs: dict[str, Any], lines: list[Line]) -> dict[str, Any]:
    """Return the numbers of a result with what they come from."""
    return {
        "method": Method(inputs["rules"].get("method", Method.TOTAL_CAP.value)),
        "jpm_total_cap": job_person_match(lines, method=Method.TOTAL_CAP).value,
        "jpm_no_compensation": job_person_match(lines, method=Method.NO_COMPENSATION).value,
        "grade": grade(lines),
        "inputs": inputs,
    }


def store_results(results: Sequence[tuple[Result, list[Line]]]) -> None:
    """Keep results with their lines; two statements for however many there are."""
    db.session.add_all(result for result, _lines in results)
    db.session.flush()
    rows = [
        {
            "result_id": result.id,
            "position": position,
            "competency": line.competency,
            "required": line.required,
            "attained": line.attained,
            "blended": line.blended,
            "gap": line.gap,
            "agency_id": result.agency_id,
        }
        for result, lines in results
        for position, line in enumerate(lines, start=1)
    ]
    if rows:
        db.session.execute(insert(ResultLine), rows)


def tell_gaps(lines: Iterable[Line], *, person: PersonRef, now: dt.datetime) -> None:
    """Open and close the gaps of these competencies. One that is not rated, which is not 0, stays as it was."""
    known = {gap.competency: (gap.required, gap.attained) for gap in gaps_of(person)}
    for line in lines:
        if line.attained is not None and line.gap is not None and line.gap > 0:
            if known.get(line.competency) != (line.required, line.attained):
                short = {"required": line.required, "attained": line.attained}
                open_gap(person=person, competency=line.competency, **short, now=now)
        elif line.competency in known and (line.gap is not None or line.required < 1):
            close_gap(person=person, competency=line.competency, now=now)


def close_other_gaps(lines: Iterable[Line], *, person: PersonRef, now: dt.datetime) -> None:
    """Close the gaps of competencies that the post does not require any more."""
    required = {line.competency for line in lines}
    for gap in gaps_of(person):
        if gap.competency not in required:
            close_gap(person=person, competency=gap.competency, now=now)


def tell_grade(result: Result, lines: list[Line], *, person: PersonRef, now: dt.datetime) -> None:
    """Hand the grade over: a learner gets one for having rated themselves, and none while no level is known."""
    rated = any(line.attained is not None for line in lines)
    if rated and Group.SELF.value in result.inputs["sources"]:
        record_score(lines, module=MODULE, person=person, settled_at=now)


def tell_result(result: Result) -> None:
    """Say that there is a result."""
    publish(ResultComputed(result_id=result.id, person_id=result.person_id, cycle=result.cycle, number=result.number))
