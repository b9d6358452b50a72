"""The gradebook: columns and grades of a course."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from lms_bridge.practice.errors import ServiceRefused
from lms_bridge.practice.grading import Held, PostedScore, rescaled
from lms_bridge.practice.models import Activity, Enrolment, Grade, LineItem, Tool, User, now, row_id, store
from lms_bridge.practice.profiles import Profile
from lms_bridge.practice.subject import enrolment_of


def own_line_item(tool: Tool, course_id: int, line_item_id: int) -> LineItem:
    """Return a column that this tool may see.

    :raises ServiceRefused: there is none, or it is another tool's.
    """
    item = store.session.get(LineItem, line_item_id)
    if item is None or item.course_id != course_id or item.tool_id != tool.id:
        raise ServiceRefused(404, "no such line item")
    return item


def line_items_of(tool: Tool, course_id: int, query: dict[str, str]) -> Sequence[LineItem]:
    """Return the columns of a tool in a course, as filtered by tag, resource id or resource link."""
    found = select(LineItem).filter_by(tool_id=tool.id, course_id=course_id).order_by(LineItem.id)
    if "tag" in query:
        found = found.filter_by(tag=query["tag"])
    if "resource_id" in query:
        found = found.filter_by(resource_id=query["resource_id"])
    if "resource_link_id" in query:
        found = found.filter_by(activity_id=row_id(query["resource_link_id"]))
    return store.session.scalars(found).all()


def create_line_item(tool: Tool, course_id: int, wanted: dict[str, Any]) -> LineItem:
    """Make a column for a tool.

    :raises ServiceRefused: it is to belong to somebody else's activity.
    """
    item = LineItem(
        course_id=course_id,
        tool_id=tool.id,
        activity_id=_linked_activity(tool, course_id, wanted["resourceLinkId"]),
        label=wanted["label"],
        score_maximum=wanted["scoreMaximum"],
        resource_id=wanted["resourceId"] or "",
        tag=wanted["tag"] or "",
    )
    store.session.add(item)
    store.session.flush()
    return item


def change_line_item(item: LineItem, tool: Tool, wanted: dict[str, Any]) -> None:
    """Replace a column: what is left out is emptied. Another maximum rescales the grades and stamps them with now."""
    if wanted["scoreMaximum"] != item.score_maximum:
        for grade in grades_of(item):
            if grade.score is not None:
                grade.score = rescaled(grade.score, item.score_maximum, wanted["scoreMaximum"])
                grade.stamp = now()
    if not item.coupled:
        item.activity_id = _linked_activity(tool, item.course_id, wanted["resourceLinkId"])
    item.label, item.score_maximum = wanted["label"], wanted["scoreMaximum"]
    item.resource_id, item.tag = wanted["resourceId"] or "", wanted["tag"] or ""
    store.session.flush()


def _linked_activity(tool: Tool, course_id: int, link: str | None) -> int | None:
    if not link:
        return None
    activity = store.session.get(Activity, row_id(link))
    if activity is None or activity.course_id != course_id or activity.deployment.tool_id != tool.id:
        raise ServiceRefused(403, "the resource link is not the tool's")
    return activity.id


def grades_of(item: LineItem) -> Sequence[Grade]:
    """Return the grades of a column."""
    return store.session.scalars(select(Grade).filter_by(line_item_id=item.id).order_by(Grade.user_id)).all()


def take_score(profile: Profile, item: LineItem, score: PostedScore, posted: dict[str, Any]) -> Grade:
    """Let a posted score meet the gradebook.

    :raises ServiceRefused: the person cannot be graded, or the score is not newer.
    """
    number = row_id(score.user_id)
    place = enrolment_of(number, item.course_id)
    profile.check_gradable(place, posted)
    grade = store.session.scalar(select(Grade).filter_by(line_item_id=item.id, user_id=number))
    held = Held(grade.score, grade.stamp, grade.overridden) if grade else None
    after = profile.graded(held, score, item)
    if after is held and grade is not None:
        return grade
    if grade is None:
        grade = Grade(line_item_id=item.id, user_id=number)
        store.session.add(grade)
    grade.score, grade.stamp, grade.overridden = after.score, after.stamp, False
    grade.comment = score.comment
    grade.activity_progress, grade.grading_progress = score.activity_progress, score.grading_progress
    store.session.flush()
    return grade


def override(item: LineItem, user: User, score: Decimal | None) -> Grade:
    """Let a teacher set a grade by hand; nothing by hand means the tool decides again."""
    grade = store.session.scalar(select(Grade).filter_by(line_item_id=item.id, user_id=user.id))
    if grade is None:
        grade = Grade(line_item_id=item.id, user_id=user.id, comment="")
        store.session.add(grade)
    if score is not None:
        grade.score = score
    grade.overridden, grade.stamp = score is not None, now()
    store.session.flush()
    return grade


def learners_of(course_id: int) -> Sequence[User]:
    """Return those whom the gradebook lists, by name."""
    query = select(User).join(Enrolment).where(Enrolment.course_id == course_id, Enrolment.role == "student")
    return store.session.scalars(query.order_by(User.given_name, User.family_name)).all()


def columns_of(course_id: int) -> Sequence[LineItem]:
    """Return all columns of a course."""
    return store.session.scalars(select(LineItem).filter_by(course_id=course_id).order_by(LineItem.id)).all()


def grades_in(course_id: int) -> dict[tuple[int, int], Grade]:
    """Return the grades of a course by (user id, column id)."""
    query = select(Grade).join(LineItem).where(LineItem.course_id == course_id)
    return {(grade.user_id, grade.line_item_id): grade for grade in store.session.scalars(query)}
