"""How the LMSs of an agency are doing, as far as launches, rosters and grades tell. Asks no LMS."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import func, select

from lms_bridge.db import db
from lms_bridge.errors import NotFound
from lms_bridge.lti.platforms import forget_platforms
from lms_bridge.models import (
    Course,
    Grade,
    GradeState,
    Launch,
    LineItem,
    Platform,
    ResourceLink,
    Session,
)

BROKEN_AFTER = 3
"""Failed deliveries in a row after which the connection counts as broken, as it does for the worker."""


class Health(Enum):
    """How a connection stands; the first that applies."""

    OFF = "off"
    BROKEN = "broken"
    LATE = "late"
    REFUSED = "refused"
    NEW = "new"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class PlatformView:
    """An LMS with what is known of its connection. ``reason`` is a code of ``lti.advice``."""

    row: Platform
    last_launch: dt.datetime | None
    last_sync: dt.datetime | None
    sent: int = 0
    due: int = 0
    parked: int = 0
    reason: str | None = None
    next_try: dt.datetime | None = None

    @property
    def health(self) -> Health:
        """The state of the connection, the worst first."""
        if not self.row.active:
            return Health.OFF
        if self.row.failures >= BROKEN_AFTER:
            return Health.BROKEN
        if self.reason is not None:
            return Health.LATE
        if self.parked:
            return Health.REFUSED
        return Health.NEW if self.last_launch is None else Health.FINE


@dataclass(frozen=True, slots=True)
class LaunchView:
    """One accepted launch, without the person. ``cookie`` is unknown once its session is over."""

    launched_at: dt.datetime
    message_type: str
    roles: tuple[str, ...]
    module: str | None
    locale: str | None
    document_target: str
    course: str | None
    activity: str | None
    grades: bool
    members: bool
    cookie: bool | None


def platform_views(*, only: int | None = None) -> list[PlatformView]:
    """Return the LMSs of the chosen agency, by name; two statements however many they are."""
    launched = select(func.max(Launch.launched_at)).where(Launch.platform_id == Platform.id).scalar_subquery()
    synced = select(func.max(Course.roster_synced_at)).where(Course.platform_id == Platform.id).scalar_subquery()
    wanted = select(Platform, launched, synced).order_by(Platform.name, Platform.id)
    counted = (
        select(
            LineItem.platform_id,
            Grade.state,
            func.count(),
            # While none was tried yet, nothing is late.
            func.max(Grade.reason),
            func.min(Grade.next_try_at),
        )
        .join(LineItem, LineItem.id == Grade.line_item_id)
        .group_by(LineItem.platform_id, Grade.state)
    )
    if only is not None:
        wanted, counted = wanted.where(Platform.id == only), counted.where(LineItem.platform_id == only)
    grades: dict[int, dict[GradeState, Any]] = {}
    for platform_id, state, *figures in db.session.execute(counted):
        grades.setdefault(platform_id, {})[state] = figures
    return [
        PlatformView(row, last_launch, last_sync, **_grade_figures(grades.get(row.id, {})))
        for row, last_launch, last_sync in db.session.execute(wanted)
    ]


def _grade_figures(found: dict[GradeState, Any]) -> dict[str, Any]:
    nothing = (0, None, None)
    due, reason, next_try = found.get(GradeState.DUE, nothing)
    return {
        "sent": found.get(GradeState.SENT, nothing)[0],
        "parked": found.get(GradeState.PARKED, nothing)[0],
        "due": due,
        "reason": reason,
        "next_try": next_try if reason else None,
    }


def platform_view(platform_id: int) -> PlatformView:
    """Return one LMS of the chosen agency.

    :raises NotFound: the agency has none with this number.
    """
    views = platform_views(only=platform_id)
    if not views:
        raise NotFound(reason=f"platform {platform_id}")
    return views[0]


def latest_launches(platform_id: int, *, limit: int = 5) -> list[LaunchView]:
    """Return the newest launches from an LMS."""
    rows = db.session.execute(
        select(
            Launch,
            Course.title,
            Course.memberships_url,
            ResourceLink.title,
            ResourceLink.line_item_id,
            Session.id,
            Session.cookie_hash,
        )
        .outerjoin(Course, Course.id == Launch.course_id)
        .outerjoin(ResourceLink, ResourceLink.id == Launch.resource_link_id)
        .outerjoin(Session, (Session.launch_id == Launch.id) & Session.nonce.is_not(None))
        .where(Launch.platform_id == platform_id)
        .order_by(Launch.launched_at.desc(), Launch.id.desc())
        .limit(limit)
    )
    return [
        LaunchView(
            launched_at=launch.launched_at,
            message_type=launch.message_type,
            roles=tuple(launch.roles),
            module=launch.module,
            locale=launch.locale,
            document_target=launch.document_target,
            course=course,
            activity=activity,
            grades=line_item is not None,
            members=members is not None,
            cookie=None if session is None else cookie is not None,
        )
        for launch, course, members, activity, line_item, session, cookie in rows
    ]


def switch_platform(platform_id: int, *, on: bool) -> Platform:
    """Switch an LMS of the chosen agency on or off; off stops its launches and grades at once and ends its sessions.

    :raises NotFound: the agency has none with this number.
    """
    platform = db.session.scalar(select(Platform).where(Platform.id == platform_id))
    if platform is None:
        raise NotFound(reason=f"platform {platform_id}")
    platform.active = on
    db.session.flush()
    forget_platforms()
    return platform
