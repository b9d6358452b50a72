"""The moodle profile: as Moodle 4.5 behaves, where it does not behave as one would think."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response
from markupsafe import escape

from lms_bridge.practice.errors import RegistrationRefused, ServiceRefused, TokenRefused
from lms_bridge.practice.grading import FULLY_GRADED, Held, PostedScore, between, scaled
from lms_bridge.practice.models import Enrolment, LineItem, User
from lms_bridge.practice.profiles.plain import Plain
from lms_bridge.practice.subject import Subject
from lms_bridge.practice.vocabulary import (
    AGS_SCOPES,
    CLAIM,
    INSTITUTION,
    LINE_ITEM_READ_SCOPE,
    LINE_ITEM_SCOPE,
    LINE_ITEMS_TYPE,
    MEMBERSHIP,
    OUTCOME_CLAIM,
    RESULT_SCOPE,
    SCORE_SCOPE,
    SYSTEM,
)

LOCAL_TIME = ZoneInfo("Asia/Jakarta")
NO_KEY_SET = "fix_jwks_alg(): Argument #1 ($jwks) must be of type array, null given"


class Moodle(Plain):
    """A platform that answers like Moodle 4.5."""

    name = "moodle"
    id_token_seconds = 60
    assertion_leeway = 0
    login_fault_status = 404
    login_by_post = True
    storage_target = None
    new_tool_state = "pending"
    new_tool_in_chooser = False
    several_deployments = False
    sends_deep_linking_data = False
    roster_needs_activity = True
    roster_page = None
    results_page = None
    token_mimetype = "text/html"  # noqa: S105
    missing_scope_status = 401
    product_family = "moodle"
    product_version = "2024100706"
    service_versions = ("1.0", "2.0")
    context_type = "CourseSection"
    announced_extra_scopes = (
        "https://purl.imsglobal.org/spec/lti-bo/scope/basicoutcome",
        "https://purl.imsglobal.org/spec/lti-ts/scope/toolsetting",
    )

    def hint(self, sealed: str, *, activity_id: int | None) -> str:
        hint: dict[str, Any] = {"cmid": activity_id} if activity_id is not None else {}
        return json.dumps({**hint, "launchid": sealed}, separators=(",", ":"))

    def unhint(self, hint: str) -> str:
        try:
            sealed = json.loads(hint)["launchid"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return ""
        return sealed if isinstance(sealed, str) else ""

    def check_state(self, state: str | None) -> str:
        return state or ""

    def roles(self, role: str | None, *, is_admin: bool) -> list[str]:
        if is_admin:
            return [f"{MEMBERSHIP}Instructor", f"{INSTITUTION}Administrator", f"{SYSTEM}Administrator"]
        return [MEMBERSHIP + ("Instructor" if role in {"teacher", "assistant"} else "Learner")]

    def merge_custom(self, registered: dict[str, str], own: dict[str, str]) -> dict[str, str]:
        merged: dict[str, str] = {}
        for name, value in {**own, **registered}.items():
            merged[name] = value
            merged.setdefault(re.sub(r"[^a-z0-9]", "_", name.lower()), value)
        return merged

    def service_custom(self, urls: dict[str, str]) -> dict[str, str]:
        return {"context_memberships_url": urls["memberships"]} if "memberships" in urls else {}

    def lis(self, user: User, course_idnumber: str) -> dict[str, str]:
        return {"person_sourcedid": user.idnumber, "course_section_sourcedid": course_idnumber}

    def presentation(self, given: dict[str, Any], subject: Subject) -> dict[str, Any]:
        return given if subject.activity is not None else {"locale": given["locale"]}

    def extra_claims(self, subject: Subject, urls: dict[str, str], guid: str) -> dict[str, Any]:
        ext = {"lms": "moodle-2"}
        if "name" in subject.tool.claims:
            ext["user_username"] = subject.user.username
        claims: dict[str, Any] = {f"{CLAIM}ext": ext}
        if subject.line_item is not None:
            data = {"instanceid": str(subject.line_item.activity_id), "userid": str(subject.user.id)}
            claims[OUTCOME_CLAIM] = {
                "lis_result_sourcedid": json.dumps({"data": data, "hash": guid}),
                "lis_outcome_service_url": urls["outcomes"],
            }
        return claims

    def shape(self, claims: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in claims.items() if name != "azp"}

    def deep_linking_settings(self, *, title: str, return_url: str, data: str) -> dict[str, Any]:
        return {
            "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["frame", "iframe", "window"],
            "accept_copy_advice": False,
            "accept_multiple": True,
            "accept_unsigned": False,
            "auto_create": False,
            "can_confirm": False,
            "title": title,
            "text": "",
            "deep_link_return_url": return_url,
        }

    def accepts_item(self, item_type: str) -> bool:
        return item_type in {"ltiResourceLink", "link", "html", "file"}

    def item_column(self, item: dict[str, Any], title: str) -> dict[str, Any] | None:
        wanted = item.get("lineItem")
        return None if wanted is None else {"label": title, **self._column_rest(wanted)}

    def item_container(self, item: dict[str, Any]) -> str:
        return "iframe"

    def container(self, wanted: str, *, phone: bool) -> str:
        return "frame" if phone else wanted

    def granted_scopes(self, asked: list[str], supported: tuple[str, ...]) -> list[str]:
        granted = set(asked) & set(supported)
        if granted & set(AGS_SCOPES):
            granted |= {SCORE_SCOPE, RESULT_SCOPE, LINE_ITEM_READ_SCOPE}
        return [scope for scope in supported if scope in granted]

    def shown_scopes(self, granted: list[str]) -> list[str]:
        graded = bool(set(granted) & set(AGS_SCOPES))
        return [*granted, *([LINE_ITEM_SCOPE] if graded and LINE_ITEM_SCOPE not in granted else [])]

    def shown_custom(self, custom: dict[str, str]) -> dict[str, str]:
        return {name: value.partition("=")[0] for name, value in custom.items()}

    def bad_registration_token(self) -> RegistrationRefused:
        return RegistrationRefused(404, "Wrong number of segments", html=True)

    def check_accept(self, header: str | None, media_type: str) -> None:
        # Only the list of columns insists: the wildcard stands for its first form, the single column.
        wildcard = set() if media_type == LINE_ITEMS_TYPE else {"*/*"}
        if header is not None and header.strip() not in {media_type, *wildcard}:
            raise ServiceRefused(400, "Bad Request")

    def check_content_type(self, header: str | None, media_type: str) -> None:
        if (header or "").partition(";")[0].strip() != media_type:
            raise ServiceRefused(400, "Bad Request")

    def service_refusal(self, error: ServiceRefused, *, method: str, url: str, accept: str) -> Response:
        if error.html:
            page = f"<!DOCTYPE html><html><body><p>{escape(error.reason)}</p></body></html>"
            return Response(page, status=error.status, mimetype="text/html")
        asked = {"method": method, "url": url, "accept": accept}
        body = (
            "[]" if error.empty_list else json.dumps({"status": error.status, "reason": error.reason, "request": asked})
        )
        reason = re.sub(r"[^\x20-\x7e]", " ", error.reason)[:400]
        return Response(body, status=f"{error.status} {reason}", mimetype="application/json")

    def token_refusal(self, error: TokenRefused) -> Response:
        if error.kind == "no-key-set":
            return Response(f"<html><body>{NO_KEY_SET}</body></html>", status=404, mimetype="text/html")
        if error.kind == "unknown-kid":
            # Moodle writes the inner quotes as they are: this is no JSON, and tools must live with it.
            broken = '{\n    "error" : ""kid" invalid, unable to lookup correct key"\n}'
            return Response(broken, status=400, mimetype="text/html")
        text = "error/Error: kid must be provided in JWT header." if error.kind == "no-kid" else error.kind
        return Response(json.dumps({"error": text}), status=400, mimetype="text/html")

    def service_query(self, tool_id: int) -> str:
        return f"?type_id={tool_id}"

    def course_is_open(self, *, tool_in_course: bool) -> bool:
        return True

    def line_items_link(self, url: str) -> str:
        # The header's bytes are UTF-8; WSGI hands them on as Latin-1.
        return f"<{url.replace('&', '&amp;')}>; rel=“next”".encode().decode("latin-1")

    def next_roster_query(self, query: dict[str, str], *, offset: int, limit: int) -> dict[str, str]:
        kept = {name: value for name, value in query.items() if name != "role"}
        return {**kept, "limit": str(limit), "from": str(offset)}

    def check_results_query(self, query: dict[str, str]) -> None:
        if "limit" in query and "type_id" in query:
            raise ServiceRefused(404, "Exception - Unknown named parameter $type_id", html=True)

    def roster_role(self, enrolment: Enrolment) -> list[str]:
        return ["Instructor" if enrolment.role == "teacher" else "Learner"]

    def lists(self, enrolment: Enrolment) -> bool:
        return not enrolment.suspended

    def matches_role(self, wanted: str, enrolment: Enrolment) -> bool:
        known = {"Learner", "Instructor", f"{MEMBERSHIP}Learner", f"{MEMBERSHIP}Instructor"}
        return wanted not in known or wanted.rpartition("#")[2] in self.roster_role(enrolment)

    def member_status(self, enrolment: Enrolment) -> str:
        return "Active"

    def member_extra(self, user: User, *, names: bool) -> dict[str, str]:
        return {"lis_person_sourcedid": user.idnumber, **({"ext_user_username": user.username} if names else {})}

    def check_gradable(self, enrolment: Enrolment | None, posted: dict[str, Any]) -> None:
        if enrolment is None or enrolment.role != "student":
            raise ServiceRefused(400, f"Incorrect score received{json.dumps(posted)}", empty_list=True)

    def placed(self, stamp: dt.datetime) -> dt.datetime:
        local = stamp if stamp.tzinfo is not None else stamp.replace(tzinfo=LOCAL_TIME)
        return local.astimezone(dt.UTC).replace(microsecond=0)

    def graded(self, held: Held | None, posted: PostedScore, column: LineItem) -> Held:
        """Return the grade after a score was posted: anything but a full grading erases what is there."""
        stamp = self.placed(posted.stamp)
        if held is not None and stamp <= held.stamp:
            raise ServiceRefused(409, "Refusing score with an earlier timestamp", empty_list=True)
        if column.locked:
            raise ServiceRefused(500, "Internal Server Error", html=True)
        if held is not None and held.overridden and column.coupled:
            return held
        if posted.grading_progress != FULLY_GRADED or posted.given is None or posted.maximum is None:
            return Held(None, stamp)
        return Held(between(scaled(posted.given, posted.maximum, column.score_maximum), column.score_maximum), stamp)

    def has_result(self, held: Held, column: LineItem) -> bool:
        return held.score is not None or not column.coupled
