"""Choosing the post that one aims at, and what is still missing for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, or_, select
from sqlalchemy.exc import IntegrityError

from lms_bridge.api import CompetencyView, NotFound, PersonRef, Post, _, competencies, db
from lms_bridge_competency.profile.models import Target
from lms_bridge_competency.reference import FRAMEWORK, post_levels
from lms_bridge_competency.rules import gap_of
from lms_bridge_competency.standards import dictionary_for, resolve_standard

MOST_FOUND = 20


@dataclass(frozen=True, slots=True)
class TargetLine:
    """One competency that the target post requires; ``attained`` and ``gap`` are empty where it was never rated."""

    competency: CompetencyView
    required: int
    attained: int | None

    @property
    def gap(self) -> int | None:
        """Levels missing for the target post."""
        return None if self.attained is None else gap_of(self.required, self.attained)


@dataclass(frozen=True, slots=True)
class TargetView:
    """The post that somebody aims at, competency by competency."""

    post_id: int
    name: str
    lines: tuple[TargetLine, ...]

    @property
    def missing(self) -> tuple[TargetLine, ...]:
        """What is below the target post, the widest gap first."""
        return tuple(sorted((one for one in self.lines if (one.gap or 0) > 0), key=lambda one: -(one.gap or 0)))


def target_of(person: PersonRef, attained: Mapping[str, int | None], *, on: dt.date) -> TargetView | None:
    """Return the post that somebody aims at, measured by the levels that they have; nothing where none is chosen."""
    chosen = select(Post).join(Target, Target.post_id == Post.id).where(Target.person_id.in_(person.ids))
    post = db.session.scalar(chosen.order_by(Target.chosen_at.desc()).limit(1))
    if post is None:
        return None
    standard = resolve_standard(competencies(FRAMEWORK), post_id=post.id, post_level=post.level, on=on)
    lines = tuple(
        TargetLine(one, standard[one.key].level, attained.get(one.key))
        for one in dictionary_for(key for key, required in standard.items() if required.level)
        if one.key in standard and standard[one.key].level
    )
    return TargetView(post.id, post.name, lines)


def find_posts(words: str) -> list[tuple[Post, str]]:
    """Return posts whose name or code has these words, with the name of their level; some twenty at most."""
    like = f"%{words.strip()}%"
    found = db.session.scalars(
        select(Post).where(or_(Post.name.ilike(like), Post.code.ilike(like))).order_by(Post.name).limit(MOST_FOUND)
    )
    levels = post_levels()
    return [(post, levels[post.level].name.indonesian if post.level in levels else post.level) for post in found]


def choose_target(post_id: int, *, person: PersonRef, now: dt.datetime) -> None:
    """Aim at a post, in the place of the one before.

    :raises NotFound: the agency has no such post.
    """
    if db.session.get(Post, post_id) is None:
        raise NotFound(_("There is no such post."))
    mine = select(Target).where(Target.person_id.in_(person.ids)).with_for_update()
    target = db.session.scalars(mine).first() or _first_target(person, post_id, now=now)
    target.post_id, target.chosen_at = post_id, now
    db.session.flush()


def _first_target(person: PersonRef, post_id: int, *, now: dt.datetime) -> Target:
    target = Target(person_id=person.id, post_id=post_id, chosen_at=now)
    try:
        with db.session.begin_nested():
            db.session.add(target)
    except IntegrityError:
        # Another tab chose at the same moment; the later choice counts.
        return db.session.scalars(select(Target).where(Target.person_id.in_(person.ids))).one()
    return target


def drop_target(person: PersonRef) -> None:
    """Aim at no post any more."""
    db.session.execute(delete(Target).where(Target.person_id.in_(person.ids)))
