"""Removing what has been kept long enough: the rules of core and of every plugin, once a day, for each agency."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import structlog
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from lms_bridge.contributions import Retention
from lms_bridge.db import acting_as, changed_rows, current_agency, db, guest, now
from lms_bridge.models import (
    Activity,
    ActivityState,
    Agency,
    Delivery,
    DeliveryState,
    Enrolment,
    OutboxEvent,
    Suggestion,
    SuggestionState,
)
from lms_bridge.plugin_host import host
from lms_bridge.services.audit import audit
from lms_bridge.services.outbox import WAITS_FOR_SWITCH
from lms_bridge.services.refusals import delete_refusals

log = structlog.get_logger("lms_bridge.retention")


def _delete_events(before: dt.datetime) -> int:
    """Delete events that were delivered to everybody, but for plugins that the agency has switched off."""
    events, deliveries = OutboxEvent.__table__, Delivery.__table__
    waiting = select(deliveries.c.event_id).where(
        deliveries.c.state != DeliveryState.DONE, deliveries.c.error.is_distinct_from(WAITS_FOR_SWITCH)
    )
    old = (events.c.agency_id == current_agency(), events.c.happened_at < before, events.c.id.not_in(waiting))
    return changed_rows(delete(events).where(*old))


def _delete_enrolments(before: dt.datetime) -> int:
    """Delete that somebody was in a course whose roster they have left."""
    rows = Enrolment.__table__
    left = (rows.c.agency_id == current_agency(), rows.c.in_roster.is_(False), rows.c.seen_at < before)
    return changed_rows(delete(rows).where(*left))


def _delete_withdrawn(before: dt.datetime) -> int:
    """Delete activities that were taken back."""
    rows = Activity.__table__
    old = (rows.c.agency_id == current_agency(), rows.c.changed_at < before)
    return changed_rows(delete(rows).where(*old, rows.c.state == ActivityState.WITHDRAWN))


def _delete_settled(before: dt.datetime) -> int:
    """Delete suggestions that were dismissed or carried out."""
    rows, settled = Suggestion.__table__, (SuggestionState.DISMISSED, SuggestionState.DONE)
    old = (rows.c.agency_id == current_agency(), rows.c.changed_at < before)
    return changed_rows(delete(rows).where(*old, rows.c.state.in_(settled)))


CORE = (
    Retention("events", _l("Events that were delivered"), dt.timedelta(days=90), _delete_events),
    Retention("enrolments", _l("Courses of the LMS that somebody left"), dt.timedelta(days=730), _delete_enrolments),
    Retention("activities", _l("Activities that were taken back"), dt.timedelta(days=730), _delete_withdrawn),
    Retention("suggestions", _l("Suggestions that were settled"), dt.timedelta(days=730), _delete_settled),
    Retention("launch_refusals", _l("Why openings from an LMS were refused"), dt.timedelta(days=90), delete_refusals),
)


def apply_rules() -> None:
    """Apply every rule for every agency, each in a transaction of its own; one that fails is undone and noted."""
    agencies = list(db.session.scalars(select(Agency.id).order_by(Agency.id)))
    db.session.rollback()
    for agency_id in agencies:
        with acting_as(agency_id):
            for owner, rule in _rules():
                _apply(owner, rule)


def _rules() -> Iterator[tuple[str, Retention]]:
    """Yield every rule with its owner, also those of plugins that an agency has switched off: the rows are there."""
    yield from (("core", rule) for rule in CORE)
    yield from ((declared.name, rule) for declared in host().declarations for rule in declared.retention)


def _apply(owner: str, rule: Retention) -> None:
    name = f"{owner}.{rule.name}"
    try:
        with guest(owner):
            rows = rule.apply(now() - rule.keep)
        if rows:
            audit("retention.applied", rule=name, rows=rows)
            log.info("retention applied", rule=name, rows=rows, agency=current_agency())
        db.session.commit()
    except Exception as error:
        db.session.rollback()
        if owner == "core":
            raise
        host().note_failure(owner, f"retention {rule.name}", error)
