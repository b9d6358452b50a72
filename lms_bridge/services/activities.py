"""Activities: what a plugin confirms that somebody did, so that another may count it without knowing the first."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, select

from lms_bridge.context import PersonRef
from lms_bridge.db import current_agency, db, insert_new
from lms_bridge.errors import Invalid, NotFound
from lms_bridge.events import ActivityChanged, ActivityConfirmed, ActivityWithdrawn, Event
from lms_bridge.models import Activity, ActivityScope, ActivityState
from lms_bridge.services.development_forms import development_forms
from lms_bridge.services.outbox import publish


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityDetails:
    """What is said of an activity: ``form`` is a code of ``development_forms()``, ``units`` counts in its unit (2 days
    of a workshop); give minutes, units or both. A form that counts by the hour needs minutes."""

    form: str
    title: str
    starts_at: dt.datetime
    minutes: int | None = None
    units: Decimal | None = None
    scope: ActivityScope = ActivityScope.NATIONAL


@dataclass(frozen=True, slots=True)
class ActivityView:
    """An activity of a person (``person_id`` is one of ``person.ids``), and whether it still counts."""

    id: int
    person_id: int
    source: str
    reference: str
    state: ActivityState
    details: ActivityDetails


def confirm_activity(
    person: PersonRef, details: ActivityDetails, *, source: str, reference: str, now: dt.datetime
) -> ActivityView:
    """Say that somebody did something that counts; or, with the same source and reference, how it was really.

    Saying the same again changes nothing and tells nobody. Worked example: a session confirmed with 60 minutes and then
    corrected to 90 is one activity; ``activity.confirmed`` is published first, ``activity.changed`` then. One that was
    withdrawn is confirmed anew.

    :param source: name of the plugin.
    :param reference: what it is there, for one person: ``session:12:mentee``.
    :raises Invalid: the form is unknown, the title empty or too long, or no minutes or units above 0 are given.
    """
    _check(details)
    values = {"person_id": person.id, **asdict(details)}
    key = {"agency_id": current_agency(), "source": source, "reference": reference}
    fresh = insert_new(
        Activity.__table__, key=key, values={**values, "state": ActivityState.CONFIRMED, "changed_at": now}
    )
    row = _get(source, reference)
    if fresh is not None:
        _tell(ActivityConfirmed, row)
    elif row.state is ActivityState.WITHDRAWN:
        _change(row, values, ActivityState.CONFIRMED, now)
        _tell(ActivityConfirmed, row)
    elif _view(row).details != details or row.person_id not in person.ids:
        _change(row, values, ActivityState.CONFIRMED, now)
        _tell(ActivityChanged, row)
    return _view(row)


def withdraw_activity(*, source: str, reference: str, now: dt.datetime) -> None:
    """Take back what was confirmed: it counts no more. Taking it back again changes nothing.

    :raises NotFound: nothing was confirmed with this reference.
    """
    row = _get(source, reference)
    if row.state is ActivityState.CONFIRMED:
        _change(row, {}, ActivityState.WITHDRAWN, now)
        _tell(ActivityWithdrawn, row)


def activity(activity_id: int) -> ActivityView:
    """Return an activity, also a withdrawn one.

    :raises NotFound: there is none with this id, or it was withdrawn so long ago that it is deleted.
    """
    return _view(_one(select(Activity).where(Activity.id == activity_id)))


def activities_of(person: PersonRef, *, since: dt.datetime, until: dt.datetime) -> list[ActivityView]:
    """Return what somebody did that counts and began from a moment (included) to another (not included), in order."""
    rows = db.session.scalars(
        select(Activity)
        .where(
            Activity.person_id.in_(person.ids),
            Activity.state == ActivityState.CONFIRMED,
            Activity.starts_at >= since,
            Activity.starts_at < until,
        )
        .order_by(Activity.starts_at, Activity.id)
    )
    return [_view(row) for row in rows]


def _check(details: ActivityDetails) -> None:
    problems: dict[str, Any] = {}
    if details.form not in development_forms():
        problems["form"] = [_("Choose a form of development from the list.")]
    if not 0 < len(details.title) <= 255:
        problems["title"] = [_("Give a title of up to 255 characters.")]
    amounts = [amount for amount in (details.minutes, details.units) if amount is not None]
    if not amounts or any(amount <= 0 for amount in amounts):
        problems["minutes"] = [_("Give how long or how often, a number above 0.")]
    if problems:
        raise Invalid(problems)


def _get(source: str, reference: str) -> Activity:
    key = (Activity.source == source, Activity.reference == reference)
    # Whoever changes it at the same time waits, and then sees what the first one made of it.
    return _one(select(Activity).where(*key).with_for_update().execution_options(populate_existing=True))


def _one(rows: Select[Activity]) -> Activity:
    row = db.session.scalar(rows)
    if row is None:
        raise NotFound(_("There is no such activity."))
    return row


def _change(row: Activity, values: dict[str, Any], state: ActivityState, now: dt.datetime) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.state, row.changed_at = state, now
    db.session.flush()


def _tell(event: type[ActivityConfirmed | ActivityChanged | ActivityWithdrawn], row: Activity) -> None:
    told: Event = event(activity_id=row.id, person_id=row.person_id, form=row.form, source=row.source)
    publish(told)


def _view(row: Activity) -> ActivityView:
    details = ActivityDetails(
        form=row.form,
        title=row.title,
        starts_at=row.starts_at,
        minutes=row.minutes,
        units=row.units,
        scope=row.scope,
    )
    return ActivityView(row.id, row.person_id, row.source, row.reference, row.state, details)
