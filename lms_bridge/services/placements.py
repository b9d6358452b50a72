"""Placements: who holds which post where, since when and until when, and who is their superior."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Date, and_, case, delete, func, insert, literal, null, or_, select, update
from sqlalchemy.orm import aliased

from lms_bridge.context import PersonRef
from lms_bridge.db import current_agency, db
from lms_bridge.errors import Conflict, NotFound
from lms_bridge.models import (
    Placement,
    PlacementKind,
    PlacementSuperior,
    Post,
    SuperiorKind,
    UnitClosure,
)
from lms_bridge.services.unit_tree import FOREVER, valid
from lms_bridge.services.units import NotThen, check_stands, get_unit


class PlacementOverlap(Conflict):
    """The person holds this very post in this unit already in that time.

    What helps: End the first placement.
    """

    code = "placement-overlap"
    title = _l("This post is held already")

    def __init__(self) -> None:
        super().__init__(_("The person holds this post in this unit in that time. End that placement first."))


class PostElsewhere(Conflict):
    """The post belongs to another unit.

    What helps: Choose another post.
    """

    code = "post-elsewhere"
    title = _l("This post belongs to another unit")

    def __init__(self) -> None:
        super().__init__(_("Choose a post of the unit, or one that no unit has for itself."))


class OwnSuperior(Conflict):
    """Somebody would be their own superior.

    What helps: Choose somebody else.
    """

    code = "own-superior"
    title = _l("Nobody is their own superior")

    def __init__(self) -> None:
        super().__init__(_("Choose somebody else as superior."))


def get_placement(placement_id: int) -> Placement:
    """Return a placement of the agency.

    :raises NotFound: there is none with this id.
    """
    placement = db.session.scalar(select(Placement).where(Placement.id == placement_id))
    if placement is None:
        raise NotFound(_("There is no such placement."))
    return placement


def place(
    person: PersonRef,
    *,
    post_id: int,
    unit_id: int,
    kind: PlacementKind = PlacementKind.DEFINITIVE,
    valid_from: dt.date,
    valid_to: dt.date | None = None,
) -> Placement:
    """Record that somebody holds a post in a unit: ``valid_to`` is the first day on which they do not.

    Somebody may hold several posts, such as their own and, as Plt, that of their superior; see ``transfer`` for a
    change of post. Worked example: Plt Kepala Bidang for three months is
    ``place(ani, post_id=head, unit_id=bidang, kind=PlacementKind.PLT, valid_from=date(2026, 1, 5),
    valid_to=date(2026, 4, 5))``; on 5 April she heads nothing any more.

    :raises NotThen: the unit does not exist in all of that time.
    :raises PostElsewhere: another unit has this post for itself.
    :raises PlacementOverlap: the person holds it there already in that time.
    """
    post = db.session.scalar(select(Post).where(Post.id == post_id))
    if post is None:
        raise NotFound(_("There is no such post."))
    if post.unit_id not in {None, unit_id}:
        raise PostElsewhere
    check_stands(get_unit(unit_id), valid_from, valid_to)
    same = select(Placement.id).where(
        Placement.person_id.in_(person.ids),
        Placement.post_id == post_id,
        Placement.unit_id == unit_id,
        Placement.kind == kind,
        Placement.valid_from < (valid_to or FOREVER),
        _past(Placement.valid_to, valid_from),
    )
    if db.session.scalar(same.limit(1)) is not None:
        raise PlacementOverlap
    placement = Placement(
        person_id=person.id, post_id=post_id, unit_id=unit_id, kind=kind, valid_from=valid_from, valid_to=valid_to
    )
    db.session.add(placement)
    db.session.flush()
    return placement


def transfer(person: PersonRef, *, post_id: int, unit_id: int, on: dt.date) -> Placement:
    """Move somebody to another post or unit from a day on (mutasi): what they held by appointment ends on that day.

    Plt and Plh go on until their own end. Whom they led by the old placement they lead no more from that day.

    :raises NotThen, PostElsewhere, PlacementOverlap: as ``place``.
    """
    held = select(Placement.id).where(
        Placement.person_id.in_(person.ids),
        Placement.kind == PlacementKind.DEFINITIVE,
        Placement.valid_from < on,
        _past(Placement.valid_to, on),
    )
    end_placements(db.session.scalars(held).all(), on=on)
    return place(person, post_id=post_id, unit_id=unit_id, valid_from=on)


def end_placement(placement_id: int, *, on: dt.date) -> None:
    """End a placement: ``on`` is the first day on which the post is not held.

    :raises NotThen: it had not begun, or had ended before.
    """
    placement = get_placement(placement_id)
    if placement.valid_from >= on or (placement.valid_to is not None and placement.valid_to < on):
        raise NotThen(_("The placement does not run on the day before."))
    end_placements([placement_id], on=on)


def end_placements(ids: Collection[int], *, on: dt.date) -> None:
    """End placements that run on a day, with their superiors, and with what their holders led by them.

    Somebody who headed a unit is structural superior of nobody in it from that day, unless they head it by another
    placement; somebody who holds nothing any more is superior of nobody at all.
    """
    if not ids:
        return
    _end_superiors(PlacementSuperior.placement_id.in_(ids), on)
    _end_superiors(_led_by(ids, on), on)
    db.session.execute(update(Placement).where(Placement.id.in_(ids), Placement.valid_from < on).values(valid_to=on))
    holders = select(Placement.person_id).where(Placement.id.in_(ids))
    still = select(Placement.person_id).where(_past(Placement.valid_to, on))
    _end_superiors(
        and_(PlacementSuperior.person_id.in_(holders), PlacementSuperior.person_id.not_in(still)),
        on,
    )


def continue_placements(ids: Collection[int], unit_id: int, *, on: dt.date) -> None:
    """Let placements go on in another unit from a day on, with the same posts, ends and superiors."""
    if not ids:
        return
    end = func.max(func.coalesce(Placement.valid_to, literal(FOREVER, Date)))
    keys = Placement.person_id, Placement.post_id, Placement.kind
    going_on = (
        select(
            *keys,
            literal(unit_id),
            literal(on, Date),
            case((end == literal(FOREVER, Date), null()), else_=end),
            literal(current_agency()),
        )
        .where(Placement.id.in_(ids), Placement.valid_from < on)
        .group_by(*keys)
    )
    names = ["person_id", "post_id", "kind", "unit_id", "valid_from", "valid_to", "agency_id"]
    db.session.execute(insert(Placement).from_select(names, going_on))
    new = aliased(Placement)
    superiors = (
        select(
            new.id,
            PlacementSuperior.person_id,
            PlacementSuperior.kind,
            case((PlacementSuperior.valid_from > on, PlacementSuperior.valid_from), else_=literal(on, Date)),
            PlacementSuperior.valid_to,
            literal(current_agency()),
        )
        .join(Placement, Placement.id == PlacementSuperior.placement_id)
        .join(
            new,
            and_(
                new.person_id == Placement.person_id,
                new.post_id == Placement.post_id,
                new.kind == Placement.kind,
                new.unit_id == unit_id,
                new.valid_from == on,
            ),
        )
        .where(Placement.id.in_(ids), Placement.valid_from < on, _past(PlacementSuperior.valid_to, on))
        .distinct()
    )
    names = ["placement_id", "person_id", "kind", "valid_from", "valid_to", "agency_id"]
    db.session.execute(insert(PlacementSuperior).from_select(names, superiors))
    _end_superiors(
        PlacementSuperior.placement_id.in_(
            select(Placement.id).where(Placement.id.in_(ids), Placement.valid_from < on)
        ),
        on,
    )
    db.session.execute(update(Placement).where(Placement.id.in_(ids), Placement.valid_from < on).values(valid_to=on))
    db.session.execute(
        update(Placement).where(Placement.id.in_(ids), Placement.valid_from >= on).values(unit_id=unit_id)
    )


def name_superior(
    placement_id: int,
    superior: PersonRef,
    *,
    kind: SuperiorKind = SuperiorKind.STRUCTURAL,
    valid_from: dt.date,
    valid_to: dt.date | None = None,
) -> PlacementSuperior:
    """Name a superior of a placement; there may be several, by structure and of teams (ketua tim).

    :raises OwnSuperior: it is the person themselves.
    :raises NotThen: the placement has not begun on that day, or has ended.
    """
    placement = get_placement(placement_id)
    if placement.person_id in superior.ids:
        raise OwnSuperior
    if valid_from < placement.valid_from or (placement.valid_to is not None and valid_from >= placement.valid_to):
        raise NotThen(_("The placement does not run on that day."))
    row = PlacementSuperior(
        placement_id=placement_id, person_id=superior.id, kind=kind, valid_from=valid_from, valid_to=valid_to
    )
    db.session.add(row)
    db.session.flush()
    return row


def end_superior(placement_id: int, superior: PersonRef, *, kind: SuperiorKind, on: dt.date) -> None:
    """Say that somebody is no superior of a placement any more from a day on."""
    _end_superiors(
        and_(
            PlacementSuperior.placement_id == placement_id,
            PlacementSuperior.person_id.in_(superior.ids),
            PlacementSuperior.kind == kind,
        ),
        on,
    )


def _past(end: Any, on: dt.date) -> Any:
    return or_(end.is_(None), end > on)


def _led_by(ids: Collection[int], on: dt.date) -> Any:
    """The condition on superiors that they are so by heading, through these placements alone, a unit above."""
    head, other = aliased(Placement), aliased(Placement)
    by_another = (
        select(other.id)
        .join(Post, Post.id == other.post_id)
        .where(
            other.person_id == head.person_id,
            other.unit_id == head.unit_id,
            other.id.not_in(ids),
            Post.heads_unit.is_(True),
            _past(other.valid_to, on),
        )
    )
    led = (
        select(head.id)
        .join(Post, Post.id == head.post_id)
        .join(UnitClosure, UnitClosure.ancestor_id == head.unit_id)
        .join(Placement, Placement.unit_id == UnitClosure.descendant_id)
        .where(
            head.id.in_(ids),
            Post.heads_unit.is_(True),
            head.person_id == PlacementSuperior.person_id,
            Placement.id == PlacementSuperior.placement_id,
            valid(UnitClosure.valid_from, UnitClosure.valid_to, on - dt.timedelta(days=1)),
            ~by_another.exists(),
        )
    )
    return and_(PlacementSuperior.kind == SuperiorKind.STRUCTURAL, led.exists())


def _end_superiors(which: Any, on: dt.date) -> None:
    running = PlacementSuperior.valid_from < on, _past(PlacementSuperior.valid_to, on)
    fresh = {"execution_options": {"synchronize_session": False}}
    db.session.execute(update(PlacementSuperior).where(which, *running).values(valid_to=on), **fresh)
    db.session.execute(delete(PlacementSuperior).where(which, PlacementSuperior.valid_from >= on), **fresh)
