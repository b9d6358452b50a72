"""What core itself keeps about a person: where it stands, how it is handed over, and what becomes of it when erased."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Table, Text, and_, cast, delete, func, or_, select, update

from lms_bridge.context import PersonRef
from lms_bridge.contributions import ErasureReceipt, ExportPart
from lms_bridge.db import changed_rows, current_agency, db
from lms_bridge.models import (
    Activity,
    Attachment,
    AuditEntry,
    Enrolment,
    Evidence,
    Framework,
    Gap,
    Grade,
    Grant,
    Import,
    ImportRow,
    Launch,
    Matching,
    Person,
    PersonScore,
    Placement,
    PlacementSuperior,
    PlatformUser,
    ProgrammeParticipant,
    Session,
    Suggestion,
)

NAMELESS = "—"
_SECRETS = frozenset({"sid_hash", "nonce", "cookie_hash", "agent_hash", "data", "lease", "deep_linking", "return_url"})
"""Columns that tell nothing about the person, but would open doors or name others."""


class Erasing(Enum):
    """What becomes of the rows of a person whose data is erased."""

    DELETED = "deleted"
    WITH_ACCOUNT = "with the account"
    """Deleted by the database when the LMS account that they hang on is."""
    NAMELESS = "nameless"
    """Kept, because something else must stay true, with a person whose name is gone."""


@dataclass(frozen=True, slots=True)
class Place:
    """A table with rows about people, and the column that says about whom."""

    name: str
    title: Any
    table: Table
    column: str
    erasing: Erasing

    def of(self, person: PersonRef) -> ColumnElement[bool]:
        """Return the condition for the rows of a person."""
        column: ColumnElement[Any] = self.table.c[self.column]
        if self.column == "platform_user_id":
            accounts = PlatformUser.__table__
            return column.in_(select(accounts.c.id).where(accounts.c.person_id.in_(person.ids)))
        if self.table is ImportRow.__table__:
            lists = Import.__table__
            about_people = select(lists.c.id).where(lists.c.kind == "people")
            return and_(column.in_(person.ids), self.table.c.import_id.in_(about_people))
        return column.in_(person.ids)


def _place(name: str, title: Any, model: Any, column: str, erasing: Erasing) -> Place:
    return Place(name, title, model.__table__, column, erasing)


PLACES = (
    _place("person", _l("Who you are"), Person, "id", Erasing.NAMELESS),
    _place("placements", _l("Posts"), Placement, "person_id", Erasing.NAMELESS),
    _place("superior_of", _l("Whose superior you are"), PlacementSuperior, "person_id", Erasing.NAMELESS),
    _place("participations", _l("Programmes"), ProgrammeParticipant, "person_id", Erasing.NAMELESS),
    _place("grants", _l("Rights given to you"), Grant, "person_id", Erasing.NAMELESS),
    _place("evidence", _l("Evidence of competencies"), Evidence, "person_id", Erasing.DELETED),
    _place("files", _l("Files added as proof"), Attachment, "person_id", Erasing.DELETED),
    _place("files_added", _l("Files you added"), Attachment, "by_id", Erasing.NAMELESS),
    _place("gaps", _l("Competency gaps"), Gap, "person_id", Erasing.DELETED),
    _place("activities", _l("Development activities"), Activity, "person_id", Erasing.DELETED),
    _place("suggestions", _l("Suggested development"), Suggestion, "person_id", Erasing.DELETED),
    _place("scores", _l("Results"), PersonScore, "person_id", Erasing.DELETED),
    _place("sessions", _l("Visits"), Session, "person_id", Erasing.DELETED),
    _place("launches", _l("Activities opened from the LMS"), Launch, "platform_user_id", Erasing.WITH_ACCOUNT),
    _place("courses", _l("Courses of the LMS"), Enrolment, "platform_user_id", Erasing.WITH_ACCOUNT),
    _place("grades", _l("Grades sent to the LMS"), Grade, "platform_user_id", Erasing.WITH_ACCOUNT),
    _place("accounts", _l("Accounts in the LMS"), PlatformUser, "person_id", Erasing.DELETED),
    _place("import_rows", _l("Rows of lists that were imported"), ImportRow, "target_id", Erasing.DELETED),
    _place("imports", _l("Lists you imported"), Import, "created_by_id", Erasing.NAMELESS),
    _place("dictionaries", _l("Dictionaries of competencies you wrote"), Framework, "author_id", Erasing.NAMELESS),
    _place("approved", _l("Dictionaries of competencies you approved"), Framework, "approved_by_id", Erasing.NAMELESS),
    _place("seen_by", _l("Who looked at your data"), AuditEntry, "subject_id", Erasing.NAMELESS),
    _place("done_by_you", _l("What you did with others' data"), AuditEntry, "actor_id", Erasing.NAMELESS),
)
"""Every column of core that says about whom a row is; in the order in which rows can be deleted."""


def core_parts(person: PersonRef) -> list[ExportPart]:
    """Return everything that core keeps about a person, a part for each place."""
    return [ExportPart(place.name, _rows(place, person)) for place in PLACES]


def _rows(place: Place, person: PersonRef) -> list[Mapping[str, Any]]:
    shown = [column for column in place.table.c if column.name not in _SECRETS | {"agency_id"}]
    rows = db.session.execute(select(*shown).where(place.of(person)).order_by(*place.table.primary_key)).mappings()
    return [{name: plain(value) for name, value in row.items()} for row in rows]


def plain(value: Any) -> Any:
    """Return a value as JSON and people can read it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def erase_core(person: PersonRef, *, now: dt.datetime, today: dt.date) -> ErasureReceipt:
    """Delete what core keeps about a person, and take their name from what must stay true."""
    _leave_posts(person, today)
    deleted, kept = _forget_imported(person), 0
    for place in PLACES:
        rows = int(db.session.scalar(select(func.count()).select_from(place.table).where(place.of(person))) or 0)
        if place.erasing is Erasing.NAMELESS:
            kept += rows
            continue
        deleted += rows
        if place.erasing is Erasing.DELETED:
            db.session.execute(delete(place.table).where(place.of(person)))
    nothing = {"nip": None, "email": None, "employment": None, "grade": None, "locale": None}
    people = Person.__table__
    db.session.execute(
        update(people)
        .where(people.c.id.in_(person.ids))
        .values(name=NAMELESS, erased_at=now, matching=Matching.DISMISSED, **nothing)
    )
    db.session.expire_all()
    return ErasureReceipt(deleted=deleted, anonymised=kept)


def _forget_imported(person: PersonRef) -> int:
    """Delete the rows of lists that tell about the person, also those that would bring the name back when undone."""
    people, lists, rows = Person.__table__, Import.__table__, ImportRow.__table__
    of_people = select(lists.c.id).where(lists.c.kind == "people", lists.c.agency_id == current_agency())
    about = [and_(rows.c.import_id.in_(of_people), rows.c.target_id.in_(person.ids))]
    for nip in db.session.scalars(select(people.c.nip).where(people.c.id.in_(person.ids), people.c.nip.is_not(None))):
        told = (cast(rows.c[name], Text).contains(nip) for name in ("values", "cells", "faults", "before"))
        about.append(and_(rows.c.agency_id == current_agency(), or_(*told)))
    return changed_rows(delete(rows).where(or_(*about)))


def _leave_posts(person: PersonRef, today: dt.date) -> None:
    """End what the person holds today, and take the NIP from their rights."""
    for table in (PlacementSuperior.__table__, Placement.__table__):
        mine = table.c.person_id.in_(person.ids)
        db.session.execute(delete(table).where(mine, table.c.valid_from >= today))
        changed_rows(update(table).where(mine, table.c.valid_to.is_(None)).values(valid_to=today))
    rights = Grant.__table__
    mine = rights.c.person_id.in_(person.ids)
    db.session.execute(update(rights).where(mine).values(nip=None))
    db.session.execute(update(rights).where(mine, rights.c.valid_to.is_(None)).values(valid_to=today))
