"""A course: its page, its modules, people and grades."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from lms_bridge.practice.errors import PageRefused
from lms_bridge.practice.gradebook import columns_of, grades_in, learners_of, override
from lms_bridge.practice.login import begin_launch
from lms_bridge.practice.models import Activity, Course, Enrolment, LineItem, User, store
from lms_bridge.practice.people import course_for, current_user
from lms_bridge.practice.site import site
from lms_bridge.practice.views.frames import allow_frames
from lms_bridge.practice.views.login import start

bp = Blueprint("course", __name__)
PHONES = ("Mobi", "Android", "iPhone", "iPad")


@bp.get("/courses")
def index() -> str:
    """List the courses of the person."""
    user = current_user()
    query = select(Course).order_by(Course.id)
    if not user.is_admin:
        query = query.join(Enrolment).where(Enrolment.user_id == user.id, Enrolment.suspended.is_(False))
    return render_template("courses.html", courses=store.session.scalars(query).all())


@bp.get("/courses/<int:course_id>")
def show(course_id: int) -> str:
    """Show a course with its modules."""
    course, role = course_for(course_id)
    activities = store.session.scalars(select(Activity).filter_by(course_id=course.id).order_by(Activity.id)).all()
    columns = {column.activity_id: column for column in columns_of(course.id)}
    mine = {
        item_id: grade for (user_id, item_id), grade in grades_in(course.id).items() if user_id == current_user().id
    }
    return render_template("course.html", course=course, role=role, activities=activities, columns=columns, grades=mine)


def _activity(activity_id: int) -> tuple[Activity, str]:
    activity = store.session.get(Activity, activity_id)
    if activity is None:
        raise PageRefused(_("Not found"), _("There is no such activity."), status=404)
    _course, role = course_for(activity.course_id)
    return activity, role


def _container(activity: Activity) -> str:
    agent = request.headers.get("User-Agent", "")
    return site().profile.container(activity.container, phone=any(word in agent for word in PHONES))


@bp.get("/activities/<int:activity_id>")
def module(activity_id: int) -> Response | str:
    """Show a module with the tool in a frame, or the door to its own window."""
    activity, role = _activity(activity_id)
    container = _container(activity)
    if container == "frame":
        return redirect(url_for("course.launch", activity_id=activity.id), code=303)
    tool = activity.deployment.tool
    allow_frames(tool.initiate_login_uri, tool.target_link_uri, activity.url or "", *tool.redirect_uris)
    return render_template(
        "module.html", activity=activity, course=activity.course, role=role, container=container, tool=tool
    )


@bp.get("/activities/<int:activity_id>/launch")
def launch(activity_id: int) -> Response:
    """Send the browser, or the frame, to the tool."""
    activity, _role = _activity(activity_id)
    begun = begin_launch(
        site(),
        user=current_user(),
        course=activity.course,
        deployment=activity.deployment,
        activity=activity,
        target=_container(activity),
        locale=str(get_locale()),
    )
    return start(begun)


@bp.get("/courses/<int:course_id>/return")
def returned(course_id: int) -> str:
    """Take a person back who left a tool, with the tool's message if it sent one."""
    course, _role = course_for(course_id)
    message, error = request.args.get("lti_msg", "")[:500], request.args.get("lti_errormsg", "")[:500]
    return render_template("returned.html", course=course, message=message, error=error)


@bp.get("/courses/<int:course_id>/grades")
def grades(course_id: int) -> str:
    """Show the gradebook: all of it to teachers, their own grades to learners."""
    course, role = course_for(course_id)
    teaching = role in {"teacher", "assistant"}
    learners = learners_of(course.id) if teaching else [current_user()]
    return render_template(
        "grades.html",
        course=course,
        role=role,
        teaching=teaching,
        learners=learners,
        columns=columns_of(course.id),
        grades=grades_in(course.id),
    )


@bp.post("/courses/<int:course_id>/grades/<int:line_item_id>/<int:user_id>")
def set_grade(course_id: int, line_item_id: int, user_id: int) -> Response:
    """Let a teacher set a grade by hand, or leave it to the tool again."""
    course, _role = course_for(course_id, teaching=True)
    item, learner = store.session.get(LineItem, line_item_id), store.session.get(User, user_id)
    if item is None or learner is None or item.course_id != course.id or learner not in learners_of(course.id):
        raise PageRefused(_("Not found"), _("There is no such grade."), status=404)
    override(item, learner, _points(request.form.get("score", ""), item))
    store.session.commit()
    flash(_("The grade of %(name)s was saved.", name=learner.name))
    return redirect(url_for("course.grades", course_id=course.id), code=303)


def _points(text: str, item: LineItem) -> Decimal | None:
    if not text.strip():
        return None
    try:
        given = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        given = Decimal(-1)
    if not 0 <= given <= item.score_maximum:
        raise PageRefused(
            _("The grade was not saved"),
            _("Write a number from 0 to %(maximum)s, or nothing.", maximum=item.score_maximum),
        )
    return given


@bp.get("/courses/<int:course_id>/people")
def people(course_id: int) -> str:
    """Show who is in the course."""
    course, role = course_for(course_id)
    query = select(Enrolment).join(User).where(Enrolment.course_id == course.id).order_by(User.given_name)
    return render_template("people.html", course=course, role=role, places=store.session.scalars(query).all())
