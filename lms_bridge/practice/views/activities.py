"""A teacher's work on activities: add, choose content, change, remove."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from lms_bridge.practice.errors import PageRefused
from lms_bridge.practice.models import Activity, Course, Deployment, LineItem, Tool, store
from lms_bridge.practice.people import course_for
from lms_bridge.practice.subject import coupled_line_item

bp = Blueprint("activities", __name__)


@dataclass(frozen=True, slots=True)
class ActivityForm:
    """What the form holds, as it was typed, and what is wrong with it."""

    title: str
    text: str
    custom: str
    container: str
    graded: bool
    maximum: str
    problems: dict[str, str]

    def custom_parameters(self) -> dict[str, str]:
        """Return the custom parameters, one ``name=value`` a line."""
        lines = [line.strip() for line in self.custom.splitlines() if line.strip()]
        return {name.strip(): value.strip() for name, _equals, value in (line.partition("=") for line in lines)}


def _read_form() -> ActivityForm:
    form, problems = request.form, {}
    title, maximum = form.get("title", "").strip(), form.get("maximum", "100").strip()
    if not 1 <= len(title) <= 255:
        problems["title"] = _("Write a name of at most 255 characters.")
    try:
        if not 0 < Decimal(maximum.replace(",", ".")) <= 10_000:
            raise InvalidOperation
    except InvalidOperation:
        problems["maximum"] = _("Write a number from 1 to 10000.")
    custom = form.get("custom", "")
    if any("=" not in line for line in custom.splitlines() if line.strip()) or len(custom) > 10_000:
        problems["custom"] = _("Write one name=value on each line.")
    return ActivityForm(
        title=title,
        text=form.get("text", "").strip()[:10_000],
        custom=custom,
        container="window" if form.get("container") == "window" else "iframe",
        graded="graded" in form,
        maximum=maximum,
        problems=problems,
    )


def offered_tools() -> list[Deployment]:
    """Return what a teacher can choose from: active tools that the administrator shows in the chooser."""
    query = select(Deployment).join(Tool).where(Tool.state == "active", Tool.in_chooser.is_(True))
    return list(store.session.scalars(query.order_by(Deployment.id)))


@bp.get("/courses/<int:course_id>/activities/new")
def choose(course_id: int) -> str:
    """Let the teacher choose a tool for a new activity."""
    course, _role = course_for(course_id, teaching=True)
    return render_template("chooser.html", course=course, deployments=offered_tools())


def _chosen(course_id: int, deployment_id: int) -> tuple[Course, Deployment]:
    course, _role = course_for(course_id, teaching=True)
    found = [deployment for deployment in offered_tools() if deployment.id == deployment_id]
    if not found:
        raise PageRefused(
            _("Not found"), _("This tool cannot be chosen. The administrator switches it on."), status=404
        )
    return course, found[0]


@bp.route("/courses/<int:course_id>/activities/new/<int:deployment_id>", methods=["GET", "POST"])
def add(course_id: int, deployment_id: int) -> Response | tuple[str, int] | str:
    """Add an activity by hand."""
    course, deployment = _chosen(course_id, deployment_id)
    if request.method == "GET":
        empty = ActivityForm(deployment.tool.name, "", "", "iframe", False, "100", {})
        return render_template("activity_form.html", course=course, deployment=deployment, form=empty, activity=None)
    form = _read_form()
    if form.problems:
        page = render_template("activity_form.html", course=course, deployment=deployment, form=form, activity=None)
        return page, 422
    activity = Activity(course_id=course.id, deployment_id=deployment.id, custom={}, title=form.title)
    store.session.add(activity)
    _apply(activity, form, deployment.tool_id)
    store.session.commit()
    flash(_("The activity was added."))
    return redirect(url_for("course.show", course_id=course.id), code=303)


def _apply(activity: Activity, form: ActivityForm, tool_id: int) -> None:
    activity.title, activity.text, activity.container = form.title, form.text, form.container
    activity.custom = form.custom_parameters()
    store.session.flush()
    column = coupled_line_item(activity)
    maximum = Decimal(form.maximum.replace(",", "."))
    if not form.graded:
        if column is not None:
            store.session.delete(column)
    elif column is None:
        store.session.add(
            LineItem(
                course_id=activity.course_id,
                tool_id=tool_id,
                activity_id=activity.id,
                coupled=True,
                label=form.title,
                score_maximum=maximum,
            )
        )
    else:
        column.label, column.score_maximum = form.title, maximum
    store.session.flush()


def _own(activity_id: int) -> Activity:
    activity = store.session.get(Activity, activity_id)
    if activity is None:
        raise PageRefused(_("Not found"), _("There is no such activity."), status=404)
    course_for(activity.course_id, teaching=True)
    return activity


@bp.route("/activities/<int:activity_id>/edit", methods=["GET", "POST"])
def edit(activity_id: int) -> Response | tuple[str, int] | str:
    """Change an activity."""
    activity = _own(activity_id)
    column = coupled_line_item(activity)
    context = {"course": activity.course, "deployment": activity.deployment, "activity": activity}
    if request.method == "GET":
        lines = "\n".join(f"{name}={value}" for name, value in activity.custom.items())
        maximum = f"{column.score_maximum:f}" if column else "100"
        present = ActivityForm(
            activity.title, activity.text, lines, activity.container, column is not None, maximum, {}
        )
        return render_template("activity_form.html", form=present, **context)
    form = _read_form()
    if form.problems:
        return render_template("activity_form.html", form=form, **context), 422
    _apply(activity, form, activity.deployment.tool_id)
    store.session.commit()
    flash(_("The activity was saved."))
    return redirect(url_for("course.show", course_id=activity.course_id), code=303)


@bp.post("/activities/<int:activity_id>/remove")
def remove(activity_id: int) -> Response:
    """Remove an activity with its grades."""
    activity = _own(activity_id)
    course_id = activity.course_id
    store.session.delete(activity)
    store.session.commit()
    flash(_("The activity was removed."))
    return redirect(url_for("course.show", course_id=course_id), code=303)
