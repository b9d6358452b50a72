"""How far a plan is carried out: the JP that count of what it planned, form by form; the grade of its LMS activity."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from lms_bridge.api import (
    ActivityChanged,
    ActivityConfirmed,
    ActivityWithdrawn,
    Event,
    ParticipationSettled,
    PersonRef,
    absent_actor,
    record_score,
)
from lms_bridge.api import now as clock
from lms_bridge_competency.hours.ledger import counted_by_form
from lms_bridge_competency.plan.models import PlanState
from lms_bridge_competency.plan.writing import find_plan, items_of

MODULE = "competency.plan"
PROGRESS_EVENTS = (ActivityConfirmed, ActivityChanged, ActivityWithdrawn, ParticipationSettled)


@dataclass(frozen=True, slots=True)
class Progress:
    """JP planned, and JP of them that count already."""

    planned: Decimal
    done: Decimal

    @property
    def share(self) -> Decimal:
        """What is done of what is planned, 0-1."""
        whole = self.done / self.planned if self.planned else Decimal(0)
        return whole.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def measure(planned: Iterable[tuple[str, Decimal]], counted: dict[str, Decimal]) -> Progress:
    """Compare planned with counted JP: of each form at most what is planned of it, so that nothing makes up for it."""
    wanted: dict[str, Decimal] = {}
    for form, jp in planned:
        wanted[form] = wanted.get(form, Decimal(0)) + jp
    done = sum((min(jp, counted.get(form, Decimal(0))) for form, jp in wanted.items()), Decimal(0))
    return Progress(sum(wanted.values(), Decimal(0)), done)


def progress_of(person: PersonRef, planned: Iterable[tuple[str, Decimal]], *, year: int, zone: ZoneInfo) -> Progress:
    """Return how far somebody is with what they plan for a year."""
    return measure(planned, counted_by_form(person, year=year, zone=zone))


def tell_progress(person: PersonRef, *, year: int, zone: ZoneInfo, now: dt.datetime) -> None:
    """Hand the progress of an approved plan to the gradebooks from which its owner opened it."""
    plan = find_plan(person, year=year)
    if plan is None or plan.state is not PlanState.APPROVED:
        return
    found = progress_of(person, [(one.form, one.jp) for one in items_of(plan)], year=year, zone=zone)
    record_score(found.share, module=MODULE, person=person, settled_at=now, in_progress=found.share < 1)


def note_progress(event: Event) -> None:
    """Grade a plan anew when something of it was confirmed, corrected or withdrawn, or a programme ended."""
    if isinstance(event, PROGRESS_EVENTS):
        actor, moment = absent_actor(event.person_id), clock()
        zone = ZoneInfo(actor.agency.timezone)
        this_year = moment.astimezone(zone).year
        # What was done in December is often verified in January.
        for year in (this_year - 1, this_year):
            tell_progress(actor.person, year=year, zone=zone, now=moment)
