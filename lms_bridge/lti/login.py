"""OIDC third-party initiated login: the LMS says somebody wants in, we ask it who."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from marshmallow import EXCLUDE, Schema, fields, post_load, validate
from sqlalchemy import bindparam, insert, select

from lms_bridge.db import db, now
from lms_bridge.lti.errors import LaunchRefused, PlatformUnknown
from lms_bridge.models import Login, Platform

LIFETIME = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """What the LMS sends to begin a launch."""

    iss: str
    login_hint: str
    target_link_uri: str
    client_id: str | None
    lti_message_hint: str | None
    lti_storage_target: str | None


class LoginSchema(Schema):
    """Parameters of the login initiation; unknown ones are the platform's own and ignored."""

    class Meta:
        unknown = EXCLUDE

    iss = fields.String(required=True, validate=validate.Length(1, 255))
    login_hint = fields.String(required=True, validate=validate.Length(1, 4096))
    target_link_uri = fields.String(load_default="", validate=validate.Length(max=2048))
    client_id = fields.String(load_default=None, validate=validate.Length(1, 255))
    lti_message_hint = fields.String(load_default=None, validate=validate.Length(max=8192))
    lti_storage_target = fields.String(load_default=None, validate=validate.Regexp(r"^[A-Za-z0-9_-]{1,64}$"))

    @post_load
    def to_request(self, data: dict[str, Any], **kwargs: Any) -> LoginRequest:
        return LoginRequest(**data)


_P = Platform.__table__.c
# Built once: putting a statement together costs more than running it.
_OF_ISSUER = (
    select(_P.id, _P.client_id, _P.authorization_url).where(_P.issuer == bindparam("iss"), _P.active.is_(True)).limit(2)
)
_OF_CLIENT = _OF_ISSUER.where(_P.client_id == bindparam("client"))


@dataclass(frozen=True, slots=True)
class LoginBegun:
    """Where to send the browser, and the secret that it must bring back."""

    authorize_url: str
    platform_origin: str
    state: str
    storage_target: str | None


def begin_login(request: LoginRequest, *, redirect_uri: str, binding: str, scripted: bool) -> LoginBegun:
    """Remember a login and build the authorization request. ``binding`` is a secret that the browser was given.

    :raises PlatformUnknown: no active registration fits, or several do and the LMS does not say which.
    """
    wanted = {"iss": request.iss, "client": request.client_id}
    found = db.session.execute(_OF_ISSUER if request.client_id is None else _OF_CLIENT, wanted).all()
    if len(found) != 1:
        raise PlatformUnknown("several registrations of this issuer" if found else "unknown issuer or client_id")
    platform = found[0]
    state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    db.session.execute(
        insert(Login.__table__).values(
            state=state,
            nonce=nonce,
            platform_id=platform.id,
            binding_hash=hash_secret(binding),
            scripted=scripted,
            storage_target=request.lti_storage_target,
            expires_at=now() + LIFETIME,
        )
    )
    parameters = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": platform.client_id,
        "redirect_uri": redirect_uri,
        "login_hint": request.login_hint,
        "state": state,
        "nonce": nonce,
    }
    if request.lti_message_hint is not None:
        parameters["lti_message_hint"] = request.lti_message_hint
    joint = "&" if urlsplit(platform.authorization_url).query else "?"
    parts = urlsplit(platform.authorization_url)
    return LoginBegun(
        authorize_url=f"{platform.authorization_url}{joint}{urlencode(parameters)}",
        platform_origin=f"{parts.scheme}://{parts.netloc}",
        state=state,
        storage_target=request.lti_storage_target,
    )


def hash_secret(secret: str) -> str:
    """Return the form in which a secret of high entropy is stored."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def single_values(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return form or query parameters, each given once.

    :raises LaunchRefused: one is given twice, so that nobody can know which is meant, or holds a NUL.
    """
    values: dict[str, str] = {}
    for name, given in parameters.items():
        if len(given) != 1:
            raise LaunchRefused(f"parameter {name[:40]!r} given {len(given)} times")
        if "\x00" in given[0]:
            raise LaunchRefused(f"parameter {name[:40]!r} holds a NUL")
        values[name] = given[0]
    return values
