"""Evidence and gaps: what plugins share about a person's competencies without knowing one another."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from lms_bridge.context import PersonRef
from lms_bridge.db import current_agency, db, insert_new
from lms_bridge.events import EvidenceRecorded, GapClosed, GapOpened
from lms_bridge.models import Evidence, EvidenceKind, Gap
from lms_bridge.services.outbox import publish


def record_evidence(
    *,
    person: PersonRef,
    competency: str,
    value: Decimal,
    source: str,
    seen_at: dt.datetime,
    level: int | None = None,
    kind: EvidenceKind = EvidenceKind.OTHER,
) -> None:
    """Record one sign of a competency; the same source at the same moment is recorded once.

    :param competency: key such as ``asn-38-2017:M1``.
    :param value: 0-1; of raters the level that they give, or the mean of a group, as its share of the five levels.
    :param source: who recorded it, such as ``survey.wave-12.peer``.
    :param level: 0-5, where the source knows it; what a course gives counts by its level only.
    :param kind: who says it; a group of raters is recorded by its mean, and only if it is large enough.
    """
    key = {"person_id": person.id, "competency": competency, "source": source, "seen_at": seen_at}
    values = {"agency_id": current_agency(), "value": value, "level": level, "kind": kind}
    evidence_id = insert_new(Evidence.__table__, key=key, values=values)
    if evidence_id is not None:
        publish(EvidenceRecorded(evidence_id=evidence_id, person_id=person.id, competency=competency, source=source))


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One recorded sign of a competency: value 0-1, level 0-5 where its source knows it, and when it was seen."""

    id: int
    competency: str
    source: str
    kind: EvidenceKind
    value: Decimal
    level: int | None
    seen_at: dt.datetime


def evidence_of(person: PersonRef, *, since: dt.datetime) -> list[EvidenceView]:
    """Return what was seen of a person since a moment, the newest first."""
    rows = db.session.scalars(
        select(Evidence)
        .where(Evidence.person_id.in_(person.ids), Evidence.seen_at >= since)
        .order_by(Evidence.seen_at.desc(), Evidence.id.desc())
    )
    return [
        EvidenceView(row.id, row.competency, row.source, row.kind, row.value, row.level, row.seen_at) for row in rows
    ]


@dataclass(frozen=True, slots=True)
class GapView:
    """An open gap: levels 1-5 required and 0-5 attained."""

    competency: str
    required: int
    attained: int
    opened_at: dt.datetime


def _open(person: PersonRef, competency: str) -> Gap | None:
    return db.session.scalar(
        select(Gap).where(Gap.person_id == person.id, Gap.competency == competency, Gap.closed_at.is_(None))
    )


def open_gap(*, person: PersonRef, competency: str, required: int, attained: int, now: dt.datetime) -> Gap:
    """Say that a required level is not shown. An open gap with other levels is closed and a new one opened."""
    gap = _open(person, competency)
    if gap is not None and (gap.required, gap.attained) == (required, attained):
        return gap
    if gap is not None:
        gap.closed_at = now
        db.session.flush()
    gap = Gap(person_id=person.id, competency=competency, required=required, attained=attained, opened_at=now)
    db.session.add(gap)
    db.session.flush()
    publish(GapOpened(gap_id=gap.id, person_id=person.id, competency=competency))
    return gap


def close_gap(*, person: PersonRef, competency: str, now: dt.datetime) -> None:
    """Say that a required level is shown, or no longer required."""
    gap = _open(person, competency)
    if gap is not None:
        gap.closed_at = now
        db.session.flush()
        publish(GapClosed(gap_id=gap.id, person_id=person.id, competency=competency))


def gaps_of(person: PersonRef) -> list[GapView]:
    """Return a person's open gaps, the widest first."""
    rows = db.session.scalars(select(Gap).where(Gap.person_id.in_(person.ids), Gap.closed_at.is_(None)))
    views = [GapView(gap.competency, gap.required, gap.attained, gap.opened_at) for gap in rows]
    return sorted(views, key=lambda gap: (gap.attained - gap.required, gap.competency))
