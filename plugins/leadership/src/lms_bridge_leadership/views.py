"""The pages: home of a leader, a number with its parts, what a number means, files to take away."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request
from marshmallow import EXCLUDE, Schema, fields, validate

from lms_bridge.api import (
    Metric,
    NotFound,
    Refused,
    Table,
    _,
    current,
    declared_metrics,
    export_table,
    indicators_as_of,
    last_quarters,
    load,
    now,
    redirect,
    render_template,
    url_for,
    waiting_tasks,
)
from lms_bridge_leadership.access import VIEW, OpenUnit, first_units, open_unit
from lms_bridge_leadership.acting import actions_about, targets_of
from lms_bridge_leadership.deeds import told
from lms_bridge_leadership.figures import QUARTERS, Standing, spark
from lms_bridge_leadership.reading import (
    Part,
    by_competency,
    period_of,
    post_groups,
    read_figures,
    read_matrix,
    units_below,
)
from lms_bridge_leadership.tables import matrix_table, numbers_table, parts_table
from lms_bridge_leadership.words import difference, remarks, written

bp = Blueprint("leadership", __name__, template_folder="templates")
FIRST = 5
"""Numbers on a leader's home."""


class PeriodSchema(Schema):
    """Which quarter a page is about."""

    class Meta:
        unknown = EXCLUDE

    period = fields.String(load_default="", validate=validate.Regexp(r"^(\d{4}-Q[1-4])?$"))


@bp.context_processor
def _words() -> dict[str, Any]:
    return {"written": written, "difference": difference, "spark": spark, "Standing": Standing, "words": _standings()}


def _standings() -> dict[Standing, str]:
    return {
        Standing.REACHED: _("Target reached"),
        Standing.NEAR: _("Near the target"),
        Standing.MISSED: _("Target missed"),
    }


def group_names() -> dict[str, str]:
    """Return the names of the post groups by type of post."""
    return {
        "JPT": _("Senior leadership posts (JPT)"),
        "JA": _("Administrative posts (JA)"),
        "JF_KEAHLIAN": _("Functional posts, expert (JF keahlian)"),
        "JF_KETERAMPILAN": _("Functional posts, skilled (JF keterampilan)"),
        "": _("Post not known"),
    }


def today() -> dt.date:
    """Return today in the agency's zone."""
    return now().astimezone(ZoneInfo(current.agency.timezone)).date()


def metric_named(code: str) -> Metric:
    """Return a number that a plugin keeps.

    :raises NotFound: none has this code.
    """
    found = next((metric for metric in declared_metrics(current) if metric.code == code), None)
    if found is None:
        raise NotFound(_("There is no such number."))
    return found


@bp.get("/")
def index() -> Any:
    """Open the only unit with which the reader begins, or list them."""
    found = first_units(on=today())
    if not found:
        raise Refused(_("Your role does not include this page."), reason=VIEW)
    if len(found) == 1:
        return redirect(url_for("leadership.unit", unit_id=found[0].id))
    return render_template("leadership/units.html", units=found)


@bp.get("/units/<int:unit_id>")
def unit(unit_id: int) -> str:
    """Show what waits for the leader, five numbers, what stands out, and the gap matrix."""
    on = today()
    opened, until = open_unit(unit_id, on=on), _period(on)
    metrics = declared_metrics(current)
    shown = read_figures(opened, metrics, until=until, on=on, targets=targets_of(unit_id))
    matrix = read_matrix(unit_id, metrics, until=until, on=on)
    return render_template(
        "leadership/unit.html",
        opened=opened,
        tasks=waiting_tasks(current),
        figures=shown[:FIRST],
        others=[one for one in shown[FIRST:] if one.now is not None],
        remarks=remarks(shown[:FIRST], matrix),
        matrix=matrix,
        as_of=indicators_as_of(),
        period=until,
        periods=last_quarters(period_of(on), QUARTERS),
    )


@bp.get("/units/<int:unit_id>/numbers/<code>")
def number(unit_id: int, code: str) -> str:
    """Show a number with its trend, by unit, post group and competency, and what it means."""
    on = today()
    opened, metric, until = open_unit(unit_id, on=on), metric_named(code), _period(on)
    [figure] = read_figures(opened, [metric], until=until, on=on, targets=targets_of(unit_id))
    hidden = figure.held_back
    return render_template(
        "leadership/number.html",
        opened=opened,
        figure=figure,
        metric=metric,
        trend=list(zip(last_quarters(until, QUARTERS), figure.trend, strict=True)),
        parts=[] if hidden else _parts(opened, metric, until, on),
        as_of=indicators_as_of(),
        period=until,
        actions=told(actions_about(unit_id, code), metric, until=until),
        behind=url_for(metric.endpoint, unit_id=unit_id) if metric.endpoint else None,
    )


@bp.get("/metrics/<code>")
def metric(code: str) -> str:
    """Show what a number means."""
    if not first_units(on=today()):
        raise Refused(_("Your role does not include this page."), reason=VIEW)
    return render_template("leadership/metric.html", metric=metric_named(code))


@bp.get("/units/<int:unit_id>/<any(numbers, matrix):what>.<ending>")
def unit_file(unit_id: int, what: str, ending: str) -> Response:
    """Hand out the numbers of a unit, or its gap matrix, as a file."""
    on = today()
    opened, until, metrics = open_unit(unit_id, on=on), _period(on), declared_metrics(current)
    if what == "numbers":
        shown = read_figures(opened, metrics, until=until, on=on, targets=targets_of(unit_id))
        return export_table(numbers_table(opened, shown, last_quarters(until, QUARTERS), on=on), ending)
    matrix = read_matrix(unit_id, metrics, until=until, on=on)
    if matrix is None:
        raise NotFound(_("There is no such number."))
    return export_table(matrix_table(opened, matrix, on=on), ending)


@bp.get("/units/<int:unit_id>/numbers/<code>/<any(units, groups, competencies):by>.<ending>")
def parts_file(unit_id: int, code: str, by: str, ending: str) -> Response:
    """Hand out the parts of a number as a file."""
    on = today()
    opened, metric, until = open_unit(unit_id, on=on), metric_named(code), _period(on)
    return export_table(_parts_table(opened, metric, until, on, by), ending)


def _parts_table(opened: OpenUnit, metric: Metric, until: str, on: dt.date, by: str) -> Table:
    [figure] = read_figures(opened, [metric], until=until, on=on, targets={})
    for name, heading, parts in [] if figure.held_back else _parts(opened, metric, until, on):
        if name == by:
            return parts_table(opened, metric, parts, heading, on=on)
    raise NotFound(_("There is nothing to take away here."))


def _parts(opened: OpenUnit, metric: Metric, until: str, on: dt.date) -> list[tuple[str, str, list[Part]]]:
    """Return the parts of a number, in the order in which a leader asks for them."""
    unit_id = opened.unit.id
    found = [
        ("units", _("Unit"), units_below(unit_id, metric, until=until, on=on)),
        ("groups", _("Post group"), post_groups(unit_id, metric, group_names(), until=until)),
    ]
    if metric.by_competency:
        found.append(("competencies", _("Competency"), by_competency(unit_id, metric, until=until)))
    return [part for part in found if part[2]]


def _period(on: dt.date) -> str:
    return period_of(on, load(PeriodSchema, request.args)["period"])
