"""Who leads whom on a day: heads of units, the people below them, superiors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import FromClause, Subquery, func, select, union_all
from sqlalchemy.orm import aliased

from lms_bridge.context import PersonRef
from lms_bridge.db import db
from lms_bridge.models import (
    Person,
    Placement,
    PlacementKind,
    PlacementSuperior,
    Post,
    SuperiorKind,
    Unit,
    UnitClosure,
    UnitHistory,
)
from lms_bridge.services.unit_tree import valid
from lms_bridge.services.units import name_then, then


@dataclass(frozen=True, slots=True)
class PlacedPerson:
    """Somebody with the post that they hold in a unit on a day; ``person_id`` is the same for all their rows."""

    person_id: int
    name: str
    post_id: int
    post_name: str
    kind: PlacementKind
    unit_id: int
    unit_name: str


@dataclass(frozen=True, slots=True)
class SuperiorView:
    """A superior, and whether by structure or by leading a team."""

    person_id: int
    name: str
    kind: SuperiorKind


def heads_of(unit_id: int, *, on: dt.date) -> list[PlacedPerson]:
    """Return who heads a unit on a day: its head by appointment first, then Plt, then Plh; perhaps nobody."""
    heads = _placed([unit_id], on=on, heads=True)
    order = list(PlacementKind)
    return sorted(heads, key=lambda head: order.index(head.kind))


def units_headed(person: PersonRef, *, on: dt.date) -> list[int]:
    """Return the ids of the units that somebody heads on a day, by appointment or as Plt or Plh."""
    return sorted(
        db.session.scalars(
            select(Placement.unit_id)
            .join(Post, Post.id == Placement.post_id)
            .where(
                Placement.person_id.in_(person.ids),
                Post.heads_unit.is_(True),
                valid(Placement.valid_from, Placement.valid_to, on),
            )
            .distinct()
        )
    )


def subtree_people(head: PersonRef, *, on: dt.date) -> list[PlacedPerson]:
    """Return who was below a head on a day: everybody in the units that they headed and below, without themselves.

    Worked example: Rahmat headed Bidang A until 1 July 2025. ``subtree_people(rahmat, on=date(2025, 6, 30))`` is
    everybody in A and below it on that day, also who has left since; ``on=date(2025, 7, 1)`` gives nobody.
    """
    units = units_headed(head, on=on)
    return [one for one in _placed(units, on=on) if one.person_id not in head.ids] if units else []


def people_in(unit_id: int, *, on: dt.date) -> list[PlacedPerson]:
    """Return everybody in a unit and below it on a day, each once: with the post by appointment before others."""
    return _placed([unit_id], on=on)


def placed_below(unit_id: int, *, on: dt.date) -> Subquery:
    """Return, for joins in a query of one's own, everybody who holds a post in a unit or below it on a day.

    Columns: ``person_id``, the same for all rows of a person; ``branch_id``, the unit directly below the one asked
    about in which they are, or that unit itself; ``post_id`` and ``unit_id``. One row for each post held by
    appointment: whoever acts elsewhere as Plt or Plh is counted where they belong.
    """
    within, branch, child = aliased(UnitClosure), aliased(UnitClosure), aliased(UnitClosure)
    branches = (
        select(branch.descendant_id, branch.ancestor_id)
        .join(child, child.descendant_id == branch.ancestor_id)
        .where(
            child.ancestor_id == unit_id,
            child.depth == 1,
            valid(child.valid_from, child.valid_to, on),
            valid(branch.valid_from, branch.valid_to, on),
        )
        .subquery()
    )
    return (
        select(
            func.coalesce(Person.same_as_id, Person.id).label("person_id"),
            func.coalesce(branches.c.ancestor_id, Placement.unit_id).label("branch_id"),
            Placement.unit_id,
            Placement.post_id,
        )
        .join(Placement, Placement.person_id == Person.id)
        .join(within, within.descendant_id == Placement.unit_id)
        .outerjoin(branches, branches.c.descendant_id == Placement.unit_id)
        .where(
            within.ancestor_id == unit_id,
            valid(within.valid_from, within.valid_to, on),
            valid(Placement.valid_from, Placement.valid_to, on),
            Placement.kind == PlacementKind.DEFINITIVE,
        )
        .subquery("placed")
    )


def person_rows(people: FromClause) -> Subquery:
    """Return people with every row that is the same person, for joins to what is kept about them.

    Columns: all of ``people``, which has the column ``person_id`` of ``placed_below``, and ``row_id``.
    """
    # The table itself, whose rows need no agency of their own here: SQLite without statistics would look through all of
    # the agency's people for each of them.
    person = Person.__table__
    own = select(*people.c, people.c.person_id.label("row_id"))
    linked = select(*people.c, person.c.id).join(person, person.c.same_as_id == people.c.person_id)
    return union_all(own, linked).subquery()


def superiors_of(person: PersonRef, *, on: dt.date) -> list[SuperiorView]:
    """Return somebody's superiors on a day, structural ones first.

    Those that the placements name count. Where none is named by structure, it is whoever heads the unit, or the nearest
    unit above that somebody else heads.
    """
    rows = db.session.execute(
        select(Person.id, Person.name, Person.same_as_id, PlacementSuperior.kind)
        .join(PlacementSuperior, PlacementSuperior.person_id == Person.id)
        .join(Placement, Placement.id == PlacementSuperior.placement_id)
        .where(
            Placement.person_id.in_(person.ids),
            valid(Placement.valid_from, Placement.valid_to, on),
            valid(PlacementSuperior.valid_from, PlacementSuperior.valid_to, on),
        )
        .order_by(PlacementSuperior.id)
    )
    named = list(dict.fromkeys(SuperiorView(row.same_as_id or row.id, row.name, row.kind) for row in rows))
    structural = [one for one in named if one.kind == SuperiorKind.STRUCTURAL] or _by_structure(person, on)
    return structural + [one for one in named if one.kind == SuperiorKind.TEAM]


def _by_structure(person: PersonRef, on: dt.date) -> list[SuperiorView]:
    """Whoever heads the nearest unit, from each that somebody is in by appointment upwards, that others head."""
    own = aliased(Placement)
    rows = db.session.execute(
        select(UnitClosure.descendant_id, UnitClosure.depth, Person.id, Person.same_as_id, Person.name)
        .join(own, own.unit_id == UnitClosure.descendant_id)
        .join(Placement, Placement.unit_id == UnitClosure.ancestor_id)
        .join(Post, Post.id == Placement.post_id)
        .join(Person, Person.id == Placement.person_id)
        .where(
            own.person_id.in_(person.ids),
            own.kind == PlacementKind.DEFINITIVE,
            Placement.person_id.not_in(person.ids),
            Post.heads_unit.is_(True),
            valid(own.valid_from, own.valid_to, on),
            valid(UnitClosure.valid_from, UnitClosure.valid_to, on),
            valid(Placement.valid_from, Placement.valid_to, on),
        )
        .order_by(own.id, UnitClosure.depth, Placement.id)
    )
    nearest: dict[int, int] = {}
    found: dict[int, SuperiorView] = {}
    for unit_id, depth, row_id, same_as_id, name in rows:
        if nearest.setdefault(unit_id, depth) == depth:
            head = same_as_id or row_id
            found.setdefault(head, SuperiorView(head, name, SuperiorKind.STRUCTURAL))
    return list(found.values())


def _placed(unit_ids: Collection[int], *, on: dt.date, heads: bool = False) -> list[PlacedPerson]:
    """Return people in units and below them, each once; or the placements that head these very units."""
    rows = db.session.execute(
        select(
            Person.id,
            Person.same_as_id,
            Person.name,
            Placement.kind,
            Post.id.label("post_id"),
            Post.name.label("post_name"),
            Unit.id.label("unit_id"),
            name_then().label("unit_name"),
        )
        .join(Placement, Placement.person_id == Person.id)
        .join(Post, Post.id == Placement.post_id)
        .join(Unit, Unit.id == Placement.unit_id)
        .join(UnitClosure, UnitClosure.descendant_id == Unit.id)
        .outerjoin(UnitHistory, then(on))
        .where(
            UnitClosure.ancestor_id.in_(unit_ids),
            valid(UnitClosure.valid_from, UnitClosure.valid_to, on),
            valid(Placement.valid_from, Placement.valid_to, on),
            *((UnitClosure.depth == 0, Post.heads_unit.is_(True)) if heads else ()),
        )
        .order_by(Person.name, Placement.kind != PlacementKind.DEFINITIVE, Placement.id)
    )
    found: dict[int, PlacedPerson] = {}
    for row in rows:
        person_id = row.same_as_id or row.id
        placed = PlacedPerson(person_id, row.name, row.post_id, row.post_name, row.kind, row.unit_id, row.unit_name)
        found.setdefault(person_id, placed)
    return list(found.values())
