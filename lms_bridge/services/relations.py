"""Who stands in which relation to whom: each relation is a query for the people to whom an actor has it.

What the actor is counts today: who left a post yesterday is nobody's head today, whatever day is asked about. Where
the other one belongs counts on the day that is asked about.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, case, exists, false, func, literal, or_, select, true
from sqlalchemy.orm import aliased

from lms_bridge.context import Actor
from lms_bridge.models import (
    Enrolment,
    Grant,
    ParticipantStatus,
    Person,
    Placement,
    PlacementKind,
    PlacementSuperior,
    PlatformUser,
    Post,
    Programme,
    ProgrammeParticipant,
    SuperiorKind,
    Unit,
    UnitClosure,
)
from lms_bridge.services.unit_tree import valid

People = Select[int]
# Made once: making an alias costs more than asking the database.
_Own, _Acting, _Theirs, _Heading = (aliased(Placement) for _ in range(4))
_HeadPost, _Below = aliased(Post), aliased(UnitClosure)


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks for which action; ``today`` counts for the actor, ``on`` for the others.

    ``headed`` are the units that the actor heads today. They are read before, since databases plan much better with
    their numbers, and most people head none.
    """

    actor: Actor
    action: str
    today: dt.date
    on: dt.date
    headed: tuple[int, ...] = ()


def _held(placement: Any, on: dt.date) -> ColumnElement[bool]:
    held: ColumnElement[bool] = valid(placement.valid_from, placement.valid_to, on)
    return held


def themselves(question: Question) -> People:
    """The actor, by every row that is theirs."""
    return select(Person.id).where(Person.id.in_(question.actor.person.ids))


def named_reports(question: Question) -> People:
    """Those whose placement names the actor as structural superior, while the actor holds a post."""
    return _named_by(question, SuperiorKind.STRUCTURAL)


def reports_acted_for(question: Question) -> People:
    """Those whose placement names somebody in whose post the actor acts today (Plt, Plh)."""
    represented = select(_Theirs.person_id).where(
        _Acting.person_id.in_(question.actor.person.ids), _acts_in_post_of_theirs(question.today)
    )
    return (
        select(Placement.person_id)
        .join(PlacementSuperior, _named(SuperiorKind.STRUCTURAL, question.on))
        .where(_held(Placement, question.on), PlacementSuperior.person_id.in_(represented))
    )


def reports_by_structure(question: Question) -> People:
    """Those for whom nobody in office is named, and the nearest head above whom, but themselves, is the actor."""
    reached = _units_reached(question)
    return (
        _without_named(question)
        .join(reached, reached.c.unit_id == Placement.unit_id)
        .where(reached.c.through.in_((NOBODY, Placement.person_id)))
    )


NOBODY, SEVERAL = 0, -1


def _units_reached(question: Question) -> CTE:
    """Walk down from the units that the actor heads, until somebody else heads a unit.

    A unit that one person alone heads is passed for them: they are who is below the actor there. ``through`` says who
    it is, or nobody. Worked example: the actor heads A, Budi alone heads B below A, and Citra heads C below B. Then
    (A, nobody) and (B, Budi) are reached, and C is not.
    """
    reached = (
        select(Unit.id.label("unit_id"), literal(NOBODY).label("through"))
        .where(Unit.id.in_(question.headed), valid(Unit.valid_from, Unit.valid_to, question.on))
        .cte(recursive=True)
    )
    through = reached.c.through
    head = _head_alone(question, through)
    step = (
        select(_Below.descendant_id, case((head == NOBODY, through), else_=head))
        .join(reached, reached.c.unit_id == _Below.ancestor_id)
        .where(_Below.depth == 1, valid(_Below.valid_from, _Below.valid_to, question.on))
        .where(or_(head.in_((NOBODY, through)), and_(through == NOBODY, head != SEVERAL)))
    )
    return reached.union(step)


def _head_alone(question: Question, through: Any) -> Any:
    """Who heads the unit below today: the one person, nobody or several."""
    lowest, highest = func.min(_Heading.person_id), func.max(_Heading.person_id)
    return (
        select(case((lowest.is_(None), NOBODY), (lowest == highest, lowest), else_=SEVERAL))
        .join(_HeadPost, _HeadPost.id == _Heading.post_id)
        .where(
            _Heading.unit_id == _Below.descendant_id, _HeadPost.heads_unit.is_(True), _held(_Heading, question.today)
        )
        # Always so, and says to PostgreSQL that this is asked about units that were reached and not about all.
        .where(through >= NOBODY)
        .correlate(_Below, through.table)
        .scalar_subquery()
    )


def _without_named(question: Question) -> People:
    """Those by appointment for whom no structural superior is named who is in office or represented."""
    represented = exists().where(
        _Theirs.person_id == PlacementSuperior.person_id, _acts_in_post_of_theirs(question.today)
    )
    named = select(PlacementSuperior.id).where(
        _named(SuperiorKind.STRUCTURAL, question.on), or_(_in_office(question), represented)
    )
    return select(Placement.person_id).where(
        Placement.kind == PlacementKind.DEFINITIVE,
        Placement.person_id.not_in(question.actor.person.ids),
        _held(Placement, question.on),
        ~exists(named.correlate(Placement)),
    )


def team_reports(question: Question) -> People:
    """Those whose placement names the actor as leader of a team, while the actor holds a post."""
    return _named_by(question, SuperiorKind.TEAM)


def _named_by(question: Question, kind: SuperiorKind) -> People:
    return (
        select(Placement.person_id)
        .join(PlacementSuperior, _named(kind, question.on))
        .where(
            _held(Placement, question.on),
            PlacementSuperior.person_id.in_(question.actor.person.ids),
            _in_office(question),
        )
    )


def _named(kind: SuperiorKind, on: dt.date) -> ColumnElement[bool]:
    return and_(
        PlacementSuperior.placement_id == Placement.id,
        PlacementSuperior.kind == kind,
        valid(PlacementSuperior.valid_from, PlacementSuperior.valid_to, on),
    )


def _in_office(question: Question) -> ColumnElement[bool]:
    """Who is named holds a post today."""
    return exists().where(_Own.person_id == PlacementSuperior.person_id, _held(_Own, question.today))


def _acts_in_post_of_theirs(today: dt.date) -> ColumnElement[bool]:
    """One placement acts today in the post, in the same unit, that the other holds or has held."""
    return and_(
        _Theirs.kind == PlacementKind.DEFINITIVE,
        _Theirs.valid_from <= today,
        _Acting.post_id == _Theirs.post_id,
        _Acting.unit_id == _Theirs.unit_id,
        _Acting.kind != PlacementKind.DEFINITIVE,
        _held(_Acting, today),
    )


def units_headed(actor: Actor, today: dt.date) -> People:
    """Return the query for the units that the actor heads today, by appointment or as Plt or Plh."""
    return (
        select(Placement.unit_id)
        .join(Post, Post.id == Placement.post_id)
        .where(Placement.person_id.in_(actor.person.ids), Post.heads_unit.is_(True), _held(Placement, today))
    )


def people_below(question: Question) -> People:
    """Everybody in the units that the actor heads today, and below them."""
    # Asked for each placement and not joined, so that one person costs no walk through the whole subtree.
    below = exists().where(
        UnitClosure.descendant_id == Placement.unit_id,
        UnitClosure.ancestor_id.in_(question.headed),
        valid(UnitClosure.valid_from, UnitClosure.valid_to, question.on),
    )
    return select(Placement.person_id).where(_held(Placement, question.on), below.correlate(Placement))


def everybody_for_analyst(question: Question) -> People:
    """Everybody of the agency, where the actor holds the grant of HR analyst."""
    return select(Person.id).where(_granted(question, "analyst"))


def participants_for_owner(question: Question) -> People:
    """Who is in a programme of which the actor is the owner; whoever withdrew is not."""
    return (
        select(ProgrammeParticipant.person_id)
        .join(Programme, Programme.id == ProgrammeParticipant.programme_id)
        .where(
            ProgrammeParticipant.status != ParticipantStatus.WITHDRAWN,
            _granted(question, "owner", Grant.scope == Programme.code),
        )
    )


def everybody_for_officer(question: Question) -> People:
    """Everybody of the agency, where the actor is named officer for this very action."""
    return select(Person.id).where(_granted(question, "officer", Grant.scope == question.action))


def _granted(question: Question, role: str, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        Grant.role == role,
        Grant.agency_id == question.actor.agency.id,
        Grant.person_id.in_(question.actor.person.ids),
        valid(Grant.valid_from, Grant.valid_to, question.today),
        *more,
    )


def course_members(question: Question) -> People:
    """The actor, and who stands in the roster of the course of this launch, where the LMS says that they teach it."""
    actor = question.actor
    if "instructor" not in actor.roles or actor.course is None:
        return select(Person.id).where(false())
    members = (
        select(PlatformUser.person_id)
        .join(Enrolment, Enrolment.platform_user_id == PlatformUser.id)
        .where(Enrolment.course_id == actor.course.id, Enrolment.in_roster.is_(True))
    )
    return select(Person.id).where(or_(Person.id.in_(actor.person.ids), Person.id.in_(members)))


def administrators_themselves(question: Question) -> People:
    """The actor, where the LMS says that they administer it: of the agency's people they see nobody."""
    is_one = "administrator" in question.actor.roles
    return themselves(question).where(true() if is_one else false())


def everybody_for_operator(question: Question) -> People:
    """Everybody of the agency, where the session was opened by the operator of the server."""
    return select(Person.id).where(true() if "operator" in question.actor.roles else false())


QUERIES: dict[str, tuple[Callable[[Question], People], ...]] = {
    "self": (themselves,),
    "superior": (named_reports, reports_acted_for, reports_by_structure),
    "team_superior": (team_reports,),
    "head": (people_below,),
    "analyst": (everybody_for_analyst,),
    "owner": (participants_for_owner,),
    "officer": (everybody_for_officer,),
    "instructor": (course_members,),
    "administrator": (administrators_themselves,),
    "operator": (everybody_for_operator,),
}
"""Each relation with its queries: whoever is in one of them is meant."""
OF_HEADS = frozenset({reports_by_structure, people_below})
"""Queries that find nobody for an actor who heads no unit."""
