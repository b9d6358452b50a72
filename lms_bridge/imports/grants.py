"""Grants that wait for a NIP: an import that brings somebody hands them out, and takes them back when it is undone."""

from __future__ import annotations

from sqlalchemy import select, update

from lms_bridge.db import db
from lms_bridge.models import Grant, ImportRow, Person

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
    db.session.execute(update(_G).where(*waiting).values(person_id=come.scalar_subquery()))


def take_back(import_id: int) -> None:
    """Let the grants wait again, since their holders are about to go."""
    made = select(_R.c.target_id).where(_R.c.import_id == import_id, _R.c.change == "new")
    db.session.execute(update(_G).where(_G.c.nip.is_not(None), _G.c.person_id.in_(made)).values(person_id=None))
