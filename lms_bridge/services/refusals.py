"""Openings that were refused, kept for the administrators of the LMS that they came from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, select, update

from lms_bridge.db import changed_rows, current_agency, db, insert_new
from lms_bridge.lti.errors import LaunchRefused
from lms_bridge.lti.login import open_state
from lms_bridge.lti.platforms import find_platform
from lms_bridge.models import LaunchRefusal

NOTED_EVERY = dt.timedelta(seconds=1)
"""Whoever floods the server with forged openings causes one write in this time, and not one for each."""
_ROWS = LaunchRefusal.__table__


def note_refusal(refusal: LaunchRefused, *, state: str, now: dt.datetime) -> None:
    """Count a refused opening for the LMS that its state names; without a good state nobody knows whose it was."""
    try:
        login = open_state(state)
        platform = find_platform(login.issuer, login.client_id)
    except LaunchRefused:
        return
    last = {"reason": refusal.reason[:255], "reference": refusal.reference, "refused_at": now}
    key = {"platform_id": platform.id, "code": refusal.code}
    insert = {**last, "agency_id": platform.agency_id, "times": 1}
    if insert_new(_ROWS, key=key, values=insert) is None:
        known = (_ROWS.c.platform_id == platform.id, _ROWS.c.code == refusal.code)
        rested = _ROWS.c.refused_at <= now - NOTED_EVERY
        db.session.execute(update(_ROWS).where(*known, rested).values(times=_ROWS.c.times + 1, **last))


def latest_refusals(platform_id: int, *, since: dt.datetime) -> Sequence[LaunchRefusal]:
    """Return why openings from an LMS of the chosen agency were refused since then, the newest first."""
    of_platform = select(LaunchRefusal).where(LaunchRefusal.platform_id == platform_id)
    return db.session.scalars(
        of_platform.where(LaunchRefusal.refused_at >= since).order_by(LaunchRefusal.refused_at.desc())
    ).all()


def delete_refusals(before: dt.datetime) -> int:
    """Delete the reasons for which the chosen agency's LMSs were last refused before then."""
    return changed_rows(delete(_ROWS).where(_ROWS.c.agency_id == current_agency(), _ROWS.c.refused_at < before))
