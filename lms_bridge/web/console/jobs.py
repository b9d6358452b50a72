"""What waits for somebody: grades that an LMS refused, grades that are late, events that a plugin could not handle."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import ngettext
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from lms_bridge.context import current
from lms_bridge.db import db, now
from lms_bridge.errors import load
from lms_bridge.services.grades import parked_grades, requeue_grades
from lms_bridge.services.outbox import dead_deliveries, requeue_deliveries
from lms_bridge.services.platforms import platform_views
from lms_bridge.web.console.words import advice_on

bp = Blueprint("jobs", __name__)


class ChosenSchema(Schema):
    """The rows that somebody ticked."""

    ids = fields.List(
        fields.Integer(validate=validate.Range(1, 2**31 - 1)), required=True, validate=validate.Length(min=1, max=5000)
    )


@bp.get("")
def index() -> str:
    """Show what waits, with the reason and the next step."""
    return render_template(
        "console/jobs.html",
        parked=_by_reason(parked_grades(agency_id=current.agency.id)),
        late=[view for view in platform_views() if view.reason],
        dead=dead_deliveries(agency_id=current.agency.id),
        advice=advice_on,
    )


def _by_reason(rows: list[Any]) -> list[tuple[str, str, list[Any]]]:
    """Group by LMS and reason: one cause, one remedy, one button."""

    def cause(row: Any) -> tuple[str, str]:
        return row.platform, row.reason or ""

    return [(*key, list(group)) for key, group in groupby(sorted(rows, key=cause), key=cause)]


def _chosen() -> list[int]:
    ids: list[int] = load(ChosenSchema, {"ids": request.form.getlist("ids")})["ids"]
    return ids


@bp.post("/grades")
def send_again() -> Response:
    """Send the chosen grades again."""
    sent = requeue_grades(_chosen(), now=now(), agency_id=current.agency.id)
    db.session.commit()
    flash(ngettext("%(num)s grade will be sent again.", "%(num)s grades will be sent again.", sent))
    return redirect(url_for(".index"), code=303)


@bp.post("/events")
def handle_again() -> Response:
    """Hand the chosen events to their plugins again."""
    handed = requeue_deliveries(_chosen(), now=now(), agency_id=current.agency.id)
    db.session.commit()
    flash(ngettext("%(num)s event will be handled again.", "%(num)s events will be handled again.", handed))
    return redirect(url_for(".index"), code=303)
