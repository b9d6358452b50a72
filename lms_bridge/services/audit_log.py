"""Reading the audit log: filtered for those who look after people, and for each person what concerns them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from lms_bridge.context import PersonRef
from lms_bridge.db import db
from lms_bridge.models import AuditEntry, AuditKind, Person
from lms_bridge.plugin_host import host
from lms_bridge.services.permissions import CORE

PAGE = 50
KINDS = {
    AuditKind.READ: _l("Read"),
    AuditKind.EXPORT: _l("Export"),
    AuditKind.RIGHTS: _l("Change of rights"),
    AuditKind.CHANGE: _l("Change"),
}
DEEDS = {
    "grant.given": _l("Right given"),
    "grant.taken": _l("Right that waited taken up"),
    "grant.withdrawn": _l("Right withdrawn"),
    "grant.waiting": _l("Right waits again"),
    "import.staging": _l("List read"),
    "import.applying": _l("List applied"),
    "import.undoing": _l("List taken back"),
    "import.discarded": _l("List discarded"),
    "framework.approved": _l("Dictionary of competencies approved"),
    "framework.created": _l("Dictionary of competencies begun"),
    "framework.discarded": _l("Dictionary of competencies thrown away"),
    "letterhead.chosen": _l("Letterhead changed"),
    "keys.rotated": _l("Key of the server renewed"),
    "matching.changed": _l("Rules for recognising people changed"),
    "person.dismissed": _l("Person taken out of the queue"),
    "person.linked": _l("Two records of a person linked"),
    "person.recalled": _l("Person put back into the queue"),
    "person.unlinked": _l("Two records of a person separated"),
    "platform.invited": _l("LMS invited"),
    "platform.switched": _l("LMS switched on or off"),
    "plugin.settings": _l("Settings of a plugin changed"),
    "plugin.switched": _l("Plugin switched on or off"),
    "privacy.exported": _l("All data of a person handed over"),
    "privacy.erased": _l("Data of a person erased"),
    "programme.changed": _l("Programme changed"),
    "programme.created": _l("Programme planned"),
    "programme.status": _l("State of a programme changed"),
    "retention.applied": _l("Old data removed"),
    "table.exported": _l("Table taken away as a file"),
    "unit.merge": _l("Unit merged into another"),
    "unit.move": _l("Unit moved"),
    "unit.rename": _l("Unit renamed"),
}
"""What core notes by itself. Where a permission was used, its title says what it was."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries; what is not given does not matter. Days are counted by their moments, the end not included."""

    kind: AuditKind | None = None
    action: str = ""
    actor_id: int | None = None
    subject_id: int | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditView:
    """One entry with names as they are now. Without an actor it was the operator of the server, or the worker."""

    id: int
    happened_at: dt.datetime
    kind: Any
    title: Any
    actor_id: int | None
    actor_name: str | None
    subject_id: int | None
    subject_name: str | None
    facts: dict[str, Any]


def audit_entries(chosen: AuditFilter, *, before: int | None = None, limit: int = PAGE) -> list[AuditView]:
    """Return entries of the agency, the newest first.

    :param before: an entry's id: go on with those older than it.
    """
    wanted = [
        AuditEntry.kind == chosen.kind if chosen.kind else None,
        AuditEntry.action == chosen.action if chosen.action else None,
        AuditEntry.actor_id == chosen.actor_id if chosen.actor_id else None,
        AuditEntry.subject_id == chosen.subject_id if chosen.subject_id else None,
        AuditEntry.happened_at >= chosen.since if chosen.since else None,
        AuditEntry.happened_at < chosen.until if chosen.until else None,
    ]
    return _entries(*(one for one in wanted if one is not None), before=before, limit=limit)


def entries_about(person: PersonRef, *, before: int | None = None, limit: int = PAGE) -> list[AuditView]:
    """Return what others did with a person's data, the newest first."""
    by_others = or_(AuditEntry.actor_id.is_(None), AuditEntry.actor_id.not_in(person.ids))
    return _entries(AuditEntry.subject_id.in_(person.ids), by_others, before=before, limit=limit)


def _entries(*wanted: Any, before: int | None, limit: int) -> list[AuditView]:
    actor, subject = aliased(Person), aliased(Person)
    rows = db.session.execute(
        select(AuditEntry, actor.name.label("actor_name"), subject.name.label("subject_name"))
        .outerjoin(actor, actor.id == AuditEntry.actor_id)
        .outerjoin(subject, subject.id == AuditEntry.subject_id)
        .where(*wanted, *([AuditEntry.id < before] if before else []))
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    return [_view(row.AuditEntry, row.actor_name, row.subject_name) for row in rows]


def _view(entry: AuditEntry, actor_name: str | None, subject_name: str | None) -> AuditView:
    return AuditView(
        id=entry.id,
        happened_at=entry.happened_at,
        kind=KINDS[entry.kind],
        title=deed_title(entry.action),
        actor_id=entry.actor_id,
        actor_name=actor_name,
        subject_id=entry.subject_id,
        subject_name=subject_name,
        facts=entry.facts,
    )


def deed_title(action: str) -> Any:
    """Return what an action is called on screen; its code where nobody declares it any more."""
    if action in DEEDS:
        return DEEDS[action]
    permission = next((one for one in CORE if one.action == action), None) or host().permission(action)
    return permission.title if permission else action
