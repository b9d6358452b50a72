"""When a result is computed: a rating is finished, or others recorded evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from sqlalchemy import select

from lms_bridge.api import (
    AgencyRef,
    BridgeContext,
    Event,
    EvidenceKind,
    EvidenceRecorded,
    Person,
    PersonRef,
    absent_actor,
    competencies,
    db,
    record_evidence,
)
from lms_bridge.api import now as clock
from lms_bridge_competency.computing import collect_inputs, compute_lines, keep_result
from lms_bridge_competency.errors import NoStandard, NotBegun, NotComplete, NoteMissing
from lms_bridge_competency.models import Assessment, AssessmentState, Result
from lms_bridge_competency.ratings import Rating, cycle_at, load_rating
from lms_bridge_competency.reference import FRAMEWORK
from lms_bridge_competency.results import latest_result
from lms_bridge_competency.rules import evidence_value
from lms_bridge_competency.settings import rating_validity
from lms_bridge_competency.sources import (
    RATINGS,
    carried,
    decisions,
    evidence_sources,
    key_of,
    large_differences,
    rated_source,
)
from lms_bridge_competency.standards import PostView, post_of

DEFAULT_LOCALE = "id"
"""In which a post is named where nobody looks at it: the official language."""


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
    db.session.execute(
        select(Person.id).where(Person.id.in_(person.ids)).order_by(Person.id).with_for_update(key_share=True)
    )


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
    valid = rating_validity()
    sources = carried(before, besides=assessment, now=now, valid=valid)
    sources[key_of(assessment)] = rated_source(rating, assessment, notes=notes, now=now)
    cycle = max(assessment.cycle, before.cycle) if before else assessment.cycle
    sources |= evidence_sources(person, now=now, valid=valid) | decisions(person, cycle=cycle)
    assessment.state = AssessmentState.FINISHED
    result, is_new = keep_result(collect_inputs(post, sources), post, person, cycle=cycle, before=before, now=now)
    if is_new:
        assessment.finished_at = now
        _tell_evidence(rating, assessment, person=person, now=now)
    return result


def recompute(person: PersonRef, *, agency: AgencyRef, now: dt.datetime) -> Result | None:
    """Compute a person's result from what is known today, and return it; nothing without a post or any level.

    The result that is there stays the newest where nothing has changed.
    """
    _wait_for_others(person)
    before, valid = latest_result(person), rating_validity()
    today = now.astimezone(ZoneInfo(agency.timezone)).date()
    declared = before.post_level if before and before.self_declared else None
    post = post_of(person, competencies(FRAMEWORK), on=today, declared_level=declared, locale=DEFAULT_LOCALE)
    if post is None:
        return None
    # Nobody rated anew: a decision upon these ratings goes on counting, and the cycle stays theirs.
    cycle = before.cycle if before else cycle_at(now, timezone=agency.timezone)
    sources = carried(before, besides=None, now=now, valid=valid) | evidence_sources(person, now=now, valid=valid)
    inputs = collect_inputs(post, sources | decisions(person, cycle=cycle))
    if all(line.attained is None for line in compute_lines(inputs)):
        return None
    return keep_result(inputs, post, person, cycle=cycle, before=before, now=now)[0]


def note_evidence(event: Event) -> None:
    """Compute the result anew when another plugin has recorded evidence."""
    if isinstance(event, EvidenceRecorded) and event.source not in RATINGS:
        actor = absent_actor(event.person_id)
        recompute(actor.person, agency=actor.agency, now=clock())


def _tell_evidence(rating: Rating, assessment: Assessment, *, person: PersonRef, now: dt.datetime) -> None:
    """Record what this rating says of each competency, whatever the others say."""
    for step in rating.steps:
        if step.attained is not None:
            record_evidence(
                person=person,
                competency=step.key,
                value=evidence_value(step.attained),
                source=f"competency.{assessment.source.value}-rating",
                kind=EvidenceKind(assessment.source.value),
                level=step.attained,
                seen_at=now,
            )
