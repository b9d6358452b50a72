"""The learning hours of a person: everything confirmed that they did, counted anew each time it is read.

Nothing is stored of what counts, so that a correction, a withdrawal or another rule can leave no stale figure behind.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from lms_bridge.api import (
    DevelopmentForm,
    ParticipantStatus,
    PersonRef,
    activities_of,
    development_forms,
    participations_of,
    placement_of,
    programmes,
)
from lms_bridge_competency.hours.index_points import Points, points_of_year
from lms_bridge_competency.hours.rules import Deed, Entry, YearTotal, count, total

NOON = dt.time(12)


@dataclass(frozen=True, slots=True)
class Ledger:
    """A year of somebody: entries in the order of time, their sum, and the points of IP ASN by the post they hold."""

    year: int
    entries: list[Entry]
    total: YearTotal
    points: list[Points]
    forms: Mapping[str, DevelopmentForm]


def ledger_of(person: PersonRef, *, year: int, zone: ZoneInfo, target: Decimal) -> Ledger:
    """Return a year of somebody in the agency\'s zone."""
    forms = development_forms()
    entries = count(_deeds(person, year, zone), forms, year=year, zone=zone)
    placement = placement_of(person, on=dt.date(year, 12, 31)) or placement_of(person, on=dt.date(year, 1, 1))
    points = points_of_year(placement.post_type, placement.post_level, entries) if placement else []
    return Ledger(year, entries, total(entries, forms, target=target), points, forms)


def total_of(person: PersonRef, *, year: int, zone: ZoneInfo, target: Decimal) -> YearTotal:
    """Return what counts of a year of somebody, without its points."""
    forms = development_forms()
    return total(count(_deeds(person, year, zone), forms, year=year, zone=zone), forms, target=target)


def counted_by_form(person: PersonRef, *, year: int, zone: ZoneInfo) -> dict[str, Decimal]:
    """Return the JP that count of a year of somebody, by the code of the form."""
    found: dict[str, Decimal] = {}
    for entry in count(_deeds(person, year, zone), development_forms(), year=year, zone=zone):
        found[entry.deed.form] = found.get(entry.deed.form, Decimal(0)) + entry.counted
    return found


def _deeds(person: PersonRef, year: int, zone: ZoneInfo) -> list[Deed]:
    """Return what may count in a year: also what began before and reaches into it."""
    since = dt.datetime(year - 1, 12, 1, tzinfo=zone)
    until = dt.datetime(year + 1, 1, 1, tzinfo=zone)
    confirmed = [
        Deed(
            key=f"activity:{one.id}",
            form=one.details.form,
            title=one.details.title,
            starts_at=one.details.starts_at,
            minutes=one.details.minutes,
            units=one.details.units,
            scope=one.details.scope,
        )
        for one in activities_of(person, since=since, until=until)
    ]
    return confirmed + _programmes(person, year, zone)


def _programmes(person: PersonRef, year: int, zone: ZoneInfo) -> list[Deed]:
    """Return the programmes that somebody completed in a year, with the JP that each counts for a participant."""
    completed = {
        one.programme_id: one.ended_on
        for one in participations_of(person)
        if one.status is ParticipantStatus.COMPLETED and one.ended_on and one.ended_on.year == year
    }
    known = {one.id: one for one in programmes()} if completed else {}
    return [
        Deed(
            key=f"programme:{programme_id}",
            form=known[programme_id].form,
            title=known[programme_id].title,
            starts_at=dt.datetime.combine(ended_on, NOON, tzinfo=zone),
            jp=known[programme_id].jp,
            days=max((ended_on - (known[programme_id].starts_on or ended_on)).days + 1, 1),
        )
        for programme_id, ended_on in completed.items()
    ]
