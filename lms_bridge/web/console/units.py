"""Units: the tree as it is today, and its changes from a day on, each shown with what it brings before it is made."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy import select

from lms_bridge.context import current
from lms_bridge.db import db, now
from lms_bridge.errors import Conflict, Invalid, load
from lms_bridge.models import Unit
from lms_bridge.services.heads import heads_of
from lms_bridge.services.unit_changes import Act, ChangedMeanwhile, Consequences, UnitChange, carry_out, foresee
from lms_bridge.services.units import get_unit, subtree, top_units, units_above

bp = Blueprint("units", __name__)


class ChangeSchema(Schema):
    """What a form of a unit sends; with ``seen`` it confirms what was shown."""

    act = fields.Enum(Act, by_value=True, required=True)
    on = fields.Date(required=True)
    name = fields.String(load_default="", validate=validate.Length(max=255))
    target = fields.String(load_default="", validate=validate.Length(max=64))
    seen = fields.String(load_default="", validate=validate.Length(max=16))

    @validates_schema
    def complete(self, data: dict[str, Any], **options: Any) -> None:
        """A unit has a name, and goes on in some unit."""
        if data["act"] is Act.RENAME and not data["name"].strip():
            raise ValidationError(_("Give the unit a name."), "name")
        if data["act"] is Act.MERGE and not data["target"].strip():
            raise ValidationError(_("Give the code of a unit."), "target")


@bp.get("")
def index() -> str:
    """Show the units at the top."""
    return render_template("console/units.html", units=top_units(on=_today()))


@bp.get("/<int:unit_id>")
def show(unit_id: int) -> str:
    """Show a unit with what lies right below it, and the forms that change it."""
    return _page(unit_id)


@bp.post("/<int:unit_id>")
def change(unit_id: int) -> Any:
    """Show what a change brings, or make it once that was confirmed."""
    try:
        sent = load(ChangeSchema, request.form)
        wanted = UnitChange(
            sent["act"], unit_id, sent["on"], " ".join(sent["name"].split()), _target(sent["target"].strip())
        )
    except Invalid as error:
        return _page(unit_id, problems=error.problems), error.status
    try:
        if not sent["seen"]:
            return _page(unit_id, wanted=wanted, foreseen=foresee(wanted))
        carry_out(wanted, seen=sent["seen"])
    except ChangedMeanwhile as error:
        return _page(unit_id, refused=error, wanted=wanted, foreseen=foresee(wanted)), error.status
    except Conflict as error:
        return _page(unit_id, refused=error), error.status
    db.session.commit()
    flash(_("The change of the unit is recorded."))
    goes_on = wanted.target_id if wanted.act is Act.MERGE and wanted.target_id else unit_id
    return redirect(url_for(".show", unit_id=goes_on), code=303)


def _target(code: str) -> int | None:
    if not code:
        return None
    found = db.session.scalar(select(Unit.id).where(Unit.code == code))
    if found is None:
        raise Invalid({"target": [_("No unit has this code.")]})
    return found


def _page(
    unit_id: int,
    *,
    problems: Any = None,
    refused: Conflict | None = None,
    wanted: UnitChange | None = None,
    foreseen: Consequences | None = None,
) -> str:
    unit, today = get_unit(unit_id), _today()
    return render_template(
        "console/unit.html",
        unit=unit,
        above=units_above(unit_id, on=today)[::-1],
        below=[one for one in subtree(unit_id, on=today) if one.depth == 1],
        heads=heads_of(unit_id, on=today),
        stands=unit.valid_to is None or unit.valid_to > today,
        sent=request.form,
        problems=problems or {},
        refused=refused,
        wanted=wanted,
        foreseen=foreseen,
        today=today,
    )


def _today() -> dt.date:
    return now().astimezone(ZoneInfo(current.agency.timezone)).date()
