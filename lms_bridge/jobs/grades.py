"""Delivering grades: claim with a lease, commit, call the LMS outside any transaction, record the result.

Whatever kills the worker in between, the grade is claimed again when its lease ends. Timestamps rise by whole seconds;
the one that was tried is stored before the call, so that a score whose answer was lost is never sent twice with two
meanings.
"""

from __future__ import annotations

import datetime as dt
import random
import secrets
from dataclasses import dataclass
from decimal import Decimal
from email.utils import parsedate_to_datetime

import structlog
from sqlalchemy import or_, select, update

from lms_bridge.db import changed_rows, db, now
from lms_bridge.lti import ags
from lms_bridge.lti.http import Answer, OutboundError
from lms_bridge.lti.tokens import ServiceAccount
from lms_bridge.models import Grade, GradeState, LineItem, Platform, PlatformUser

LEASE = dt.timedelta(seconds=60)
LONGEST_PAUSE = 3600.0
BREAKER_AFTER = 3
RETRIED = frozenset({408, 425, 429})
_G, _I, _P, _U = Grade.__table__, LineItem.__table__, Platform.__table__, PlatformUser.__table__
log = structlog.get_logger("lms_bridge.grades")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A grade that this worker alone may deliver until the lease ends."""

    id: int
    platform_id: int
    lease: str
    version: int
    account: ServiceAccount
    line_item_url: str
    message: ags.ScoreMessage
    attempts: int


def deliver_due(*, limit: int = 50) -> int:
    """Deliver grades that are due; returns how many were tried."""
    tried = 0
    while tried < limit and (grade_id := _next_due()) is not None:
        deliver(grade_id)
        tried += 1
    return tried


def _next_due() -> int | None:
    moment = now()
    found = db.session.scalar(
        select(_G.c.id)
        .join(_I, _I.c.id == _G.c.line_item_id)
        .join(_P, _P.c.id == _I.c.platform_id)
        .where(
            _G.c.state == GradeState.DUE,
            _G.c.next_try_at <= moment,
            _P.c.active.is_(True),
            or_(_P.c.closed_until.is_(None), _P.c.closed_until <= moment),
        )
        .order_by(_G.c.next_try_at)
        .limit(1)
        .with_for_update(skip_locked=True, of=_G)
    )
    db.session.rollback()
    return found


def deliver(grade_id: int) -> None:
    """Deliver one grade if it is due. Calling it twice, or from two workers, does no harm."""
    claimed = _claim(grade_id)
    if claimed is None:
        return
    try:
        answer = ags.post_score(claimed.account, claimed.line_item_url, claimed.message)
        if answer.status == 409:
            answer = _after_conflict(claimed, answer)
    except OutboundError as error:
        _retry_later(claimed, error.kind)
        return
    if 200 <= answer.status < 300:
        _delivered(claimed)
    elif answer.status in RETRIED or answer.status >= 500 or answer.status == 401:
        _retry_later(claimed, f"status-{answer.status}", answer)
    else:
        _park(claimed, f"status-{answer.status}")


def _claim(grade_id: int) -> Claimed | None:
    moment, lease = now(), secrets.token_hex(8)
    row = db.session.execute(
        select(_G, _I.c.url, _I.c.platform_id, _P.c.client_id, _P.c.token_url, _P.c.token_audience, _U.c.sub)
        .join(_I, _I.c.id == _G.c.line_item_id)
        .join(_P, _P.c.id == _I.c.platform_id)
        .join(_U, _U.c.id == _G.c.platform_user_id)
        .where(_G.c.id == grade_id, _G.c.state == GradeState.DUE, _G.c.next_try_at <= moment)
        .with_for_update(of=_G)
    ).first()
    if row is None:
        db.session.rollback()
        return None
    stamp = moment.replace(microsecond=0)
    if row.sent_at is not None and stamp <= row.sent_at:
        stamp = row.sent_at + dt.timedelta(seconds=1)
    if stamp > moment:
        # A timestamp of the future would make every later honest score late: wait for the second to come.
        db.session.execute(update(_G).where(_G.c.id == grade_id).values(next_try_at=stamp))
        db.session.commit()
        return None
    db.session.execute(
        update(_G).where(_G.c.id == grade_id).values(lease=lease, next_try_at=moment + LEASE, sent_at=stamp)
    )
    db.session.commit()
    message = ags.ScoreMessage(row.sub, Decimal(row.wanted), row.maximum, stamp, row.in_progress, row.comment)
    account = ServiceAccount(row.client_id, row.token_url, row.token_audience)
    return Claimed(row.id, row.platform_id, lease, row.version, account, row.url, message, row.attempts)


def _after_conflict(claimed: Claimed, answer: Answer) -> Answer:
    """The platform holds something as new: if it is our value it has arrived, else send again just above it."""
    result = ags.read_result(claimed.account, claimed.line_item_url, user_id=claimed.message.user_id)
    if (
        result
        and result.value is not None
        and abs(Decimal(str(result.value)) - claimed.message.given) < Decimal("0.0005")
    ):
        return Answer(200, {}, b"")
    stamp = claimed.message.timestamp + dt.timedelta(seconds=1)
    if result and result.timestamp and result.timestamp >= claimed.message.timestamp:
        stamp = result.timestamp.replace(microsecond=0) + dt.timedelta(seconds=1)
    db.session.execute(update(_G).where(_G.c.id == claimed.id, _G.c.lease == claimed.lease).values(sent_at=stamp))
    db.session.commit()
    message = claimed.message
    again = ags.ScoreMessage(
        message.user_id, message.given, message.maximum, stamp, message.in_progress, message.comment
    )
    second = ags.post_score(claimed.account, claimed.line_item_url, again)
    return Answer(503, second.headers, b"") if second.status == 409 else second


def _delivered(claimed: Claimed) -> None:
    mine = (_G.c.id == claimed.id, _G.c.lease == claimed.lease)
    done = changed_rows(
        update(_G)
        .where(*mine, _G.c.version == claimed.version)
        .values(state=GradeState.SENT, sent=claimed.message.given, lease=None, attempts=0, reason=None)
    )
    if not done:
        # A newer value came while this one travelled: it is due at once.
        db.session.execute(update(_G).where(*mine).values(sent=claimed.message.given, lease=None, next_try_at=now()))
    db.session.execute(
        update(_P).where(_P.c.id == claimed.platform_id, _P.c.failures > 0).values(failures=0, closed_until=None)
    )
    db.session.commit()
    log.info("grade delivered", grade=claimed.id)


def _retry_later(claimed: Claimed, reason: str, answer: Answer | None = None) -> None:
    pause = pause_before(claimed.attempts + 1, retry_after=answer.headers.get("retry-after") if answer else None)
    moment = now()
    db.session.execute(
        update(_G)
        .where(_G.c.id == claimed.id, _G.c.lease == claimed.lease)
        .values(
            lease=None, attempts=_G.c.attempts + 1, next_try_at=moment + dt.timedelta(seconds=pause), reason=reason[:64]
        )
    )
    db.session.execute(update(_P).where(_P.c.id == claimed.platform_id).values(failures=_P.c.failures + 1))
    # The breaker: after some failures in a row the whole platform rests, and one grade tries again for all.
    db.session.execute(
        update(_P)
        .where(_P.c.id == claimed.platform_id, _P.c.failures >= BREAKER_AFTER)
        .values(closed_until=moment + dt.timedelta(seconds=min(pause, 60.0)))
    )
    db.session.commit()
    log.warning("grade delayed", grade=claimed.id, reason=reason, pause=round(pause))


def _park(claimed: Claimed, reason: str) -> None:
    db.session.execute(
        update(_G)
        .where(_G.c.id == claimed.id, _G.c.lease == claimed.lease)
        .values(state=GradeState.PARKED, lease=None, attempts=_G.c.attempts + 1, reason=reason[:64])
    )
    db.session.commit()
    log.warning("grade parked", grade=claimed.id, reason=reason)


def pause_before(attempt: int, *, retry_after: str | None = None) -> float:
    """Return the seconds before a try: doubling with jitter, at most an hour, never less than the LMS asked for."""
    pause = min(LONGEST_PAUSE, 2.0 ** min(attempt, 12)) * random.uniform(0.75, 1.0)  # noqa: S311
    asked = 0.0
    if retry_after and retry_after.strip().isdigit():
        asked = float(retry_after)
    elif retry_after:
        try:
            asked = (parsedate_to_datetime(retry_after) - now()).total_seconds()
        except (TypeError, ValueError):
            asked = 0.0
    return min(LONGEST_PAUSE, max(pause, asked))
