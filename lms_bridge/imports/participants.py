"""The rule between a list of participants and what is there: a result is not taken back by a list."""

from __future__ import annotations

from sqlalchemy import and_, select

from lms_bridge.db import db
from lms_bridge.imports.faults import Fault
from lms_bridge.models import ImportRow, ProgrammeParticipant

_R, _P = ImportRow.__table__, ProgrammeParticipant.__table__


def check(import_id: int) -> dict[int, Fault]:
    """Find participants who have a result already and would be without."""
    said = _R.c["values"]
    same = and_(
        _P.c.programme_id == said["programme_id"].as_integer(), _P.c.person_id == said["person_id"].as_integer()
    )
    back = (
        select(_R.c.number)
        .join(_P, same)
        .where(_R.c.import_id == import_id, _R.c.faults.is_(None), _P.c.ended_on.is_not(None))
        .where(said["ended_on"].as_string().is_(None))
    )
    return {number: Fault("status", "status-back") for number in db.session.scalars(back)}
