"""Delivering events to their handlers: each in a transaction of its own, backed off, set aside after five failures."""

from __future__ import annotations

import datetime as dt
import secrets
import time

import structlog
from sqlalchemy import select, update

from lms_bridge.db import acting_as, changed_rows, db, guest, now
from lms_bridge.models import Delivery, DeliveryState, OutboxEvent
from lms_bridge.plugin_host import disabled_plugins, host
from lms_bridge.services.outbox import WAITS_FOR_SWITCH, handling

LEASE = dt.timedelta(seconds=60)
MAX_ATTEMPTS = 5
PLUGIN_AWAY, SWITCHED_OFF = dt.timedelta(minutes=1), dt.timedelta(hours=1)
_D, _E = Delivery.__table__, OutboxEvent.__table__
log = structlog.get_logger("lms_bridge.events")


def deliver_due(*, limit: int = 200, seconds: float = 5.0) -> int:
    """Deliver events that are due; returns how many were tried.

    :param seconds: after which no further one is begun, so that grades do not wait behind a long chain of events.
    """
    tried, until = 0, time.monotonic() + seconds
    while tried < limit and time.monotonic() < until and (claimed := _claim()) is not None:
        _deliver(*claimed)
        tried += 1
    return tried


def _claim() -> tuple[int, str] | None:
    moment, lease = now(), secrets.token_hex(8)
    found = db.session.scalar(
        select(_D.c.id)
        .where(_D.c.state == DeliveryState.DUE, _D.c.next_try_at <= moment)
        .order_by(_D.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if found is None:
        db.session.rollback()
        return None
    db.session.execute(update(_D).where(_D.c.id == found).values(lease=lease, next_try_at=moment + LEASE))
    db.session.commit()
    return found, lease


def _deliver(delivery_id: int, lease: str) -> None:
    row = db.session.execute(
        select(_D.c.handler, _D.c.attempts, _E).join(_E, _E.c.id == _D.c.event_id).where(_D.c.id == delivery_id)
    ).one()
    kind = host().event_type(row.name)
    handlers = {name: (plugin, handler) for name, plugin, handler in host().handlers(row.name)}
    mine = (_D.c.id == delivery_id, _D.c.lease == lease)
    if kind is None or row.handler not in handlers:
        _wait_for_plugin(mine, PLUGIN_AWAY, "NotLoaded")
        return
    plugin, handler = handlers[row.handler]
    with acting_as(row.agency_id):
        off = plugin in disabled_plugins()
    if off:
        _wait_for_plugin(mine, SWITCHED_OFF, WAITS_FOR_SWITCH)
        return
    token = handling.set(row.id)
    try:
        with acting_as(row.agency_id), guest(plugin):
            handler.handle(kind.from_payload(row.payload))
        if not changed_rows(update(_D).where(*mine).values(state=DeliveryState.DONE, lease=None, error=None)):
            # The lease ran out and somebody else has it: what this one did must not count twice.
            db.session.rollback()
            return
        db.session.commit()
    except (Exception, SystemExit) as error:
        db.session.rollback()
        _failed(mine, row.attempts + 1, error)
    finally:
        handling.reset(token)


def _wait_for_plugin(mine: tuple[object, ...], rest: dt.timedelta, why: str) -> None:
    """Put a delivery off whose plugin is not loaded, as during its upgrade, or switched off by the agency.

    That is no failure of the plugin.
    """
    values = {"lease": None, "next_try_at": now() + rest, "error": why}
    db.session.execute(update(_D).where(*mine).values(**values))  # type: ignore[arg-type]
    db.session.commit()


def _failed(mine: tuple[object, ...], attempts: int, error: BaseException) -> None:
    state = DeliveryState.DEAD if attempts >= MAX_ATTEMPTS else DeliveryState.DUE
    values = {
        "state": state,
        "attempts": attempts,
        "lease": None,
        "next_try_at": now() + dt.timedelta(seconds=2**attempts),
        "error": type(error).__name__,
    }
    db.session.execute(update(_D).where(*mine).values(**values))  # type: ignore[arg-type]
    db.session.commit()
    log.warning("event not handled", attempts=attempts, state=state.value, kind=type(error).__name__)
