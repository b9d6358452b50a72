"""Access tokens: opaque, bound to a tool and its scopes, and asked for by every service route."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from sqlalchemy import delete, select

from lms_bridge.practice.errors import ServiceRefused, TokenRefused
from lms_bridge.practice.key_sets import NoKeySet, UnknownKey
from lms_bridge.practice.models import AccessToken, Course, Tool, now, store
from lms_bridge.practice.site import Site
from lms_bridge.practice.subject import tool_is_in
from lms_bridge.practice.tool_messages import BadSignature, NoKid, unverified, use_once, verified
from lms_bridge.practice.vocabulary import ASSERTION_TYPE

LIFETIME = dt.timedelta(hours=1)
LONGEST_ASSERTION = dt.timedelta(minutes=5)


class TokenRequestSchema(Schema):
    """What a tool posts to the token endpoint."""

    class Meta:
        unknown = EXCLUDE

    grant_type = fields.String(required=True, validate=validate.Length(max=255))
    client_assertion_type = fields.String(required=True, validate=validate.Equal(ASSERTION_TYPE))
    client_assertion = fields.String(required=True, validate=validate.Length(max=20_000))
    scope = fields.String(required=True, validate=validate.Length(1, 4096))


_REQUEST = TokenRequestSchema()


def issue_token(site: Site, form: dict[str, str]) -> tuple[str, list[str], Tool]:
    """Verify a token request and return a new token, the scopes it is good for, and whose it is.

    :raises TokenRefused: anything is wrong.
    """
    if form.get("grant_type") not in {None, "client_credentials"}:
        raise TokenRefused("unsupported_grant_type")
    try:
        request = _REQUEST.load(form)
    except ValidationError as error:
        raise TokenRefused("invalid_request", f"missing or wrong: {', '.join(sorted(error.messages_dict))}") from error
    tool = _tool_of(site, request["client_assertion"])
    scopes = [scope for scope in dict.fromkeys(request["scope"].split()) if scope in tool.scopes]
    if not scopes:
        raise TokenRefused("invalid_scope")
    token = secrets.token_urlsafe(32)
    store.session.execute(delete(AccessToken).where(AccessToken.expires_at < now()))
    store.session.add(
        AccessToken(token_hash=_hashed(token), tool_id=tool.id, scopes=scopes, expires_at=now() + LIFETIME)
    )
    store.session.flush()
    return token, scopes, tool


def _tool_of(site: Site, assertion: str) -> Tool:
    try:
        _header, claims = unverified(assertion)
        subject = claims.get("sub")
        tool = store.session.scalar(select(Tool).filter_by(client_id=str(subject)))
        if tool is None or tool.state != "active":
            raise TokenRefused("invalid_client", "no active tool of this client_id")
        audience = [site.url("discovery.token")]
        checked = verified(site, tool, assertion, audience=audience, required=["sub", "jti"], longest=LONGEST_ASSERTION)
    except NoKid as error:
        raise TokenRefused("no-kid", "kid must be provided in the header") from error
    except BadSignature as error:
        raise TokenRefused("invalid_client", str(error)) from error
    except UnknownKey as error:
        raise TokenRefused("unknown-kid", "the key set has no such key") from error
    except NoKeySet as error:
        raise TokenRefused("no-key-set", str(error)) from error
    until = now() + LONGEST_ASSERTION * 2
    if checked["sub"] != tool.client_id:
        raise TokenRefused("invalid_client", "sub must be the client_id")
    if not use_once("assertion", owner=tool.client_id, value=str(checked["jti"]), until=until):
        raise TokenRefused("invalid_client", "jti was used before")
    return tool


def caller(site: Site, header: str, *scopes: str) -> Tool:
    """Return the tool that a bearer token belongs to.

    :param scopes: one of these must have been granted.
    :raises ServiceRefused: no token, a foreign or ended one, or one without the scope.
    """
    scheme, _space, token = header.partition(" ")
    found = store.session.get(AccessToken, _hashed(token.strip())) if scheme.lower() == "bearer" else None
    if found is None or found.expires_at <= now() or found.tool.state != "active":
        raise ServiceRefused(401, "Unauthorized")
    if not set(scopes) & set(found.scopes):
        raise ServiceRefused(site.profile.missing_scope_status, "the token has no scope for this")
    return found.tool


def open_course(site: Site, tool: Tool, course_id: int) -> Course:
    """Return a course whose services a tool may use.

    :raises ServiceRefused: there is none, or it has nothing of the tool.
    """
    course = store.session.get(Course, course_id)
    if course is None or not site.profile.course_is_open(tool_in_course=tool_is_in(course_id, tool.id)):
        raise ServiceRefused(404, "no such course for this tool")
    return course


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
