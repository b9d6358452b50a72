"""Units that become others: mergers and splits, with the people and units in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import or_, select, update

from lms_bridge.db import db
from lms_bridge.models import Placement, Post, Unit, UnitClosure, UnitSuccession
from lms_bridge.services.indicators import mark_changed
from lms_bridge.services.placements import continue_placements, end_placements
from lms_bridge.services.unit_tree import UnitCircle, lies_below, lock_tree
from lms_bridge.services.units import (
    UnitInUse,
    check_stands,
    create_unit,
    end_unit,
    get_unit,
    move_unit,
    units_above,
)

log = structlog.get_logger("lms_bridge.organisation")


@dataclass(frozen=True, slots=True)
class UnitPart:
    """A unit that comes out of a split, with the placements and the units below that go on in it."""

    code: str
    name: str
    placement_ids: tuple[int, ...] = ()
    unit_ids: tuple[int, ...] = ()


def merge_units(unit_ids: Collection[int], into_id: int, *, on: dt.date) -> None:
    """Let units go on in another from a day on: ``on`` is the first day on which they are no more.

    Everybody in them goes on in the other unit with the same post, kind and superiors; but who headed one of them heads
    nothing from that day and needs a new placement, for the other unit has one head. Units below move along. The other
    unit may be one of those merged, which then takes in the rest.

    Worked example: Bidang Mutasi and Bidang Promosi become Bidang Karier on 1 January 2026. Create it from that day,
    then ``merge_units([mutasi, promosi], karier, on=date(2026, 1, 1))``. On 31 December the head of Mutasi still saw
    the people of Mutasi; from 1 January on whoever heads Karier sees the people of both.

    :raises NotThen: one of them does not exist on that day.
    :raises LaterChange: one of them has changed on that day or later.
    :raises UnitCircle: the unit that stays lies below one of those that end.
    """
    lock_tree()
    check_stands(get_unit(into_id), on, on + dt.timedelta(days=1))
    ending = [one for one in unit_ids if one != into_id]
    for unit_id in ending:
        if lies_below(into_id, unit_id, since=on):
            raise UnitCircle(f"unit {into_id} lies below {unit_id}")
    for unit_id in ending:
        for child, day in _children(unit_id, on):
            if child not in ending and child != into_id:
                move_unit(child, into_id, on=day)
    end_placements(_running(ending, on, heads=True), on=on)
    continue_placements(_running(ending, on, heads=False), into_id, on=on)
    db.session.execute(update(Post).where(Post.unit_id.in_(ending), Post.heads_unit.is_(False)).values(unit_id=into_id))
    for unit_id in _lowest_first(ending, on):
        end_unit(unit_id, on=on)
        db.session.add(UnitSuccession(predecessor_id=unit_id, successor_id=into_id, happened_on=on))
    db.session.flush()
    mark_changed([into_id])
    log.info("units merged", into=into_id, merged=sorted(ending))


def split_unit(unit_id: int, parts: Sequence[UnitPart], *, on: dt.date) -> list[Unit]:
    """Let a unit go on in several new ones beside it: ``on`` is the first day on which it is no more.

    Each placement and each unit below is named in the part in which it goes on; only who headed the unit needs none and
    heads nothing from that day.

    :raises UnitInUse: a placement or a unit below is in no part.
    :raises NotThen: the unit does not exist on the day before.
    :raises LaterChange: the unit has changed on that day or later.
    """
    lock_tree()
    unit = get_unit(unit_id)
    running = set(_running([unit_id], on, heads=False))
    children = dict(_children(unit_id, on))
    named = {one for part in parts for one in part.placement_ids}, {one for part in parts for one in part.unit_ids}
    if running - named[0] or children.keys() - named[1]:
        raise UnitInUse
    end_placements(_running([unit_id], on, heads=True), on=on)
    made = []
    for part in parts:
        new = create_unit(part.code, part.name, parent_id=unit.parent_id, valid_from=on, valid_to=unit.valid_to)
        for child in children.keys() & set(part.unit_ids):
            move_unit(child, new.id, on=children[child])
        continue_placements(running & set(part.placement_ids), new.id, on=on)
        db.session.add(UnitSuccession(predecessor_id=unit_id, successor_id=new.id, happened_on=on))
        made.append(new)
    end_unit(unit_id, on=on)
    log.info("unit split", unit=unit_id, into=[new.id for new in made])
    return made


def successors(unit_id: int) -> list[int]:
    """Return the ids of the units in which a unit went on; none while it stands or where nothing followed it."""
    return list(
        db.session.scalars(
            select(UnitSuccession.successor_id)
            .where(UnitSuccession.predecessor_id == unit_id)
            .order_by(UnitSuccession.successor_id)
        )
    )


def _children(unit_id: int, on: dt.date) -> list[tuple[int, dt.date]]:
    """Return the units right below a unit on a day or later, each with the day from which it can move."""
    rows = db.session.execute(
        select(Unit.id, Unit.valid_from)
        .join(UnitClosure, UnitClosure.descendant_id == Unit.id)
        .where(
            UnitClosure.ancestor_id == unit_id,
            UnitClosure.depth == 1,
            or_(UnitClosure.valid_to.is_(None), UnitClosure.valid_to > on),
        )
        .order_by(Unit.id)
    )
    return [(row.id, max(row.valid_from, on)) for row in rows]


def _lowest_first(unit_ids: Collection[int], on: dt.date) -> list[int]:
    """Return units so that one below another comes before it."""
    depths = dict.fromkeys(unit_ids, 0)
    for unit_id in unit_ids:
        depths[unit_id] = len(units_above(unit_id, on=on - dt.timedelta(days=1)))
    return sorted(depths, key=lambda unit_id: -depths[unit_id])


def _running(unit_ids: Collection[int], on: dt.date, *, heads: bool) -> list[int]:
    """Return the placements in units that run on past a day: those who head a unit, or the others."""
    return list(
        db.session.scalars(
            select(Placement.id)
            .join(Post, Post.id == Placement.post_id)
            .where(
                Placement.unit_id.in_(unit_ids),
                Post.heads_unit.is_(heads),
                or_(Placement.valid_to.is_(None), Placement.valid_to > on),
            )
        )
    )
