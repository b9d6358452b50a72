"""The pages of a unit: its gap matrix, and its people."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request
from marshmallow import EXCLUDE, Schema, fields, validate
from sqlalchemy import func, select

from lms_bridge.api import (
    Refused,
    Table,
    _,
    audit_reads,
    current,
    db,
    export_table,
    load,
    now,
    redirect,
    render_template,
    url_for,
)
from lms_bridge_competency.unit_map.access import VIEW_RESULT, VIEW_UNIT, OpenUnit, facts_of, first_units, open_unit
from lms_bridge_competency.unit_map.reading import PAGE, jpm_by_result, lines_by_result, people_of
from lms_bridge_competency.unit_map.tables import levels_table, matrix_table, people_table
from lms_bridge_competency.views import bp


class PageSchema(Schema):
    """Which page of a list."""

    class Meta:
        unknown = EXCLUDE

    page = fields.Integer(load_default=1, validate=validate.Range(1, 100_000))


def _today() -> dt.date:
    return now().astimezone(ZoneInfo(current.agency.timezone)).date()


@bp.get("/units")
def units() -> Any:
    """Open the only unit with which the reader begins, or list them."""
    found = first_units(on=_today())
    if not found:
        raise Refused(_("Your role does not include this page."), reason=VIEW_UNIT)
    if len(found) == 1:
        return redirect(url_for("competency.unit", unit_id=found[0].id))
    return render_template("competency/units.html", units=found)


@bp.get("/units/<int:unit_id>")
def unit(unit_id: int) -> str:
    """Show the gap matrix of what lies below a unit, and the counts for each level."""
    on = _today()
    opened = open_unit(unit_id, on=on)
    return render_template(
        "competency/unit.html",
        unit_id=unit_id,
        opened=opened,
        figures=opened.figures,
        on=on,
    )


@bp.get("/units/<int:unit_id>/people")
def unit_people(unit_id: int) -> str:
    """Show the people of a unit whose names the reader may see, fifty a page."""
    on, number = _today(), load(PageSchema, request.args)["page"]
    opened = open_unit(unit_id, on=on)
    query = people_of(unit_id, on=on, visible=opened.visible)
    count = db.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    rows = db.session.execute(query.limit(PAGE).offset((number - 1) * PAGE)).all()
    audit_reads(VIEW_RESULT, [row.person_id for row in rows if row.result_id])
    results = [row.result_id for row in rows if row.result_id]
    return render_template(
        "competency/unit_people.html",
        unit_id=unit_id,
        opened=opened,
        figures=opened.figures,
        rows=rows,
        lines=lines_by_result(results),
        jpm=jpm_by_result(results),
        count=count,
        number=number,
        pages=-(-count // PAGE),
    )


@bp.get("/units/<int:unit_id>/<any(matrix, levels, people):what>.<ending>")
def unit_file(unit_id: int, what: str, ending: str) -> Response:
    """Hand out what a page shows as a file."""
    on = _today()
    opened = open_unit(unit_id, on=on)
    return export_table(_table(what, unit_id, opened, on), ending)


def _table(what: str, unit_id: int, opened: OpenUnit, on: dt.date) -> Table:
    figures, facts, small = opened.figures, facts_of(unit_id, opened), opened.visible is not None
    if what == "matrix":
        return matrix_table(figures, on=on, facts=facts, small=small)
    if what == "levels":
        return levels_table(figures, on=on, facts=facts, small=small)
    query = people_of(unit_id, on=on, visible=opened.visible)
    return people_table(query, figures, on=on, facts=facts, whole_nip=not small)
