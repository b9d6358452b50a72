"""Who launches what: everything that claims and substitution variables are made of."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from lms_bridge.practice.models import Activity, Course, Deployment, Enrolment, Launch, LineItem, Tool, User, store


@dataclass(frozen=True, slots=True)
class Subject:
    """A launch with all its parts at hand."""

    launch_id: str
    message: str
    user: User
    role: str | None
    switched_role: bool
    course: Course
    activity: Activity | None
    line_item: LineItem | None
    deployment: Deployment
    tool: Tool
    tool_in_course: bool
    custom: dict[str, str]
    target: str
    locale: str


def enrolment_of(user_id: int, course_id: int) -> Enrolment | None:
    """Return a person's place in a course."""
    return store.session.scalar(select(Enrolment).filter_by(user_id=user_id, course_id=course_id))


def may_enter(user: User, course_id: int) -> bool:
    """Whether somebody gets into a course: its people who are not suspended, and administrators."""
    place = enrolment_of(user.id, course_id)
    return user.is_admin or (place is not None and not place.suspended)


def coupled_line_item(activity: Activity | None) -> LineItem | None:
    """Return an activity's own column, unless it has none or more than one."""
    if activity is None:
        return None
    found = store.session.scalars(select(LineItem).filter_by(activity_id=activity.id)).all()
    return found[0] if len(found) == 1 else None


def tool_is_in(course_id: int, tool_id: int) -> bool:
    """Whether a course has an activity of a tool."""
    query = select(Activity.id).join(Deployment).where(Activity.course_id == course_id, Deployment.tool_id == tool_id)
    return store.session.scalar(query.limit(1)) is not None


def subject_of(launch: Launch) -> Subject:
    """Gather the parts of a launch."""
    place = enrolment_of(launch.user_id, launch.course_id)
    tool = launch.deployment.tool
    return Subject(
        launch_id=launch.id,
        message=launch.message,
        user=launch.user,
        role=launch.role or (place.role if place else None),
        switched_role=launch.role is not None,
        course=launch.course,
        activity=launch.activity,
        line_item=coupled_line_item(launch.activity),
        deployment=launch.deployment,
        tool=tool,
        tool_in_course=tool_is_in(launch.course_id, tool.id),
        custom=dict(launch.custom),
        target=launch.target,
        locale=launch.locale,
    )
