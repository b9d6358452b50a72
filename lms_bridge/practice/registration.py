"""Dynamic Registration: the one-time tokens, what is granted, and a registration without a browser."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import jwt
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from sqlalchemy import select

from lms_bridge.practice.errors import RegistrationRefused
from lms_bridge.practice.grade_schemas import Text
from lms_bridge.practice.models import Deployment, Tool, now, store
from lms_bridge.practice.seed import seed_activities
from lms_bridge.practice.site import Site
from lms_bridge.practice.tool_messages import use_once
from lms_bridge.practice.vocabulary import (
    AGS_SCOPES,
    DEEP_LINKING,
    ROSTER_SCOPE,
    TOOL_BLOCK,
)

LIFETIME = dt.timedelta(hours=1)
NEW, UPDATE = "reg", "reg-update"


class HttpUrl(Text):
    """An http or https address."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, *args, **kwargs)
        try:
            parts = urlsplit(text)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            usable = False
        if not usable or len(text) > 2048 or any(ord(char) < 33 for char in text):
            raise ValidationError("must be an http or https address")
        return text


class _Message(Schema):
    class Meta:
        unknown = EXCLUDE

    type = Text(required=True, validate=validate.Length(1, 255))
    target_link_uri = HttpUrl(load_default=None, allow_none=True)


class _ToolBlock(Schema):
    class Meta:
        unknown = EXCLUDE

    domain = Text(required=True, validate=validate.Length(1, 255))
    description = Text(load_default="", validate=validate.Length(max=1000))
    target_link_uri = HttpUrl(load_default=None, allow_none=True)
    custom_parameters = fields.Dict(
        keys=Text(validate=validate.Length(1, 255)), values=Text(validate=validate.Length(max=1000)), load_default=dict
    )
    claims = fields.List(Text(), load_default=list, validate=validate.Length(max=50))
    messages = fields.List(fields.Nested(_Message), load_default=list, validate=validate.Length(max=20))


class RegistrationSchema(Schema):
    """What a tool sends to register; what the specification allows beyond this is ignored."""

    class Meta:
        unknown = EXCLUDE

    response_types = fields.List(Text(), required=True, validate=validate.Length(1, 20))
    initiate_login_uri = HttpUrl(required=True)
    redirect_uris = fields.List(HttpUrl(), required=True, validate=validate.Length(1, 20))
    client_name = Text(required=True, validate=validate.Length(1, 255))
    jwks_uri = HttpUrl(required=True)
    token_endpoint_auth_method = Text(required=True, validate=validate.Equal("private_key_jwt"))
    application_type = Text(load_default="web", validate=validate.Equal("web"))
    logo_uri = HttpUrl(load_default="")
    scope = Text(load_default="", validate=validate.Length(max=4000))
    tool = fields.Nested(_ToolBlock, required=True, data_key=TOOL_BLOCK)


_REGISTRATION = RegistrationSchema()


def supported_scopes() -> tuple[str, ...]:
    """Return the scopes that this platform knows."""
    return (*AGS_SCOPES, ROSTER_SCOPE)


def new_token(site: Site) -> tuple[str, str]:
    """Return a one-time token for a new registration, and the client id that it will get."""
    client_id = secrets.token_urlsafe(12)
    return _token(site, subject=client_id, scope=NEW), client_id


def update_token(site: Site, tool: Tool) -> str:
    """Return a token by which this tool may change its registration for an hour."""
    return _token(site, subject=str(tool.id), scope=UPDATE)


def _token(site: Site, *, subject: str, scope: str) -> str:
    claims = {"iss": site.base_url, "sub": subject, "scope": scope, "jti": secrets.token_urlsafe(12)}
    return site.sign(claims, seconds=int(LIFETIME.total_seconds()))


def registration_url(site: Site, invitation_url: str, token: str) -> str:
    """Return a tool's registration address with what it needs to know, keeping its own query."""
    parts = urlsplit(invitation_url)
    given = {"openid_configuration": site.url("discovery.configuration"), "registration_token": token}
    query = "&".join(part for part in (parts.query, urlencode(given)) if part)
    return urlunsplit(parts._replace(query=query, fragment=""))


def _checked_token(site: Site, token: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            site.public_key,
            algorithms=["RS256"],
            issuer=site.base_url,
            options={"require": ["iss", "sub", "exp", "iat", "jti"]},
        )
    except jwt.exceptions.PyJWTError as error:
        raise site.profile.bad_registration_token() from error
    if claims.get("scope") not in {NEW, UPDATE}:
        raise site.profile.bad_registration_token()
    return claims


def register(site: Site, token: str, document: Any) -> dict[str, Any]:
    """Register a tool, or change its registration, and return the answer.

    :raises RegistrationRefused: the token is not good, or the request is not complete.
    """
    claims = _checked_token(site, token)
    wanted = _checked_request(site, document)
    if claims["scope"] == UPDATE:
        tool = store.session.get(Tool, int(claims["sub"]))
        if tool is None:
            raise site.profile.bad_registration_token()
        _fill(site, tool, wanted)
        store.session.flush()
    else:
        if not use_once("registration", owner=site.base_url, value=claims["jti"], until=now() + 2 * LIFETIME):
            raise RegistrationRefused(401, "token_already_used")
        tool = _new_tool(site, claims["sub"], wanted)
    return answer_of(site, tool)


def _new_tool(site: Site, client_id: str, wanted: dict[str, Any]) -> Tool:
    profile = site.profile
    tool = Tool(
        client_id=client_id,
        state=profile.new_tool_state,
        in_chooser=profile.new_tool_in_chooser,
        registered_at=now(),
    )
    _fill(site, tool, wanted)
    store.session.add(tool)
    store.session.flush()
    store.session.add(Deployment(tool_id=tool.id))
    store.session.flush()
    if tool.state == "active":
        seed_activities(tool)
    return tool


def _fill(site: Site, tool: Tool, wanted: dict[str, Any]) -> None:
    block = wanted["tool"]
    deep = [message for message in block["messages"] if message["type"] == DEEP_LINKING]
    tool.name, tool.description, tool.logo_uri = wanted["client_name"], block["description"], wanted["logo_uri"]
    tool.domain = block["domain"]
    tool.initiate_login_uri, tool.redirect_uris = wanted["initiate_login_uri"], wanted["redirect_uris"]
    tool.jwks_uri = wanted["jwks_uri"]
    scheme = urlsplit(wanted["initiate_login_uri"]).scheme
    tool.target_link_uri = block["target_link_uri"] or f"{scheme}://{block['domain']}"
    tool.deep_linking_uri = (deep[0]["target_link_uri"] or tool.target_link_uri) if deep else None
    tool.scopes = site.profile.granted_scopes(wanted["scope"].split(), supported_scopes())
    tool.claims = [claim for claim in ("name", "given_name", "family_name", "email") if claim in block["claims"]]
    tool.custom = block["custom_parameters"]


def _checked_request(site: Site, document: Any) -> dict[str, Any]:
    try:
        wanted: dict[str, Any] = _REGISTRATION.load(document if isinstance(document, dict) else {})
    except ValidationError as error:
        name = next(iter(error.normalized_messages()))
        present = isinstance(document, dict) and name in document
        raise RegistrationRefused(400, f"{'invalid' if present else 'missing required attribute'} {name}") from error
    if "id_token" not in wanted["response_types"]:
        raise RegistrationRefused(400, "invalid response_types")
    target = wanted["tool"]["target_link_uri"]
    if target and urlsplit(target).netloc != wanted["tool"]["domain"]:
        raise RegistrationRefused(400, "domain_targetlinkuri_mismatch")
    for url in (wanted["jwks_uri"], wanted["initiate_login_uri"], *wanted["redirect_uris"]):
        if not site.may_reach(url):
            host = urlsplit(url).hostname
            raise RegistrationRefused(400, f"{host} is not on this machine; allow it with --tool-host")
    return wanted


def present_registration(site: Site, token: str) -> dict[str, Any]:
    """Return the registration that an update token belongs to.

    :raises RegistrationRefused: it is no update token.
    """
    claims = _checked_token(site, token)
    tool = store.session.get(Tool, int(claims["sub"])) if claims["scope"] == UPDATE else None
    if tool is None:
        raise site.profile.bad_registration_token()
    return answer_of(site, tool)


def answer_of(site: Site, tool: Tool) -> dict[str, Any]:
    """Return a registration as the platform answers it."""
    deployment = store.session.scalars(select(Deployment).filter_by(tool_id=tool.id).order_by(Deployment.id)).first()
    deep = [{"type": DEEP_LINKING, "target_link_uri": tool.deep_linking_uri}] if tool.deep_linking_uri else []
    return {
        "client_id": tool.client_id,
        "response_types": ["id_token"],
        "jwks_uri": tool.jwks_uri,
        "initiate_login_uri": tool.initiate_login_uri,
        "grant_types": ["client_credentials", "implicit"],
        "redirect_uris": tool.redirect_uris,
        "application_type": "web",
        "token_endpoint_auth_method": "private_key_jwt",
        "client_name": tool.name,
        "logo_uri": tool.logo_uri,
        "scope": " ".join(site.profile.shown_scopes(tool.scopes)),
        TOOL_BLOCK: {
            "version": "1.3.0",
            "deployment_id": deployment.deployment_id if deployment else "",
            "target_link_uri": tool.target_link_uri,
            "domain": tool.domain,
            "description": tool.description,
            "messages": deep,
            "custom_parameters": site.profile.shown_custom(tool.custom),
            "claims": ["iss", "sub", *tool.claims],
        },
    }
