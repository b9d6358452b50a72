"""Delivering grades: claim with a lease, commit, call the LMS outside any transaction, record the result.

Whatever kills the worker in between, the grade is claimed again when its lease ends. Timestamps rise by whole seconds;
the one that was tried is stored before the call. A value whose answer was lost is sent again under the very timestamp
that it had, so that the LMS refuses it (409) if it has it already; another value always gets a later one.
"""

from __future__ import annotations

import datetime as dt
import random
import secrets
from dataclasses import dataclass, replace
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from lms_bridge.db import changed_rows, db, now
from lms_bridge.lti import ags
from lms_bridge.lti.http import Answer, OutboundError, time_limit
from lms_bridge.lti.tokens import NO_SCOPE, ServiceAccount
from lms_bridge.models import Grade, GradeState, LineItem, Platform, PlatformUser

LEASE = dt.timedelta(seconds=60)
EXCHANGE_SECONDS = 45.0
"""How long a score, or the question what the LMS holds, may take with its token and a second try of each. The lease
outlasts it, and is renewed before the next: an LMS that drips cannot let two workers send at once."""
LONGEST_PAUSE = 3600.0
BREAKER_AFTER = 3
RETRIED = frozenset({401, 408, 425, 429})
CONFLICT = "conflict"
"""The LMS holds something newer and would not say what: the next try needs a timestamp of its own."""
SECOND, CATCH_UP = dt.timedelta(seconds=1), dt.timedelta(seconds=60)
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
        tried += 1
        try:
            deliver(grade_id)
        except SQLAlchemyError:
            raise
        except Exception as error:  # one grade that cannot be handled must not hold the others
            db.session.rollback()
            log.exception("grade not handled", grade=grade_id, kind=type(error).__name__)
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
    answer = _send(claimed, claimed.message)
    if answer is None:
        return
    if answer.status == 409:
        _after_conflict(claimed)
    else:
        _conclude(claimed, answer)


def _claim(grade_id: int) -> Claimed | None:
    moment, lease = now(), secrets.token_hex(8)
    row = db.session.execute(
        select(
            _G,
            _I.c.url,
            _I.c.platform_id,
            _P.c.client_id,
            _P.c.token_url,
            _P.c.token_audience,
            _P.c.failures,
            _U.c.sub,
        )
        .join(_I, _I.c.id == _G.c.line_item_id)
        .join(_P, _P.c.id == _I.c.platform_id)
        .join(_U, _U.c.id == _G.c.platform_user_id)
        .where(
            _G.c.id == grade_id,
            _G.c.state == GradeState.DUE,
            _G.c.next_try_at <= moment,
            _P.c.active.is_(True),
            or_(_P.c.closed_until.is_(None), _P.c.closed_until <= moment),
        )
        .with_for_update(of=_G)
    ).first()
    if row is None:
        db.session.rollback()
        return None
    stamp = _stamp(row, moment)
    if moment < stamp <= moment + CATCH_UP:
        # A timestamp of the future would make every later honest score late: wait for the second to come.
        db.session.execute(update(_G).where(_G.c.id == grade_id).values(next_try_at=stamp))
        db.session.commit()
        return None
    if row.failures >= BREAKER_AFTER and not _may_probe(row.platform_id, moment):
        db.session.rollback()
        return None
    values = {"lease": lease, "next_try_at": moment + LEASE, "sent_at": stamp, "attempts": row.attempts + 1}
    db.session.execute(update(_G).where(_G.c.id == grade_id).values(**values))
    db.session.commit()
    message = ags.ScoreMessage(row.sub, Decimal(row.wanted), row.maximum, stamp, row.in_progress, row.comment)
    account = ServiceAccount(row.client_id, row.token_url, row.token_audience)
    return Claimed(row.id, row.platform_id, lease, row.version, account, row.url, message, row.attempts)


def _stamp(row: Any, moment: dt.datetime) -> dt.datetime:
    """Return the timestamp for what is wanted: the one that this value had already, or a later one."""
    stamp = moment.replace(microsecond=0)
    if row.sent_at is None:
        return stamp
    if row.attempts > 0 and row.reason != CONFLICT:
        return row.sent_at
    # Far in the future it lies only when the LMS itself holds such a timestamp: then no other would be accepted.
    return max(stamp, row.sent_at + SECOND)


def _may_probe(platform_id: int, moment: dt.datetime) -> bool:
    """Let one grade try for all whether a platform that rested is back; the others wait for what it finds."""
    return bool(
        changed_rows(
            update(_P)
            .where(_P.c.id == platform_id, or_(_P.c.closed_until.is_(None), _P.c.closed_until <= moment))
            .values(closed_until=moment + LEASE)
        )
    )


def _send(claimed: Claimed, message: ags.ScoreMessage) -> Answer | None:
    """Send a score; where no answer comes, record that and return nothing."""
    try:
        with time_limit(EXCHANGE_SECONDS):
            return ags.post_score(claimed.account, claimed.line_item_url, message)
    except OutboundError as error:
        if error.kind == NO_SCOPE:
            _park(claimed, error.kind)
        else:
            _retry_later(claimed, error.kind)
        return None


def _conclude(claimed: Claimed, answer: Answer) -> None:
    reason = f"status-{answer.status}"
    if 200 <= answer.status < 300:
        _delivered(claimed)
    elif answer.status in RETRIED or answer.status >= 500:
        _retry_later(claimed, reason, retry_after=answer.headers.get("retry-after"))
    else:
        _park(claimed, reason)


def _after_conflict(claimed: Claimed) -> None:
    """The platform holds something as new: if it is our value it has arrived, else send again just above it."""
    message = claimed.message
    # Asking takes as long again as sending did: with the lease as it is, another worker could begin meanwhile.
    if not _still_wanted(claimed, message.timestamp):
        return
    try:
        with time_limit(EXCHANGE_SECONDS):
            result = ags.read_result(claimed.account, claimed.line_item_url, user_id=message.user_id)
    except OutboundError as error:
        log.info("result not readable", grade=claimed.id, kind=error.kind)
        _retry_later(claimed, CONFLICT)
        return
    held = None if result is None or result.value is None else Decimal(str(result.value))
    if held is not None and abs(held - message.given) < Decimal("0.0005"):
        _delivered(claimed)
        return
    stamp = message.timestamp + SECOND
    if result and result.timestamp and result.timestamp >= message.timestamp:
        stamp = result.timestamp.replace(microsecond=0) + SECOND
    elif stamp > now():
        _retry_later(claimed, CONFLICT)
        return
    if not _still_wanted(claimed, stamp):
        return
    answer = _send(claimed, replace(message, timestamp=stamp))
    if answer is not None and answer.status == 409:
        _retry_later(claimed, CONFLICT)
    elif answer is not None:
        _conclude(claimed, answer)


def _still_wanted(claimed: Claimed, stamp: dt.datetime) -> bool:
    """Note another timestamp for the value, unless a newer value or another worker has taken its place."""
    mine = (_G.c.id == claimed.id, _G.c.lease == claimed.lease)
    wanted = changed_rows(
        update(_G).where(*mine, _G.c.version == claimed.version).values(sent_at=stamp, next_try_at=now() + LEASE)
    )
    if not wanted:
        db.session.execute(update(_G).where(*mine).values(lease=None, next_try_at=now()))
        _works(claimed.platform_id)
    db.session.commit()
    return bool(wanted)


def _settle(claimed: Claimed, **values: Any) -> bool:
    """Record how a delivery ended. Was a newer value wanted meanwhile, it is due at once instead."""
    mine = (_G.c.id == claimed.id, _G.c.lease == claimed.lease)
    settled = changed_rows(update(_G).where(*mine, _G.c.version == claimed.version).values(lease=None, **values))
    if not settled:
        db.session.execute(update(_G).where(*mine).values(lease=None, next_try_at=now()))
    return bool(settled)


def _works(platform_id: int) -> None:
    """The platform answers sensibly: its failures are forgotten, and it no longer rests."""
    db.session.execute(
        update(_P).where(_P.c.id == platform_id, _P.c.failures > 0).values(failures=0, closed_until=None)
    )


def _delivered(claimed: Claimed) -> None:
    given = claimed.message.given
    db.session.execute(update(_G).where(_G.c.id == claimed.id, _G.c.lease == claimed.lease).values(sent=given))
    _settle(claimed, state=GradeState.SENT, attempts=0, reason=None)
    _works(claimed.platform_id)
    db.session.commit()
    log.info("grade delivered", grade=claimed.id)


def _retry_later(claimed: Claimed, reason: str, *, retry_after: str | None = None) -> None:
    pause, moment = pause_before(claimed.attempts + 1, retry_after=retry_after), now()
    _settle(claimed, next_try_at=moment + dt.timedelta(seconds=pause), reason=reason[:64])
    db.session.execute(update(_P).where(_P.c.id == claimed.platform_id).values(failures=_P.c.failures + 1))
    # The breaker: after some failures in a row, or when the LMS asks for it, the whole platform rests, and one grade
    # tries again for all.
    rest = pause if asked_pause(retry_after) else min(pause, 60.0)
    tired = _P.c.failures >= (0 if asked_pause(retry_after) else BREAKER_AFTER)
    db.session.execute(
        update(_P).where(_P.c.id == claimed.platform_id, tired).values(closed_until=moment + dt.timedelta(seconds=rest))
    )
    db.session.commit()
    log.warning("grade delayed", grade=claimed.id, reason=reason, pause=round(pause))


def _park(claimed: Claimed, reason: str) -> None:
    parked = _settle(claimed, state=GradeState.PARKED, reason=reason[:64])
    _works(claimed.platform_id)
    db.session.commit()
    if parked:
        log.warning("grade parked", grade=claimed.id, reason=reason)


def pause_before(attempt: int, *, retry_after: str | None = None) -> float:
    """Return the seconds before a try: doubling with jitter, at most an hour, never less than the LMS asked for."""
    pause = min(LONGEST_PAUSE, 2.0 ** min(attempt, 12)) * random.uniform(0.75, 1.0)  # noqa: S311
    return min(LONGEST_PAUSE, max(pause, asked_pause(retry_after)))


def asked_pause(header: str | None) -> float:
    """Return the seconds that a Retry-After header asks for, a number or a date; 0 when it makes no sense."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - now()).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return 0.0
