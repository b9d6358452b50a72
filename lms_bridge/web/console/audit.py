"""The audit log: who looked at whose data, what was taken out, which rights changed.

The form of filters is posted, and leads to an address with numbers of people: a NIP in an address would stand in the
logs of every server on the way.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema, fields, post_load, pre_load, validate
from sqlalchemy import select

from lms_bridge.context import current
from lms_bridge.db import db
from lms_bridge.domain.nip import clean_nip
from lms_bridge.errors import Invalid, load
from lms_bridge.models import AuditKind, Person
from lms_bridge.services.audit_log import KINDS, PAGE, AuditFilter, audit_entries

bp = Blueprint("audit", __name__)
PEOPLE = ("actor", "subject")
_NUMBER = validate.Range(1, 2**31 - 1)


class _Filter(Schema):
    """What both forms of the filter have. What is empty does not matter; the last day is included."""

    kind = fields.Enum(AuditKind, by_value=True)
    since = fields.Date()
    until = fields.Date(validate=validate.Range(max=dt.date(9998, 12, 31)))

    @pre_load
    def without_empty(self, data: Any, **kwargs: Any) -> dict[str, str]:
        """Leave out the fields that were left empty."""
        return {name: value for name, value in data.items() if value}


class AddressSchema(_Filter):
    """The filter as the address tells it: people by number, and from which entry on older ones are shown."""

    actor = fields.Integer(validate=_NUMBER)
    subject = fields.Integer(validate=_NUMBER)
    before = fields.Integer(validate=_NUMBER)


class FormSchema(_Filter):
    """The filter as somebody fills it in: people by NIP."""

    actor = fields.String(validate=validate.Length(max=40))
    subject = fields.String(validate=validate.Length(max=40))

    @post_load
    def to_address(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Return the parameters of the address."""
        found = {name: _person_with(data[name]) for name in PEOPLE if name in data}
        if unknown := [name for name in found if found[name] is None]:
            raise Invalid({name: [_("The agency knows nobody with this NIP.")] for name in unknown})
        kind = {"kind": data["kind"].value} if "kind" in data else {}
        return {**data, **kind, **found}


def _person_with(nip: str) -> int | None:
    return db.session.scalar(select(Person.id).where(Person.nip == (clean_nip(nip) or "")))


@bp.get("")
def index() -> str:
    """Show entries, the newest first, and the form of filters."""
    chosen = load(AddressSchema, request.args)
    before = chosen.pop("before", None)
    entries = audit_entries(_filter(chosen), before=before, limit=PAGE + 1)
    more = len(entries) > PAGE
    return _page(
        entries[:PAGE], _as_filled_in(chosen), {**request.args, "before": entries[PAGE - 1].id} if more else None
    )


@bp.post("")
def narrow() -> Any:
    """Lead to the entries that the form asks for."""
    try:
        return redirect(url_for(".index", **load(FormSchema, request.form)), code=303)
    except Invalid as error:
        return _page([], request.form, None, problems=error.problems), error.status


def _filter(chosen: dict[str, Any]) -> AuditFilter:
    until = chosen["until"] + dt.timedelta(days=1) if "until" in chosen else None
    return AuditFilter(
        kind=chosen.get("kind"),
        actor_id=chosen.get("actor"),
        subject_id=chosen.get("subject"),
        since=_midnight(chosen.get("since")),
        until=_midnight(until),
    )


def _midnight(day: dt.date | None) -> dt.datetime | None:
    return dt.datetime.combine(day, dt.time(), ZoneInfo(current.agency.timezone)) if day else None


def _as_filled_in(chosen: dict[str, Any]) -> dict[str, Any]:
    people = {name: chosen[name] for name in PEOPLE if name in chosen}
    if not people:
        return {**chosen, "kind": chosen["kind"].value} if "kind" in chosen else chosen
    rows = db.session.execute(select(Person.id, Person.nip).where(Person.id.in_(people.values())))
    nips = {row.id: row.nip for row in rows}
    shown = {name: nips.get(number) or "" for name, number in people.items()}
    return _as_filled_in({name: value for name, value in chosen.items() if name not in PEOPLE}) | shown


def _page(entries: list[Any], given: Any, older: dict[str, Any] | None, *, problems: Any = None) -> str:
    return render_template(
        "console/audit.html",
        entries=entries,
        given=given,
        older=older,
        problems=problems or {},
        kinds=[(kind.value, words) for kind, words in KINDS.items()],
    )
