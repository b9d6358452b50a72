"""People and the organisation they work in: every permission hangs on these rows."""

from __future__ import annotations

import datetime as dt
from enum import Enum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.db import AgencyOwned, Code, Model, Name


class Matching(Enum):
    """What may still happen to somebody whom the LMS brought and the agency's data does not know."""

    AUTOMATIC = "automatic"
    """The agency's rules may find them; until then they wait in the queue."""
    BY_HAND = "by_hand"
    """An analyst took a link back: they wait, and no rule links them again."""
    DISMISSED = "dismissed"
    """They need no post, such as a guest speaker: they do not wait."""


class Person(Model, AgencyOwned):
    """Somebody known to the agency. Rows are never merged: ``same_as_id`` links two, and unlinking is exact.

    Links form stars, never chains or circles: the row that others point to points nowhere itself.
    """

    __tablename__ = "core_person"
    __table_args__ = (
        UniqueConstraint("agency_id", "nip"),
        Index(None, "agency_id", "email"),
        CheckConstraint("same_as_id <> id", name="not_itself"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    nip: Mapped[Code | None]
    """18 digits, or nothing while unknown."""
    name: Mapped[Name]
    """As the agency writes it, with degrees; one word is enough."""
    email: Mapped[Name | None]
    employment: Mapped[Code | None]
    """PNS or PPPK."""
    grade: Mapped[Code | None]
    locale: Mapped[Code | None]
    same_as_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"), index=True)
    matching: Mapped[Matching] = mapped_column(default=Matching.AUTOMATIC, server_default=Matching.AUTOMATIC.value)
    created_at: Mapped[dt.datetime]
    erased_at: Mapped[dt.datetime | None]
    """When all that tells who this was, was removed; the row stays for what must stay true, such as the audit log."""


class Unit(Model, AgencyOwned):
    """An organisational unit, with its latest name and place; what it was before stands in its history.

    A rename or a move keeps the row, so whatever refers to the unit goes on referring to it.
    """

    __tablename__ = "core_unit"
    __table_args__ = (
        UniqueConstraint("agency_id", "code"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="dates"),
        CheckConstraint("parent_id <> id", name="not_itself"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[Code]
    name: Mapped[Name]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("core_unit.id"), index=True)
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]
    """First day on which the unit is no more; nothing while it stands."""


class UnitHistory(Model, AgencyOwned):
    """What a unit was called and where it lay, from one day until before another, the day of its next change.

    Together with the present row of the unit this is the truth from which the closure table is derived.
    """

    __tablename__ = "core_unit_history"
    __table_args__ = (
        UniqueConstraint("unit_id", "valid_from"),
        CheckConstraint("valid_to > valid_from", name="dates"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("core_unit.id", ondelete="CASCADE"))
    name: Mapped[Name]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("core_unit.id"), index=True)
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date]


class UnitSuccession(Model, AgencyOwned):
    """That a unit went on, whole or in part, in another: several into one is a merger, one into several a split."""

    __tablename__ = "core_unit_succession"
    __table_args__ = (UniqueConstraint("predecessor_id", "successor_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    predecessor_id: Mapped[int] = mapped_column(ForeignKey("core_unit.id", ondelete="CASCADE"))
    successor_id: Mapped[int] = mapped_column(ForeignKey("core_unit.id", ondelete="CASCADE"), index=True)
    happened_on: Mapped[dt.date]


class UnitClosure(Model, AgencyOwned):
    """That one unit lay below (depth > 0) or was (depth 0) another, and when. Derived; never written by hand."""

    __tablename__ = "core_unit_closure"
    __table_args__ = (
        UniqueConstraint("ancestor_id", "descendant_id", "valid_from"),
        Index(None, "descendant_id", "ancestor_id"),
        # A circle in the tree would come back to its start or never end: neither can be stored.
        CheckConstraint("(depth = 0) = (ancestor_id = descendant_id) AND depth BETWEEN 0 AND 64", name="depth"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ancestor_id: Mapped[int] = mapped_column(ForeignKey("core_unit.id", ondelete="CASCADE"))
    descendant_id: Mapped[int] = mapped_column(ForeignKey("core_unit.id", ondelete="CASCADE"))
    depth: Mapped[int]
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]


class Post(Model, AgencyOwned):
    """A post (jabatan) with its type and level, for example JF_KEAHLIAN and AHLI_MUDA."""

    __tablename__ = "core_post"
    __table_args__ = (UniqueConstraint("agency_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[Code]
    name: Mapped[Name]
    type: Mapped[Code]
    level: Mapped[Code]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("core_unit.id"), index=True)
    """The unit that alone has this post; nothing where several units have it."""
    heads_unit: Mapped[bool] = mapped_column(default=False)


class PlacementKind(Enum):
    """How a post is held: by appointment, or acting while it is vacant (plt) or its holder is away (plh)."""

    DEFINITIVE = "definitive"
    PLT = "plt"
    PLH = "plh"


class Placement(Model, AgencyOwned):
    """That a person held a post in a unit, from one day until before another. History: ended, never deleted."""

    __tablename__ = "core_placement"
    __table_args__ = (
        UniqueConstraint("person_id", "post_id", "unit_id", "kind", "valid_from"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="dates"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    post_id: Mapped[int] = mapped_column(ForeignKey("core_post.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("core_unit.id"), index=True)
    kind: Mapped[PlacementKind] = mapped_column(default=PlacementKind.DEFINITIVE)
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]


class SuperiorKind(Enum):
    """Whether somebody is superior by structure or by leading a team."""

    STRUCTURAL = "structural"
    TEAM = "team"


class PlacementSuperior(Model, AgencyOwned):
    """One of possibly several superiors of a placement."""

    __tablename__ = "core_placement_superior"
    __table_args__ = (
        UniqueConstraint("placement_id", "person_id", "kind", "valid_from"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="dates"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    placement_id: Mapped[int] = mapped_column(ForeignKey("core_placement.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), index=True)
    kind: Mapped[SuperiorKind] = mapped_column(default=SuperiorKind.STRUCTURAL)
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]


class Grant(Model, AgencyOwned):
    """A right given by name; with an NIP only, it waits for the first trusted launch or import with it.

    An analyst holds it for the whole agency, the others for what ``scope`` names: the owner for a programme (its code),
    the officer for one action.
    """

    __tablename__ = "core_grant"
    __table_args__ = (
        CheckConstraint("person_id IS NOT NULL OR nip IS NOT NULL", name="somebody"),
        CheckConstraint("(role = 'analyst') = (scope = '')", name="scope"),
        *(
            Index(
                f"uq_core_grant_open_{holder}",
                *("agency_id", "role", "scope", holder),
                unique=True,
                sqlite_where=text("valid_to IS NULL"),
                postgresql_where=text("valid_to IS NULL"),
            )
            for holder in ("nip", "person_id")
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[Code]
    scope: Mapped[Code] = mapped_column(default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"), index=True)
    nip: Mapped[Code | None]
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]
    """The day from which it is withdrawn."""
