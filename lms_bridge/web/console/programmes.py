"""Programmes: planned, changed and carried on through their states."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, post_load, pre_load, validate
from werkzeug.wrappers import Response

from lms_bridge.db import db
from lms_bridge.errors import Conflict, Invalid, load
from lms_bridge.models import ProgrammeStatus
from lms_bridge.services.audit import audit
from lms_bridge.services.development_forms import development_forms
from lms_bridge.services.programmes import (
    Aim,
    ProgrammeDetails,
    ProgrammeView,
    change_programme,
    create_programme,
    get_programme,
    next_statuses,
    programme,
    programmes,
    set_programme_status,
)

bp = Blueprint("programmes", __name__)
STATUS = {
    ProgrammeStatus.PLANNED: _l("Planned"),
    ProgrammeStatus.OPEN: _l("Open"),
    ProgrammeStatus.RUNNING: _l("Running"),
    ProgrammeStatus.FINISHED: _l("Finished"),
    ProgrammeStatus.CANCELLED: _l("Cancelled"),
}
_AIM = re.compile(r"(\S+)(?:\s+([1-5]))?")


class ProgrammeSchema(Schema):
    """What the form of a programme sends; ``seen`` stands for what was there when it was opened."""

    code = fields.String(required=True, validate=validate.Length(1, 64))
    title = fields.String(required=True, validate=validate.Length(1, 255))
    form = fields.String(required=True, validate=validate.Length(max=64))
    jp = fields.Decimal(places=2, required=True, validate=validate.Range(0, 10_000))
    cost = fields.Decimal(places=2, load_default=None, validate=validate.Range(0, 10**12))
    starts_on = fields.Date(load_default=None)
    ends_on = fields.Date(load_default=None)
    seats = fields.Integer(load_default=None, validate=validate.Range(1, 1_000_000))
    aims = fields.String(load_default="", validate=validate.Length(max=4000))

    @pre_load
    def filled(self, data: dict[str, str], **options: Any) -> dict[str, str]:
        """An empty field says nothing; a decimal comma is a point."""
        sent = {name: value.strip() for name, value in data.items() if name != "seen" and value.strip()}
        return sent | {name: sent[name].replace(",", ".") for name in ("jp", "cost") if name in sent}

    @post_load
    def details(self, data: dict[str, Any], **options: Any) -> ProgrammeDetails:
        """Read the competencies aimed at, one a line: its key, and perhaps a level."""
        aims = []
        for line in filter(None, map(str.strip, data.pop("aims").splitlines())):
            if not (read := _AIM.fullmatch(line)):
                raise Invalid({"aims": [_("Write a competency a line: its key, and perhaps a level from 1 to 5.")]})
            aims.append(Aim(read[1], int(read[2]) if read[2] else None))
        return ProgrammeDetails(aims=tuple(aims), **data)


@bp.get("")
def index() -> str:
    """List the programmes."""
    return render_template("console/programmes.html", programmes=programmes(), status=STATUS, forms=development_forms())


@bp.get("/new")
def new() -> str:
    """Show the empty form."""
    return _page(None, {})


@bp.post("/new")
def create() -> Any:
    """Plan a programme."""
    try:
        made = create_programme(load(ProgrammeSchema, request.form))
    except Invalid as error:
        return _page(None, request.form, problems=error.problems), error.status
    audit("programme.created", programme=made.id)
    db.session.commit()
    flash(_("The programme is planned."))
    return redirect(url_for(".show", programme_id=made.id), code=303)


@bp.get("/<int:programme_id>")
def show(programme_id: int) -> str:
    """Show a programme as a form, with the steps that its state allows."""
    view = programme(programme_id)
    return _page(view, sent_of(view))


@bp.post("/<int:programme_id>")
def change(programme_id: int) -> Any:
    """Change a programme, unless somebody has done so since the form was opened."""
    get_programme(programme_id, locked=True)
    view = programme(programme_id)
    try:
        details = load(ProgrammeSchema, request.form)
        if request.form.get("seen") != state_of(view):
            return _page(view, request.form, late=True), Conflict.status
        change_programme(programme_id, _with_course(details, view))
    except Invalid as error:
        return _page(view, request.form, problems=error.problems), error.status
    audit("programme.changed", programme=programme_id)
    db.session.commit()
    flash(_("The programme is changed."))
    return redirect(url_for(".show", programme_id=programme_id), code=303)


@bp.post("/<int:programme_id>/status")
def step(programme_id: int) -> Response:
    """Open, start, finish or cancel a programme."""
    status = load(StatusSchema, request.form)["status"]
    get_programme(programme_id, locked=True)
    set_programme_status(programme_id, status)
    audit("programme.status", programme=programme_id, status=status.value)
    db.session.commit()
    flash(_("The programme is now: %(status)s.", status=STATUS[status]))
    return redirect(url_for(".show", programme_id=programme_id), code=303)


class StatusSchema(Schema):
    """The state into which a programme goes."""

    status = fields.Enum(ProgrammeStatus, by_value=True, required=True)


def _with_course(details: ProgrammeDetails, view: ProgrammeView) -> ProgrammeDetails:
    """The course of the LMS is not in the form, and stays."""
    return replace(details, course_id=view.course_id)


def sent_of(view: ProgrammeView) -> dict[str, str]:
    """Return a programme as its form would send it."""
    values = {name: getattr(view, name) for name in ("code", "title", "form", "jp", "cost", "seats")}
    days = {name: getattr(view, name) for name in ("starts_on", "ends_on")}
    aims = "\n".join(f"{aim.competency} {aim.level or ''}".strip() for aim in view.aims)
    return {
        **{name: "" if value is None else _plain(value) for name, value in values.items()},
        **{name: day.isoformat() if day else "" for name, day in days.items()},
        "aims": aims,
    }


def state_of(view: ProgrammeView) -> str:
    """Return what stands for all that the form shows."""
    return hashlib.sha256(repr(sorted(sent_of(view).items())).encode()).hexdigest()[:16]


def _plain(value: Any) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _page(view: ProgrammeView | None, sent: Any, *, problems: Any = None, late: bool = False) -> str:
    return render_template(
        "console/programme.html",
        view=view,
        sent=sent,
        seen=state_of(view) if view else "",
        stored=sent_of(view) if view and late else None,
        steps=[(one.value, STATUS[one]) for one in next_statuses(view.status)] if view else [],
        status=STATUS,
        forms=list(development_forms().items()),
        problems=problems or {},
    )
