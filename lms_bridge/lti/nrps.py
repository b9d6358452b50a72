"""Names and Role Provisioning Services: the roster of a course, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from lms_bridge.lti.claims import Identifier, Title
from lms_bridge.lti.http import OutboundError
from lms_bridge.lti.services import pages
from lms_bridge.lti.tokens import ServiceAccount

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
PAGE = 500
"""Members on a page: some platforms send everybody at once unless asked, and an answer may have 1 MB."""
_ACCEPT = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in the roster. ``roles`` are bare words or URIs, as the platform likes."""

    sub: str
    name: str
    email: str
    person_sourcedid: str
    username: str
    roles: list[str]


class _MemberSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    user_id = Identifier(required=True)
    name = Title(load_default="", allow_none=True)
    email = Title(load_default="", allow_none=True)
    lis_person_sourcedid = Title(load_default="", allow_none=True)
    ext_user_username = Title(load_default="", allow_none=True)
    roles = fields.List(fields.String(), load_default=list, allow_none=True, validate=validate.Length(max=100))
    status = fields.String(load_default="Active", allow_none=True)


def members(account: ServiceAccount, url: str) -> Iterator[Member]:
    """Yield the active members of a course.

    :raises OutboundError: a page fails or has an unknown form; never a roster cut short.
    """
    schema = _MemberSchema()
    for page in pages(account, _limited(url), scope=SCOPE, accept=_ACCEPT):
        if not isinstance(page, dict) or not isinstance(page.get("members"), list):
            raise OutboundError("roster-garbage", "the roster has an unknown form")
        for entry in page["members"]:
            try:
                data: dict[str, Any] = schema.load(entry)
            except ValidationError as error:
                raise OutboundError("roster-garbage", "a member has an unknown form") from error
            if data["status"] in {None, "Active"}:
                yield Member(
                    data["user_id"],
                    data["name"] or "",
                    data["email"] or "",
                    data["lis_person_sourcedid"] or "",
                    data["ext_user_username"] or "",
                    data["roles"] or [],
                )


def _limited(url: str) -> str:
    """Ask for pages, unless the platform's own address says how large they are."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if any(name == "limit" for name, _value in query):
        return url
    return urlunsplit(parts._replace(query=urlencode([*query, ("limit", str(PAGE))])))
