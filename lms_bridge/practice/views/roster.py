"""Names and Role Provisioning Services: the roster of a course, page by page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import select

from lms_bridge.practice.access import open_course
from lms_bridge.practice.errors import ServiceRefused
from lms_bridge.practice.faults import broken_answer
from lms_bridge.practice.models import Activity, Enrolment, Tool, row_id, store
from lms_bridge.practice.services import calling_tool, single_query, whole_number
from lms_bridge.practice.site import site
from lms_bridge.practice.trace import note
from lms_bridge.practice.vocabulary import CLAIM, MEMBERS_TYPE, RESOURCE_LINK, ROSTER_SCOPE

bp = Blueprint("roster", __name__)


@bp.get("/courses/<int:course_id>/bindings/<int:tool_id>/memberships")
def memberships(course_id: int, tool_id: int) -> Response:
    """List who is in a course, unless a fault was ordered for this page."""
    here = site()
    if (ordered := here.faults.take("roster")) is not None:
        return broken_answer(ordered)
    here.profile.check_accept(request.headers.get("Accept"), MEMBERS_TYPE)
    tool = calling_tool(ROSTER_SCOPE)
    if tool.id != tool_id:
        raise ServiceRefused(404, "no such roster for this tool")
    course = open_course(here, tool, course_id)
    query = single_query(request)
    start = whole_number(query, "from", least=0) or 0
    limit = whole_number(query, "limit", least=1) or here.profile.roster_page
    activity = _activity(tool, course_id, query.get("rlid"))
    places = _places(course_id, query.get("role"))
    page = places[start : start + limit] if limit else places[start:]
    document = {
        "id": f"{here.base_url}{request.full_path.rstrip('?')}",
        "context": {"id": str(course.id), "label": course.label, "title": course.title},
        "members": [_member(place, tool, activity) for place in page],
    }
    note(summary=f"{course.label}: {len(page)} / {len(places)}")
    response = jsonify(document)
    response.mimetype = MEMBERS_TYPE
    if limit and start + limit < len(places):
        following = urlencode(here.profile.next_roster_query(query, offset=start + limit, limit=limit))
        response.headers["Link"] = f'<{here.base_url}{request.path}?{following}>; rel="next"'
    return response


def _places(course_id: int, role: str | None) -> list[Enrolment]:
    profile = site().profile
    found = store.session.scalars(select(Enrolment).filter_by(course_id=course_id).order_by(Enrolment.user_id))
    listed = [place for place in found if profile.lists(place)]
    return [place for place in listed if not role or profile.matches_role(role, place)]


def _activity(tool: Tool, course_id: int, link: str | None) -> Activity | None:
    if link is None:
        return None
    activity = store.session.get(Activity, row_id(link))
    if activity is None or activity.course_id != course_id or activity.deployment.tool_id != tool.id:
        raise ServiceRefused(404, "no such resource link")
    return activity


def _member(place: Enrolment, tool: Tool, activity: Activity | None) -> dict[str, Any]:
    profile, user = site().profile, place.user
    names = "name" in tool.claims or "given_name" in tool.claims
    member: dict[str, Any] = {
        "status": profile.member_status(place),
        "roles": profile.roster_role(place),
        "user_id": str(user.id),
        **profile.member_extra(user, names=names),
    }
    if names:
        parts = {"name": user.name, "given_name": user.given_name, "family_name": user.family_name}
        member |= {name: value for name, value in parts.items() if value}
    if "email" in tool.claims and user.email:
        member["email"] = user.email
    if activity is not None:
        custom = profile.merge_custom(tool.custom, activity.custom)
        member["message"] = [{f"{CLAIM}message_type": RESOURCE_LINK, f"{CLAIM}custom": custom}]
    return member
