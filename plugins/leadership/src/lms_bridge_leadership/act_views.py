"""The pages on which a leader acts: sponsoring a programme for a gap, and setting a target."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from flask import request
from marshmallow import EXCLUDE, Schema, fields, post_load, pre_load, validate

from lms_bridge.api import (
    Invalid,
    Metric,
    MetricUnit,
    NotFound,
    PersonGap,
    Refused,
    _,
    audit_reads,
    current,
    db,
    declared_metrics,
    development_forms,
    flash,
    gaps_in_unit,
    load,
    now,
    redirect,
    render_template,
    url_for,
    visible_people,
)
from lms_bridge_leadership.access import ACT, OpenUnit, open_unit
from lms_bridge_leadership.acting import Sponsor, open_programmes, set_target, sponsor, sponsored
from lms_bridge_leadership.reading import competency_names
from lms_bridge_leadership.views import bp, metric_named, today

PROPOSED = 30
"""People who are ticked when the page opens."""


class SponsorSchema(Schema):
    """What the form for a programme posts."""

    seen = fields.Integer(required=True, validate=validate.Range(0, 10_000))
    people = fields.List(fields.Integer(), load_default=list, validate=validate.Length(max=200))
    programme_id = fields.Integer(load_default=None, allow_none=True)
    title = fields.String(load_default="", validate=validate.Length(max=255))
    form = fields.String(load_default="", validate=validate.Length(max=64))
    jp = fields.Decimal(load_default=Decimal(0), places=2, validate=validate.Range(0, 9999))
    starts_on = fields.Date(load_default=None, allow_none=True)
    seats = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 10_000))

    @pre_load
    def filled(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        """An empty field says nothing; a decimal comma is a point."""
        sent = {name: value.strip() if isinstance(value, str) else value for name, value in data.items()}
        if isinstance(sent.get("jp"), str):
            sent["jp"] = sent["jp"].replace(",", ".")
        return {name: value for name, value in sent.items() if value != ""}

    @post_load
    def to_command(self, data: dict[str, Any], **options: Any) -> Sponsor:
        return Sponsor(**{**data, "people": tuple(data["people"])})


class TargetSchema(Schema):
    """What the form for a target posts; a share in per cent."""

    class Meta:
        unknown = EXCLUDE

    value = fields.Decimal(required=True, places=2, validate=validate.Range(0, 1_000_000))

    @pre_load
    def point(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        """A decimal comma is a point."""
        return {name: value.replace(",", ".").strip() for name, value in data.items()}


@bp.get("/units/<int:unit_id>/sponsor/<competency>")
def sponsoring(unit_id: int, competency: str) -> str:
    """Propose participants for a programme, with the reason for each."""
    opened, on = _acting_on(unit_id)
    return _page(opened, competency, on, {})


@bp.post("/units/<int:unit_id>/sponsor/<competency>")
def sponsor_programme(unit_id: int, competency: str) -> Any:
    """Open the programme and give the seats."""
    opened, on = _acting_on(unit_id)
    sent = {**request.form.to_dict(), "people": request.form.getlist("people")}
    proposed = _proposed(unit_id, competency, on)
    metric = _metric_of_gaps()
    try:
        command = load(SponsorSchema, sent)
        view = sponsor(
            command,
            unit_id,
            metric,
            competency,
            proposed={one.person_id for one in proposed},
            by=current.person,
            today=on,
            now=now(),
        )
    except Invalid as error:
        return _page(opened, competency, on, sent, problems=error.problems), error.status
    db.session.commit()
    flash(_("%(title)s is open, and those you chose have a seat.", title=view.title))
    return redirect(url_for("leadership.number", unit_id=unit_id, code=metric.code), 303)


@bp.post("/units/<int:unit_id>/numbers/<code>/target")
def target(unit_id: int, code: str) -> Any:
    """Set the target of a number."""
    opened, _on = _acting_on(unit_id)
    metric = metric_named(code)
    value = load(TargetSchema, request.form)["value"]
    set_target(
        opened.unit.id,
        metric,
        value / 100 if metric.unit is MetricUnit.SHARE else value,
        by=current.person,
        now=now(),
    )
    db.session.commit()
    flash(_("The target is set."))
    return redirect(url_for("leadership.number", unit_id=unit_id, code=code), 303)


def _acting_on(unit_id: int) -> tuple[OpenUnit, dt.date]:
    on = today()
    opened = open_unit(unit_id, on=on)
    if not opened.acts:
        raise Refused(_("Whoever heads the unit decides this."), reason=ACT)
    return opened, on


def _metric_of_gaps() -> Metric:
    """Return the number that tells which share of people has a gap."""
    for metric in declared_metrics(current):
        if metric.by_competency and metric.unit is MetricUnit.SHARE:
            return metric
    raise NotFound(_("There is no such number."))


def _proposed(unit_id: int, competency: str, on: dt.date) -> list[PersonGap]:
    found = gaps_in_unit(unit_id, competency, on=on, visible=visible_people(current, ACT))
    audit_reads(ACT, [one.person_id for one in found])
    return found


def _page(
    opened: OpenUnit, competency: str, on: dt.date, sent: dict[str, Any], problems: dict[str, Any] | None = None
) -> str:
    name = competency_names().get(competency)
    if name is None:
        raise NotFound(_("There is no such competency."))
    proposed = _proposed(opened.unit.id, competency, on)
    chosen = {int(one) for one in sent["people"] if one.isdecimal()} if sent else None
    return render_template(
        "leadership/sponsor.html",
        opened=opened,
        competency=competency,
        name=name,
        metric=_metric_of_gaps(),
        proposed=proposed,
        chosen={one.person_id for one in proposed[:PROPOSED]} if chosen is None else chosen,
        sent=sent,
        problems=problems or {},
        programmes=(going := open_programmes(competency)),
        choices=[(str(one.id), one.title) for one in going],
        forms=[(one.code, one.name) for one in development_forms().values()],
        seen=sponsored(opened.unit.id, competency),
    )
