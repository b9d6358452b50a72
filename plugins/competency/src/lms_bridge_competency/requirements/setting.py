"""Setting what posts require. Nothing is overwritten but a row of the same day, so that earlier days stay known."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select

from lms_bridge.api import Conflict, _, _l, audit, db, freeze_frameworks
from lms_bridge_competency.models import Requirement


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a requirement is for: one post, or all posts of a level that have none of their own."""

    post_id: int | None = None
    post_level: str | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """By which decree a requirement holds, and since which day."""

    rule: str
    valid_from: dt.date


Levels = Mapping[str, int | None]
"""Required levels 0-5 by the key of the competency; none where the next wider rule applies."""


class LaterStandard(Conflict):
    """A requirement is set for a day before one that is known already, which would hide it at once.

    What helps: Choose that day or a later one.
    """

    code = "later-standard"
    title = _l("A later requirement is known already")

    def __init__(self, day: dt.date) -> None:
        super().__init__(
            _("The newest requirement holds from %(day)s. Choose that day or a later one.", day=day.isoformat())
        )


def own_levels(subjects: Collection[Subject]) -> dict[Subject, dict[str, Requirement]]:
    """Return for each subject by competency the row that begins last, also where its day is still to come."""
    posts = {one.post_id for one in subjects if one.post_id is not None}
    levels = {one.post_level for one in subjects if one.post_level is not None}
    query = select(Requirement).where(or_(Requirement.post_id.in_(posts), Requirement.post_level.in_(levels)))
    found: dict[Subject, dict[str, Requirement]] = defaultdict(dict)
    for row in db.session.scalars(query.order_by(Requirement.valid_from)):
        found[Subject(row.post_id, row.post_level)][row.competency] = row
    return found


def set_requirements(wanted: Mapping[Subject, Levels], basis: Basis) -> int:
    """Set what subjects require from a day on; returns how many requirements changed.

    What stays as it is gets no row. The dictionaries of what is required are fixed for ever from now on.

    :raises LaterStandard: a subject has a requirement that begins after the day.
    """
    known, changed, used = own_levels(wanted), 0, set[str]()
    for subject, levels in wanted.items():
        rows = known.get(subject, {})
        for competency, level in levels.items():
            if _set(subject, competency, level, rows.get(competency), basis):
                changed += 1
                used.add(competency)
    if changed:
        freeze_frameworks(used)
        audit("competency.standard-set", subjects=len(wanted), changes=changed, since=int(f"{basis.valid_from:%Y%m%d}"))
        db.session.flush()
    return changed


def _set(subject: Subject, competency: str, level: int | None, row: Requirement | None, basis: Basis) -> bool:
    before = (row.level, row.rule) if row is not None and row.level is not None else (None, basis.rule)
    if before == (level, basis.rule):
        return False
    if row is not None and row.valid_from > basis.valid_from:
        raise LaterStandard(row.valid_from)
    if row is None or row.valid_from < basis.valid_from:
        row = Requirement(
            post_id=subject.post_id,
            post_level=subject.post_level,
            competency=competency,
            valid_from=basis.valid_from,
        )
        db.session.add(row)
    row.level, row.rule, row.version = level, basis.rule, basis.valid_from.isoformat()
    return True
