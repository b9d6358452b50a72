"""Who stands in which relation to whom: each relation is a query for the people to whom an actor has it.

What the actor is counts today: who left a post yesterday is nobody's head today, whatever day is asked about. Where
the other one belongs counts on the day that is asked about.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select, true
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
    UnitClosure,
)
from lms_bridge.services.unit_tree import valid

People = Select[int]


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks for which action; ``today`` counts for the actor, ``on`` for the others."""

    actor: Actor
    action: str
    today: dt.date
    on: dt.date


def _held(placement: Any, on: dt.date) -> ColumnElement[bool]:
    held: ColumnElement[bool] = valid(placement.valid_from, placement.valid_to, on)
    return held


def themselves(question: Question) -> People:
    """The actor, by every row that is theirs."""
    return select(Person.id).where(Person.id.in_(question.actor.person.ids))


def structural_reports(question: Question) -> People:
    """Those whose superior by structure the actor is.

    The superior whom the placement names, while in office, and whoever acts (Plt, Plh) in a post of theirs; where
    nobody in office is named, whoever heads the unit, or the nearest unit above that somebody else heads.
    """
    actor = question.actor.person.ids
    acting = aliased(Placement)
    named = select(PlacementSuperior.id).where(
        _named(SuperiorKind.STRUCTURAL, question.on),
        or_(
            and_(PlacementSuperior.person_id.in_(actor), _in_office(question)),
            _acted_for(question, acting, acting.person_id.in_(actor)),
        ),
    )
    by_structure = and_(Placement.person_id.not_in(actor), _nobody_is_named(question), _heads_nearest(question))
    return select(Placement.person_id).where(
        _held(Placement, question.on), or_(exists(named.correlate(Placement)), by_structure)
    )


def team_reports(question: Question) -> People:
    """Those whose placement names the actor as leader of a team, while the actor holds a post."""
    return (
        select(Placement.person_id)
        .join(PlacementSuperior, _named(SuperiorKind.TEAM, question.on))
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
    own = aliased(Placement)
    return exists().where(own.person_id == PlacementSuperior.person_id, _held(own, question.today))


def _acted_for(question: Question, acting: Any, *who: ColumnElement[bool]) -> ColumnElement[bool]:
    """Somebody acts today in a post, in the same unit, that the named superior holds or has held."""
    theirs = aliased(Placement)
    return exists().where(
        theirs.person_id == PlacementSuperior.person_id,
        theirs.kind == PlacementKind.DEFINITIVE,
        theirs.valid_from <= question.today,
        acting.post_id == theirs.post_id,
        acting.unit_id == theirs.unit_id,
        acting.kind != PlacementKind.DEFINITIVE,
        _held(acting, question.today),
        *who,
    )


def _nobody_is_named(question: Question) -> ColumnElement[bool]:
    named = select(PlacementSuperior.id).where(
        _named(SuperiorKind.STRUCTURAL, question.on),
        or_(_in_office(question), _acted_for(question, aliased(Placement))),
    )
    return ~exists(named.correlate(Placement))


def _heads_nearest(question: Question) -> ColumnElement[bool]:
    above, nearer = aliased(UnitClosure), aliased(UnitClosure)
    other, post = aliased(Placement), aliased(Post)
    somebody_nearer = (
        exists()
        .where(
            nearer.descendant_id == Placement.unit_id,
            nearer.depth < above.depth,
            valid(nearer.valid_from, nearer.valid_to, question.on),
            other.unit_id == nearer.ancestor_id,
            other.person_id != Placement.person_id,
            _held(other, question.today),
            post.id == other.post_id,
            post.heads_unit.is_(True),
        )
        .correlate(Placement, above)
    )
    return exists().where(
        Placement.kind == PlacementKind.DEFINITIVE,
        above.descendant_id == Placement.unit_id,
        above.ancestor_id.in_(_headed(question)),
        valid(above.valid_from, above.valid_to, question.on),
        ~somebody_nearer,
    )


def _headed(question: Question) -> People:
    """The units that the actor heads today, by appointment or as Plt or Plh."""
    own, post = aliased(Placement), aliased(Post)
    return (
        select(own.unit_id)
        .join(post, post.id == own.post_id)
        .where(
            own.person_id.in_(question.actor.person.ids),
            post.heads_unit.is_(True),
            _held(own, question.today),
        )
    )


def people_below(question: Question) -> People:
    """Everybody in the units that the actor heads today, and below them."""
    return (
        select(Placement.person_id)
        .join(UnitClosure, UnitClosure.descendant_id == Placement.unit_id)
        .where(
            UnitClosure.ancestor_id.in_(_headed(question)),
            valid(UnitClosure.valid_from, UnitClosure.valid_to, question.on),
            _held(Placement, question.on),
        )
    )


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


QUERIES: dict[str, Callable[[Question], People]] = {
    "self": themselves,
    "superior": structural_reports,
    "team_superior": team_reports,
    "head": people_below,
    "analyst": everybody_for_analyst,
    "owner": participants_for_owner,
    "officer": everybody_for_officer,
    "instructor": course_members,
    "administrator": administrators_themselves,
    "operator": everybody_for_operator,
}
