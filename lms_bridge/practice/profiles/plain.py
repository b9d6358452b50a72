"""The plain profile: a platform as the specifications describe it. Other profiles change single answers of it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from flask import Response

from lms_bridge.practice.errors import LoginError, RegistrationRefused, ServiceRefused, TokenRefused
from lms_bridge.practice.grading import FULLY_GRADED, Held, PostedScore, scaled
from lms_bridge.practice.models import Enrolment, LineItem, User
from lms_bridge.practice.subject import Subject
from lms_bridge.practice.vocabulary import ASSISTANT, INSTITUTION, MEMBERSHIP, SYSTEM

FUTURE = dt.timedelta(minutes=5)


class Plain:
    """A platform by the book."""

    name = "plain"
    id_token_seconds = 300
    assertion_leeway = 60
    login_fault_status = 400
    login_by_post = False
    storage_target: str | None = "_parent"
    """Name of the frame that keeps data for tools by ``postMessage``; None where the platform offers none."""
    new_tool_state = "active"
    new_tool_in_chooser = True
    several_deployments = True
    sends_deep_linking_data = True
    roster_needs_activity = False
    roster_page: int | None = 10
    results_page: int | None = 50
    token_mimetype = "application/json"  # noqa: S105
    missing_scope_status = 403
    product_family = "lms-bridge-practice"
    product_version = "1.0"
    service_versions: tuple[str, ...] = ("2.0",)
    context_type = "http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"
    announced_extra_scopes: tuple[str, ...] = ()

    # Login

    def hint(self, sealed: str, *, activity_id: int | None) -> str:
        """Return the ``lti_message_hint`` that carries a sealed launch id."""
        return sealed

    def unhint(self, hint: str) -> str:
        """Return the sealed launch id of a hint."""
        return hint

    def check_state(self, state: str | None) -> str:
        """Return the state to send back.

        :raises LoginError: the tool sent none.
        """
        if not state:
            raise LoginError("invalid_request", "state is missing")
        return state

    # Message

    def roles(self, role: str | None, *, is_admin: bool) -> list[str]:
        """Return the roles of a launch."""
        words = {"student": ["Learner"], "teacher": ["Instructor"]}.get(role or "", [])
        roles = [MEMBERSHIP + word for word in words]
        if role == "assistant":
            roles = [ASSISTANT, f"{MEMBERSHIP}Instructor"]
        if is_admin:
            roles += [f"{MEMBERSHIP}Administrator", f"{INSTITUTION}Administrator", f"{SYSTEM}Administrator"]
        return roles

    def merge_custom(self, registered: dict[str, str], own: dict[str, str]) -> dict[str, str]:
        """Return the custom parameters of a launch, before substitution. The activity's own win."""
        return {**registered, **own}

    def service_custom(self, urls: dict[str, str]) -> dict[str, str]:
        """Return custom parameters that the platform adds by itself."""
        return {}

    def lis(self, user: User, course_idnumber: str) -> dict[str, str]:
        """Return the ``lis`` claim; nothing that is not known."""
        known = {"person_sourcedid": user.idnumber, "course_section_sourcedid": course_idnumber}
        return {name: value for name, value in known.items() if value}

    def presentation(self, given: dict[str, Any], subject: Subject) -> dict[str, Any]:
        """Return the launch presentation, from what every platform says."""
        return given

    def extra_claims(self, subject: Subject, urls: dict[str, str], guid: str) -> dict[str, Any]:
        """Return claims that only this platform sends."""
        return {}

    def shape(self, claims: dict[str, Any]) -> dict[str, Any]:
        """Return the finished claims, as this platform would send them."""
        return claims

    def tool_platform(self, guid: str) -> dict[str, str]:
        """Return the ``tool_platform`` claim."""
        return {
            "guid": guid,
            "name": "LMS Latihan",
            "description": "lms_bridge practice LMS",
            "product_family_code": self.product_family,
            "version": self.product_version,
        }

    def deep_linking_settings(self, *, title: str, return_url: str, data: str) -> dict[str, Any]:
        """Return the settings of a Deep Linking request."""
        return {
            "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["iframe", "window"],
            "accept_multiple": True,
            "accept_lineitem": True,
            "auto_create": False,
            "title": title,
            "text": "",
            "data": data,
            "deep_link_return_url": return_url,
        }

    def accepts_item(self, item_type: str) -> bool:
        """Whether a content item of this type becomes an activity."""
        return item_type == "ltiResourceLink"

    def item_column(self, item: dict[str, Any], title: str) -> dict[str, Any] | None:
        """Return label, maximum, resource id and tag of the column that a content item asks for, if any."""
        wanted = item.get("lineItem")
        if wanted is None:
            return None
        return {"label": wanted.get("label") or title, **self._column_rest(wanted)}

    def _column_rest(self, wanted: dict[str, Any]) -> dict[str, Any]:
        return {
            "score_maximum": wanted["scoreMaximum"],
            "resource_id": wanted["resourceId"],
            "tag": wanted["tag"],
        }

    def item_container(self, item: dict[str, Any]) -> str:
        """Return where an item's activity opens: ``iframe`` or ``window``."""
        return "window" if item.get("window") is not None and item.get("iframe") is None else "iframe"

    def container(self, wanted: str, *, phone: bool) -> str:
        """Return where an activity really opens: ``iframe``, ``window`` or ``frame`` (the whole window)."""
        return wanted

    # Registration

    def granted_scopes(self, asked: list[str], supported: tuple[str, ...]) -> list[str]:
        """Return what a tool is granted of what it asked for."""
        return [scope for scope in supported if scope in asked]

    def shown_scopes(self, granted: list[str]) -> list[str]:
        """Return the scopes that the answer to a registration names."""
        return granted

    def shown_custom(self, custom: dict[str, str]) -> dict[str, str]:
        """Return the custom parameters that the answer to a registration names."""
        return custom

    def bad_registration_token(self) -> RegistrationRefused:
        """Return the refusal of a token that is none of ours."""
        return RegistrationRefused(401, "invalid_token")

    # Services

    def check_accept(self, header: str | None, media_type: str) -> None:
        """Refuse a reader that does not take what there is.

        :raises ServiceRefused: 406.
        """
        accepted = [part.partition(";")[0].strip().lower() for part in (header or "*/*").split(",")]
        if not {"*/*", "application/*", media_type} & set(accepted):
            raise ServiceRefused(406, f"only {media_type} is offered")

    def check_content_type(self, header: str | None, media_type: str) -> None:
        """Refuse a body of another type.

        :raises ServiceRefused: 415.
        """
        if (header or "").partition(";")[0].strip().lower() != media_type:
            raise ServiceRefused(415, f"the body must be {media_type}")

    def service_refusal(self, error: ServiceRefused, *, method: str, url: str, accept: str) -> Response:
        """Return the answer to a refused service call."""
        headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
        body = json.dumps({"error": error.reason})
        return Response(body, status=error.status, mimetype="application/json", headers=headers)

    def token_refusal(self, error: TokenRefused) -> Response:
        """Return the answer to a refused token request."""
        known = {"unknown-kid": "invalid_client", "no-kid": "invalid_client", "no-key-set": "invalid_client"}
        body = {"error": known.get(error.kind, error.kind), "error_description": error.text}
        return Response(json.dumps(body), status=400, mimetype="application/json")

    def service_query(self, tool_id: int) -> str:
        """Return the query that every service URL of a tool ends with."""
        return ""

    def course_is_open(self, *, tool_in_course: bool) -> bool:
        """Whether a tool may use the services of a course."""
        return tool_in_course

    def line_items_link(self, url: str) -> str:
        """Return the ``Link`` header of a page of line items."""
        return f'<{url}>; rel="next"'

    def next_roster_query(self, query: dict[str, str], *, offset: int, limit: int) -> dict[str, str]:
        """Return the query of the next page of a roster."""
        return {**query, "limit": str(limit), "from": str(offset)}

    def check_results_query(self, query: dict[str, str]) -> None:
        """Refuse a query of results that this platform cannot answer.

        :raises ServiceRefused: as it does it.
        """

    def roster_role(self, enrolment: Enrolment) -> list[str]:
        """Return the roles of a member of the roster."""
        return self.roles(enrolment.role, is_admin=False)

    def lists(self, enrolment: Enrolment) -> bool:
        """Whether somebody is in the roster at all."""
        return True

    def matches_role(self, wanted: str, enrolment: Enrolment) -> bool:
        """Whether a member has the role that a tool filters by."""
        return any(wanted in {role, role.rpartition("#")[2]} for role in self.roster_role(enrolment))

    def member_status(self, enrolment: Enrolment) -> str:
        """Return the status of a member."""
        return "Inactive" if enrolment.suspended else "Active"

    def member_extra(self, user: User, *, names: bool) -> dict[str, str]:
        """Return what this platform adds to a member."""
        return {"lis_person_sourcedid": user.idnumber} if user.idnumber else {}

    # Gradebook

    def check_gradable(self, enrolment: Enrolment | None, posted: dict[str, Any]) -> None:
        """Refuse a score for somebody who cannot have one.

        :raises ServiceRefused: not in the course.
        """
        if enrolment is None:
            raise ServiceRefused(404, "the user is not in this course")

    def placed(self, stamp: dt.datetime) -> dt.datetime:
        """Return a posted timestamp in UTC.

        :raises ServiceRefused: it has no zone, or lies in the future.
        """
        if stamp.tzinfo is None:
            raise ServiceRefused(400, "the timestamp has no time zone")
        if stamp > dt.datetime.now(dt.UTC) + FUTURE:
            raise ServiceRefused(400, "the timestamp lies in the future")
        return stamp.astimezone(dt.UTC)

    def graded(self, held: Held | None, posted: PostedScore, column: LineItem) -> Held:
        """Return the grade after a score was posted.

        Only a fully graded score becomes the grade; another one leaves what is there.

        :raises ServiceRefused: the score is not newer, or negative.
        """
        stamp = self.placed(posted.stamp)
        if held is not None and stamp <= held.stamp:
            raise ServiceRefused(409, "a newer score is here already")
        if column.locked:
            raise ServiceRefused(403, "the column is locked")
        if posted.given is not None and posted.given < 0:
            raise ServiceRefused(400, "the score is negative")
        if held is not None and held.overridden:
            return held
        if posted.grading_progress != FULLY_GRADED or posted.given is None or posted.maximum is None:
            return Held(held.score if held else None, stamp)
        return Held(scaled(posted.given, posted.maximum, column.score_maximum), stamp)

    def has_result(self, held: Held, column: LineItem) -> bool:
        """Whether a grade is listed among the results."""
        return held.score is not None
