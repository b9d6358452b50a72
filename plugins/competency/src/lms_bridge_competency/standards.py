"""The standard of a post: the level it requires of each competency. Never one level for a whole post."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from sqlalchemy import or_, select

from lms_bridge.api import CompetencyView, PersonRef, competencies, competencies_by_key, db, placement_of
from lms_bridge_competency.models import Requirement
from lms_bridge_competency.reference import FRAMEWORK, REQUIREMENT_RULE, REQUIREMENT_VERSION, post_levels


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
    """The post that somebody is measured against. ``declared`` when they chose its level themselves.

    ``competencies`` are the official ones and those technical ones that the post requires.
    """

    id: int | None
    name: str
    level: str
    unit: str
    declared: bool
    standard: Standard
    competencies: tuple[CompetencyView, ...] = ()


def resolve_standard(
    official: Iterable[CompetencyView], *, post_id: int | None, post_level: str, on: dt.date
) -> Standard:
    """Return the standard of a post on a day: its own rows first, then those of its level, then the shipped defaults.

    :param official: the competencies that the shipped defaults are about; others count where a row requires them.
    """
    standard = shipped_standard(official, post_level)
    for basis, row in _own_rows(post_id, post_level, on=on):
        standard[row.competency] = RequiredLevel(row.level or 0, basis, row.rule, row.version)
    return standard


def shipped_standard(official: Iterable[CompetencyView], post_level: str) -> Standard:
    """Return what is usually required in posts of a level; nothing where the level is unknown."""
    default = post_levels().get(post_level)
    if default is None:
        return {}
    return {
        one.key: RequiredLevel(
            default.required(one.cluster), Basis.DEFAULT, REQUIREMENT_RULE, REQUIREMENT_VERSION, default.confirmed
        )
        for one in official
    }


def _own_rows(post_id: int | None, post_level: str, *, on: dt.date) -> Iterator[tuple[Basis, Requirement]]:
    """Yield what the agency itself requires on a day, of the level first, then of the post."""
    mine = [Requirement.post_level == post_level]
    if post_id is not None:
        mine.append(Requirement.post_id == post_id)
    rows = db.session.scalars(
        select(Requirement).where(or_(*mine), Requirement.valid_from <= on).order_by(Requirement.valid_from)
    ).all()
    for basis in (Basis.POST_LEVEL, Basis.POST):
        newest = {row.competency: row for row in rows if (row.post_id is None) is (basis is Basis.POST_LEVEL)}
        yield from ((basis, row) for row in newest.values() if row.level is not None)


def dictionary_for(keys: Iterable[str]) -> tuple[CompetencyView, ...]:
    """Return the official competencies, and after them those of other dictionaries among these keys, by name.

    Codes of other dictionaries may repeat; there the key stands for the code.
    """
    official = tuple(competencies(FRAMEWORK))
    besides = set(keys) - {one.key for one in official}
    if not besides:
        return official
    found = sorted(competencies_by_key(besides).values(), key=lambda one: one.name)
    return (*official, *(replace(one, code=one.key) for one in found))


def _required_of(standard: Standard) -> tuple[CompetencyView, ...]:
    return dictionary_for(key for key, one in standard.items() if one.level)


def post_of(
    person: PersonRef, official: Iterable[CompetencyView], *, on: dt.date, declared_level: str | None, locale: str
) -> PostView | None:
    """Return the post that a person is measured against on a day.

    The post that they hold counts; only while none with a standard is known does the level that they chose.
    """
    known = list(official)
    placement = placement_of(person, on=on)
    if placement is not None:
        standard = resolve_standard(known, post_id=placement.post_id, post_level=placement.post_level, on=on)
        if any(required.level for required in standard.values()):
            return PostView(
                placement.post_id,
                placement.post_name,
                placement.post_level,
                placement.unit_name,
                False,
                standard,
                _required_of(standard),
            )
    declared = post_levels().get(declared_level or "")
    if declared is None:
        return None
    standard = resolve_standard(known, post_id=None, post_level=declared.code, on=on)
    name = declared.name.in_language(locale)
    return PostView(None, name, declared.code, "", True, standard, _required_of(standard))
