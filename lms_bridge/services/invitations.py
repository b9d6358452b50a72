"""Invitations as whoever made them follows them: opened, registered, first launch."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import func, select

from lms_bridge.db import db
from lms_bridge.errors import NotFound
from lms_bridge.lti.registration import invitation_token
from lms_bridge.models import Invitation, Launch, Platform


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation and how far the LMS has come with it; ``link`` is empty once it cannot be used or shown again."""

    id: int
    link: str
    expires_at: dt.datetime
    opened_at: dt.datetime | None
    opened_from: str | None
    used_at: dt.datetime | None
    platform: Platform | None
    launched_at: dt.datetime | None
    expired: bool

    @property
    def waiting(self) -> bool:
        """Whether something is still to come."""
        return self.launched_at is None and not self.expired


def invitation_view(invitation_id: int, *, now: dt.datetime) -> InvitationView:
    """Return an invitation of the chosen agency.

    :raises NotFound: the agency has made none with this number.
    """
    row = db.session.scalar(select(Invitation).where(Invitation.id == invitation_id))
    if row is None:
        raise NotFound(reason=f"invitation {invitation_id}")
    # Registered, but its platform is gone: the invitation has nothing more to tell.
    expired = row.expires_at < now if row.used_at is None else row.platform_id is None
    token = None if row.used_at or expired else invitation_token(row)
    platform = db.session.scalar(select(Platform).where(Platform.id == row.platform_id)) if row.platform_id else None
    return InvitationView(
        id=row.id,
        link=f"{current_app.config['BASE_URL']}/lti/register/{token}" if token else "",
        expires_at=row.expires_at,
        opened_at=row.opened_at,
        opened_from=row.opened_from,
        used_at=row.used_at if platform else None,
        platform=platform,
        launched_at=_first_launch(row),
        expired=expired,
    )


def _first_launch(invitation: Invitation) -> dt.datetime | None:
    if invitation.platform_id is None or invitation.used_at is None:
        return None
    since = (Launch.platform_id == invitation.platform_id, Launch.launched_at >= invitation.used_at)
    return db.session.scalar(select(func.min(Launch.launched_at)).where(*since))


def open_invitations(*, now: dt.datetime) -> list[Invitation]:
    """Return the invitations of the chosen agency that an LMS can still use, the newest first."""
    usable = (Invitation.used_at.is_(None), Invitation.expires_at > now)
    return list(db.session.scalars(select(Invitation).where(*usable).order_by(Invitation.id.desc())))


def withdraw_invitation(invitation_id: int, *, now: dt.datetime) -> None:
    """Make the link of an invitation useless, if no LMS has used it.

    :raises NotFound: the agency has made none with this number.
    """
    row = db.session.scalar(select(Invitation).where(Invitation.id == invitation_id))
    if row is None:
        raise NotFound(reason=f"invitation {invitation_id}")
    if row.used_at is None:
        row.expires_at = min(row.expires_at, now)
        db.session.flush()
