"""Grants that wait for a NIP: an import that brings somebody hands them out, and takes them back when it is undone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from lms_bridge.db import db
from lms_bridge.models import AuditKind, Grant, ImportRow, Person
from lms_bridge.services.audit import audit

_G, _P, _R = Grant.__table__, Person.__table__, ImportRow.__table__


def hand_out(import_id: int) -> None:
    """Give the new people the grants that waited for them."""
    come = (
        select(_P.c.id)
        .join(_R, _R.c.target_id == _P.c.id)
        .where(
            _R.c.import_id == import_id, _R.c.change == "new", _P.c.agency_id == _G.c.agency_id, _P.c.nip == _G.c.nip
        )
    )
    waiting = _G.c.person_id.is_(None), come.exists()
    taken = update(_G).where(*waiting).values(person_id=come.scalar_subquery())
    _note("grant.taken", taken.returning(_G.c.id, _G.c.role, _G.c.scope))


def take_back(import_id: int) -> None:
    """Let the grants wait again, since their holders are about to go."""
    made = select(_R.c.target_id).where(_R.c.import_id == import_id, _R.c.change == "new")
    back = update(_G).where(_G.c.nip.is_not(None), _G.c.person_id.in_(made)).values(person_id=None)
    _note("grant.waiting", back.returning(_G.c.id, _G.c.role, _G.c.scope))


def _note(action: str, change: Any) -> None:
    # Without the person as subject: a log entry is never deleted, and would then stand in the way of an undoing.
    for row in db.session.execute(change).all():
        audit(action, kind=AuditKind.RIGHTS, grant=row.id, role=row.role, scope=row.scope)
