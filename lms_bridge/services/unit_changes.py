"""Renaming, moving and merging a unit by hand: what would follow is shown first, then done as it was shown."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from enum import Enum

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from lms_bridge.db import db
from lms_bridge.errors import Conflict
from lms_bridge.models import Person, Placement, Post, UnitClosure
from lms_bridge.services.audit import audit
from lms_bridge.services.reorganisation import merge_units
from lms_bridge.services.unit_tree import lock_tree, valid
from lms_bridge.services.units import get_unit, move_unit, rename_unit


class Act(Enum):
    """What is done to a unit."""

    RENAME = "rename"
    MOVE = "move"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class UnitChange:
    """A change of a unit from a day on: its new name, or the unit below which it comes (nothing: at the top), or the
    unit in which it goes on."""

    act: Act
    unit_id: int
    on: dt.date
    name: str = ""
    target_id: int | None = None


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a change brings: people and units that it concerns, itself among these, and who heads them no more or from
    that day on, by name. ``seen`` stands for all of it."""

    people: int
    units: int
    heads_no_more: tuple[str, ...]
    heads_from_then: tuple[str, ...]
    seen: str


class ChangedMeanwhile(Conflict):
    """A change of a unit would bring something else than what was shown before.

    What helps: Look at what it brings now, and confirm again.
    """

    code = "changed-meanwhile"
    title = _l("Something has changed since you looked")

    def __init__(self) -> None:
        super().__init__(_("Look at what the change brings now, and confirm again."))


def foresee(change: UnitChange) -> Consequences:
    """Return what a change would bring; nothing is kept of it.

    :raises NotThen, LaterChange, UnitCircle: as the change itself.
    """
    lock_tree()
    savepoint = db.session.begin_nested()
    try:
        return _carry_out(change)
    finally:
        savepoint.rollback()


def carry_out(change: UnitChange, *, seen: str) -> None:
    """Make a change, if it brings what was shown; note it in the audit log.

    :raises ChangedMeanwhile: it brings something else by now, for somebody changed the unit or who works in it.
    :raises NotThen, LaterChange, UnitCircle: as ``rename_unit``, ``move_unit`` and ``merge_units``.
    """
    lock_tree()
    with db.session.begin_nested():
        if _carry_out(change).seen != seen:
            raise ChangedMeanwhile
    day = int(change.on.strftime("%Y%m%d"))
    audit(f"unit.{change.act.value}", unit=change.unit_id, target=change.target_id, day=day)


def _carry_out(change: UnitChange) -> Consequences:
    unit = get_unit(change.unit_id)
    people, units = _size(unit.id, change.on)
    before, was = _heads(unit.id, change.on), (unit.name, unit.parent_id)
    if change.act is Act.RENAME:
        rename_unit(unit.id, change.name, on=change.on)
    elif change.act is Act.MOVE:
        move_unit(unit.id, change.target_id, on=change.on)
    elif change.target_id is not None:
        merge_units([unit.id], change.target_id, on=change.on)
    goes_on = change.target_id if change.act is Act.MERGE and change.target_id is not None else unit.id
    db.session.flush()
    after = _heads(goes_on, change.on)
    facts = (was, people, units, sorted(before), sorted(after))
    return Consequences(
        people=people,
        units=units,
        heads_no_more=tuple(before[one] for one in before if one not in after),
        heads_from_then=tuple(after[one] for one in after if one not in before),
        seen=hashlib.sha256(repr(facts).encode()).hexdigest()[:16],
    )


def _size(unit_id: int, on: dt.date) -> tuple[int, int]:
    """Return how many people and units are in a unit and below it on a day."""
    below = UnitClosure.ancestor_id == unit_id, valid(UnitClosure.valid_from, UnitClosure.valid_to, on)
    people = (
        select(func.count(func.distinct(func.coalesce(Person.same_as_id, Person.id))))
        .join(Placement, Placement.person_id == Person.id)
        .join(UnitClosure, UnitClosure.descendant_id == Placement.unit_id)
        .where(*below, valid(Placement.valid_from, Placement.valid_to, on))
    )
    units = select(func.count()).select_from(UnitClosure).where(*below)
    return db.session.scalar(people) or 0, db.session.scalar(units) or 0


def _heads(unit_id: int, on: dt.date) -> dict[int, str]:
    """Return who heads a unit or one above it on a day, the nearest first."""
    rows = db.session.execute(
        select(Person.id, Person.name)
        .join(Placement, Placement.person_id == Person.id)
        .join(Post, Post.id == Placement.post_id)
        .join(UnitClosure, UnitClosure.ancestor_id == Placement.unit_id)
        .where(
            UnitClosure.descendant_id == unit_id,
            Post.heads_unit.is_(True),
            valid(UnitClosure.valid_from, UnitClosure.valid_to, on),
            valid(Placement.valid_from, Placement.valid_to, on),
        )
        .order_by(UnitClosure.depth, Person.name)
    )
    return {row.id: row.name for row in rows}
