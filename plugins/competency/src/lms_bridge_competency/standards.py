"""The standard of a post: the level it requires of each competency. Never one level for a whole post."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from sqlalchemy import or_, select

from lms_bridge.api import CompetencyView, PersonRef, db, placement_of
from lms_bridge_competency.models import Requirement
from lms_bridge_competency.reference import REQUIREMENT_RULE, REQUIREMENT_VERSION, post_levels


class Basis(Enum):
    """Where a required level comes from."""

    POST = "post"
    POST_LEVEL = "post_level"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class RequiredLevel:
    """A required level, 0 when the post does not require the competency, and the rule it comes from."""

    level: int
    basis: Basis
    rule: str
    version: str
    confirmed: bool = True


Standard = dict[str, RequiredLevel]
"""Required levels by the key of the competency; one without any rule is missing."""


@dataclass(frozen=True, slots=True)
class PostView:
    """The post that somebody is measured against. ``declared`` when they chose its level themselves."""

    id: int | None
    name: str
    level: str
    unit: str
    declared: bool
    standard: Standard


def resolve_standard(competencies: Iterable[CompetencyView], *, post_id: int | None, post_level: str) -> Standard:
    """Return the standard of a post: its own rows first, then those of its level, then the shipped defaults."""
    mine = [Requirement.post_level == post_level]
    if post_id is not None:
        mine.append(Requirement.post_id == post_id)
    rows = db.session.scalars(select(Requirement).where(or_(*mine))).all()
    by_post = {row.competency: row for row in rows if row.post_id is not None}
    by_level = {row.competency: row for row in rows if row.post_id is None}
    default = post_levels().get(post_level)
    standard: Standard = {}
    for competency in competencies:
        if row := by_post.get(competency.key):
            standard[competency.key] = RequiredLevel(row.level, Basis.POST, row.rule, row.version)
        elif row := by_level.get(competency.key):
            standard[competency.key] = RequiredLevel(row.level, Basis.POST_LEVEL, row.rule, row.version)
        elif default:
            standard[competency.key] = RequiredLevel(
                default.required(competency.cluster),
                Basis.DEFAULT,
                REQUIREMENT_RULE,
                REQUIREMENT_VERSION,
                default.confirmed,
            )
    return standard


def post_of(
    person: PersonRef, competencies: Iterable[CompetencyView], *, on: dt.date, declared_level: str | None, locale: str
) -> PostView | None:
    """Return the post that a person is measured against on a day.

    The post that they hold counts; only while none with a standard is known does the level that they chose.
    """
    known = list(competencies)
    placement = placement_of(person, on=on)
    if placement is not None:
        standard = resolve_standard(known, post_id=placement.post_id, post_level=placement.post_level)
        if any(required.level for required in standard.values()):
            return PostView(
                placement.post_id, placement.post_name, placement.post_level, placement.unit_name, False, standard
            )
    declared = post_levels().get(declared_level or "")
    if declared is None:
        return None
    standard = resolve_standard(known, post_id=None, post_level=declared.code)
    return PostView(None, declared.name.in_language(locale), declared.code, "", True, standard)
