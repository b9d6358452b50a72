"""Assignment and Grade Services: line items, scores, results."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request

from lms_bridge.practice.access import open_course
from lms_bridge.practice.errors import ServiceRefused
from lms_bridge.practice.faults import broken_answer
from lms_bridge.practice.grade_schemas import LineItemSchema, ScoreSchema
from lms_bridge.practice.gradebook import (
    change_line_item,
    create_line_item,
    grades_of,
    line_items_of,
    own_line_item,
    take_score,
)
from lms_bridge.practice.grading import Held, PostedScore
from lms_bridge.practice.message import line_item_url
from lms_bridge.practice.models import Grade, LineItem, store
from lms_bridge.practice.services import calling_tool, single_query, whole_number
from lms_bridge.practice.site import site
from lms_bridge.practice.trace import note
from lms_bridge.practice.vocabulary import (
    LINE_ITEM_READ_SCOPE,
    LINE_ITEM_SCOPE,
    LINE_ITEM_TYPE,
    LINE_ITEMS_TYPE,
    RESULT_SCOPE,
    RESULTS_TYPE,
    SCORE_SCOPE,
    SCORE_TYPE,
)

bp = Blueprint("grades", __name__, url_prefix="/courses/<int:course_id>/lineitems")
ONE = "/<int:line_item_id>/lineitem"
_LINE_ITEM, _SCORE = LineItemSchema(), ScoreSchema()


@bp.get("")
def line_items(course_id: int) -> Response:
    """List the tool's columns of a course."""
    here = site()
    here.profile.check_accept(request.headers.get("Accept"), LINE_ITEMS_TYPE)
    tool = calling_tool(LINE_ITEM_SCOPE, LINE_ITEM_READ_SCOPE)
    open_course(here, tool, course_id)
    query = single_query(request)
    limit = whole_number(query, "limit", least=1)
    start = whole_number(query, "from", least=0) or 0
    found = line_items_of(tool, course_id, query)
    page = found[start : start + limit] if limit else found[start:]
    response = _typed([_document(item) for item in page], LINE_ITEMS_TYPE)
    if limit and start + limit < len(found):
        following = urlencode({**query, "limit": limit, "from": start + limit})
        response.headers["Link"] = here.profile.line_items_link(f"{here.base_url}{request.path}?{following}")
    return response


@bp.post("")
def create(course_id: int) -> Response:
    """Make a column."""
    here = site()
    here.profile.check_content_type(request.headers.get("Content-Type"), LINE_ITEM_TYPE)
    tool = calling_tool(LINE_ITEM_SCOPE)
    open_course(here, tool, course_id)
    posted = _body()
    item = create_line_item(tool, course_id, _LINE_ITEM.load(posted))
    answer = {**posted, "id": line_item_url(here, item)}
    store.session.commit()
    note(summary=item.label)
    return _typed(answer, LINE_ITEM_TYPE, status=201)


@bp.get(ONE)
def line_item(course_id: int, line_item_id: int) -> Response:
    """Show one column."""
    site().profile.check_accept(request.headers.get("Accept"), LINE_ITEM_TYPE)
    tool = calling_tool(LINE_ITEM_SCOPE, LINE_ITEM_READ_SCOPE)
    return _typed(_document(own_line_item(tool, course_id, line_item_id)), LINE_ITEM_TYPE)


@bp.put(ONE)
def change(course_id: int, line_item_id: int) -> Response:
    """Replace one column."""
    site().profile.check_content_type(request.headers.get("Content-Type"), LINE_ITEM_TYPE)
    tool = calling_tool(LINE_ITEM_SCOPE)
    item = own_line_item(tool, course_id, line_item_id)
    change_line_item(item, tool, _LINE_ITEM.load(_body()))
    store.session.commit()
    note(summary=item.label)
    return _typed(_document(item), LINE_ITEM_TYPE)


@bp.delete(ONE)
def remove(course_id: int, line_item_id: int) -> Response:
    """Delete one column with its grades."""
    tool = calling_tool(LINE_ITEM_SCOPE)
    store.session.delete(own_line_item(tool, course_id, line_item_id))
    store.session.commit()
    return Response(status=204)


@bp.post(f"{ONE}/scores")
def score(course_id: int, line_item_id: int) -> Response:
    """Take a score, unless a fault was ordered for it."""
    ordered = site().faults.take("score")
    if ordered is not None and not ordered.accepted:
        return broken_answer(ordered)
    here = site()
    here.profile.check_content_type(request.headers.get("Content-Type"), SCORE_TYPE)
    tool = calling_tool(SCORE_SCOPE)
    item = own_line_item(tool, course_id, line_item_id)
    posted = _body()
    read: PostedScore = _SCORE.load(posted)
    grade = take_score(here.profile, item, read, posted)
    store.session.commit()
    note(summary=f"{item.label}: {grade.score if grade.score is not None else '-'} / {item.score_maximum}")
    return broken_answer(ordered) if ordered is not None else Response(status=200)


@bp.get(f"{ONE}/results")
def results(course_id: int, line_item_id: int) -> Response:
    """List the results of one column."""
    here = site()
    here.profile.check_accept(request.headers.get("Accept"), RESULTS_TYPE)
    tool = calling_tool(RESULT_SCOPE)
    item = own_line_item(tool, course_id, line_item_id)
    query = single_query(request)
    here.profile.check_results_query(query)
    start = whole_number(query, "from", least=0) or 0
    limit = whole_number(query, "limit", least=1) or here.profile.results_page
    listed = [grade for grade in grades_of(item) if _listed(grade, item)]
    listed = [grade for grade in listed if query.get("user_id", str(grade.user_id)) == str(grade.user_id)]
    page = listed[start : start + limit] if limit else listed[start:]
    response = _typed([_result(grade, item) for grade in page], RESULTS_TYPE)
    if limit and start + limit < len(listed):
        following = urlencode({**query, "limit": limit, "from": start + limit})
        response.headers["Link"] = here.profile.line_items_link(f"{here.base_url}{request.path}?{following}")
    return response


def _listed(grade: Grade, item: LineItem) -> bool:
    return site().profile.has_result(Held(grade.score, grade.stamp, grade.overridden), item)


def _result(grade: Grade, item: LineItem) -> dict[str, Any]:
    here = site()
    path = here.url("grades.results", course_id=item.course_id, line_item_id=item.id)
    result: dict[str, Any] = {"id": f"{path}?user_id={grade.user_id}", "userId": str(grade.user_id)}
    if grade.score is not None:
        result |= {
            "resultScore": _number(grade.score),
            "resultMaximum": _number(item.score_maximum),
            "comment": grade.comment,
            "scoreOf": line_item_url(here, item),
            "timestamp": grade.stamp.isoformat(),
        }
    return result


def _document(item: LineItem) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": line_item_url(site(), item),
        "label": item.label,
        "scoreMaximum": _number(item.score_maximum),
        "resourceId": item.resource_id,
        "tag": item.tag,
    }
    if item.activity_id is not None:
        document |= {"resourceLinkId": str(item.activity_id), "ltiLinkId": str(item.activity_id)}
    return document


def _number(points: Decimal) -> int | float:
    return int(points) if points == points.to_integral_value() else float(points)


def _body() -> dict[str, Any]:
    posted = request.get_json(silent=True, force=True)
    if not isinstance(posted, dict):
        raise ServiceRefused(400, "the body is no JSON object")
    return posted


def _typed(document: Any, media_type: str, *, status: int = 200) -> Response:
    response = jsonify(document)
    response.status_code = status
    response.mimetype = media_type
    return response
