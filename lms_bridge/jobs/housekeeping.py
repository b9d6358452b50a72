"""Removing what has ended: sessions and tickets. What is kept for a time has its rules in ``retention``."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete

from lms_bridge.db import db, now
from lms_bridge.imports.store import forget_old
from lms_bridge.lti.login import LIFETIME
from lms_bridge.models import OperatorLink, Session, Ticket


def clean_up() -> None:
    """Delete expired rows. Grades, launches and evidence are records and stay."""
    moment = now()
    # A session that was left must outlive its login: its nonce is what refuses the same launch again.
    ended = moment - dt.timedelta(seconds=2 * LIFETIME)
    db.session.execute(delete(Session.__table__).where(Session.__table__.c.expires_at < ended))
    db.session.execute(delete(Ticket.__table__).where(Ticket.__table__.c.expires_at < moment))
    db.session.execute(delete(OperatorLink.__table__).where(OperatorLink.__table__.c.expires_at < moment))
    forget_old(moment)
    db.session.commit()
