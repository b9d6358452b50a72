"""Looking at what posts require: the list of posts, one of them beside what applies to it, and how it came about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from lms_bridge.api import CompetencyView, NotFound, Placement, PlacementKind, Post, _, competencies, db
from lms_bridge_competency.models import Requirement
from lms_bridge_competency.reference import FRAMEWORK, post_levels
from lms_bridge_competency.requirements.setting import Subject
from lms_bridge_competency.standards import RequiredLevel, dictionary_for, resolve_standard, shipped_standard

PAGE = 50


class Show(Enum):
    """Which posts are listed."""

    ALL = "all"
    OWN = "own"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post of the list. ``own`` counts the competencies for which it has a level of its own."""

    id: int
    code: str
    name: str
    level: str
    holders: int
    own: int
    by_level: bool
    shipped: bool

    @property
    def without(self) -> bool:
        """Whether nothing says what the post requires."""
        return not (self.own or self.by_level or self.shipped)


def find_posts(*, on: dt.date, show: Show, words: str, page: int) -> tuple[list[PostRow], int]:
    """Return a page of posts by name, and how many there are."""
    query = select(Post.id).where(*_asked(show, words))
    count = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    ids = query.order_by(Post.name, Post.id).limit(PAGE).offset((page - 1) * PAGE)
    return _rows(list(db.session.scalars(ids)), on=on), count


def _asked(show: Show, words: str) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if words:
        like = f"%{words.replace('%', '').replace('_', '')}%"
        asked.append(or_(Post.name.ilike(like), Post.code.ilike(like)))
    own = exists().where(Requirement.post_id == Post.id, Requirement.level.is_not(None))
    if show is Show.OWN:
        asked.append(own)
    if show is Show.NONE:
        asked += [~own, Post.level.not_in([*post_levels(), *_levels_with_rows()])]
    return asked


def _levels_with_rows() -> list[str]:
    rows = select(Requirement.post_level).where(Requirement.post_level.is_not(None), Requirement.level.is_not(None))
    return [level for level in db.session.scalars(rows.distinct()) if level]


def _rows(ids: Sequence[int], *, on: dt.date) -> list[PostRow]:
    held = (
        select(func.count(Placement.person_id.distinct()))
        .where(
            Placement.post_id == Post.id,
            Placement.kind == PlacementKind.DEFINITIVE,
            Placement.valid_from <= on,
            or_(Placement.valid_to.is_(None), Placement.valid_to > on),
        )
        .correlate(Post)
        .scalar_subquery()
    )
    own = (
        select(func.count(Requirement.competency.distinct()))
        .where(Requirement.post_id == Post.id, Requirement.level.is_not(None))
        .correlate(Post)
        .scalar_subquery()
    )
    query: Select[Any] = select(Post.id, Post.code, Post.name, Post.level, held, own).where(Post.id.in_(ids))
    levels = set(_levels_with_rows())
    found = {row[0]: PostRow(*row, row[3] in levels, row[3] in post_levels()) for row in db.session.execute(query)}
    return [found[post_id] for post_id in ids]


@dataclass(frozen=True, slots=True)
class SubjectView:
    """A post, or a level of posts, whose requirements are set."""

    subject: Subject
    name: str
    code: str
    level: str


def open_subject(subject: Subject, *, locale: str) -> SubjectView:
    """Return what a subject is called.

    :raises NotFound: there is no such post in the agency, or no such level.
    """
    if subject.post_level is not None:
        known = post_levels().get(subject.post_level)
        if known is None:
            raise NotFound(_("There is no such level of posts."))
        return SubjectView(subject, known.name.in_language(locale), known.code, known.code)
    post = db.session.scalar(select(Post).where(Post.id == subject.post_id))
    if post is None:
        raise NotFound(_("There is no such post."))
    return SubjectView(subject, post.name, post.code, post.level)


@dataclass(frozen=True, slots=True)
class Line:
    """A competency with the level of one's own, if any, and what else would apply."""

    competency: CompetencyView
    own: Requirement | None
    otherwise: RequiredLevel | None


def lines_of(view: SubjectView, own: dict[str, Requirement], *, on: dt.date, found: Sequence[str] = ()) -> list[Line]:
    """Return the official competencies, those set for the subject, and those just searched for."""
    official = competencies(FRAMEWORK)
    if view.subject.post_id is None:
        wider = shipped_standard(official, view.level)
    else:
        wider = resolve_standard(official, post_id=None, post_level=view.level, on=on)
    shown = dictionary_for([*own, *wider, *found])
    return [Line(one, own.get(one.key), wider.get(one.key)) for one in shown]


def history_of(subject: Subject) -> list[tuple[dt.date, str, int]]:
    """Return since when which decree set how many levels, the newest first."""
    mine = Requirement.post_id == subject.post_id if subject.post_id else Requirement.post_level == subject.post_level
    rows = (
        select(Requirement.valid_from, Requirement.rule, func.count())
        .where(mine)
        .group_by(Requirement.valid_from, Requirement.rule)
        .order_by(Requirement.valid_from.desc(), Requirement.rule)
    )
    return [(day, rule, count) for day, rule, count in db.session.execute(rows)]
