"""OIDC third-party initiated login: the LMS says somebody wants in, we ask it who.

Nothing is stored. The state carries, signed, what the launch must know of its login; its nonce is used up when the
session begins.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer
from marshmallow import EXCLUDE, Schema, fields, post_load, validate

from lms_bridge.errors import BridgeError
from lms_bridge.lti.errors import LaunchRefused, LaunchUsed
from lms_bridge.lti.platforms import find_platform

LIFETIME = 300
"""Seconds from login to launch."""
MAX_STATE = 2000


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


@dataclass(frozen=True, slots=True)
class Login:
    """A login that was begun, as its state tells it."""

    issuer: str
    client_id: str
    nonce: str
    binding_hash: str
    """Hash of the secret that only the browser which began the login holds."""
    scripted: bool
    """Whether the login page could also leave the secret in sessionStorage or at the platform."""
    storage_target: str | None
    expires_at: int
    """Unix time."""


@dataclass(frozen=True, slots=True)
class LoginBegun:
    """Where to send the browser, and what its page needs to leave a proof."""

    authorize_url: str
    platform_origin: str
    state: str
    storage_target: str | None


def begin_login(request: LoginRequest, *, redirect_uri: str, binding: str, scripted: bool) -> LoginBegun:
    """Build the authorization request. ``binding`` is a secret that the browser was given.

    :raises PlatformUnknown: no active registration fits, or several do and the LMS does not say which.
    """
    platform = find_platform(request.iss, request.client_id)
    nonce = secrets.token_urlsafe(24)
    login = Login(
        issuer=platform.issuer,
        client_id=platform.client_id,
        nonce=nonce,
        binding_hash=hash_secret(binding),
        scripted=scripted,
        storage_target=request.lti_storage_target,
        expires_at=int(time.time()) + LIFETIME,
    )
    state = _states().dumps(astuple(login))
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
    return LoginBegun(
        authorize_url=f"{platform.authorization_url}{joint}{urlencode(parameters)}",
        platform_origin=platform.origin,
        state=state,
        storage_target=request.lti_storage_target,
    )


def open_state(state: str) -> Login:
    """Return the login that a state belongs to.

    :raises LaunchUsed: it is not ours, or older than five minutes.
    """
    try:
        login = Login(*_states().loads(state))
    except BadData as error:
        raise LaunchUsed("unknown state") from error
    if login.expires_at < time.time():
        raise LaunchUsed("expired state")
    return login


def _states() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="lms_bridge login state")


def hash_secret(secret: str) -> str:
    """Return the form in which a secret of high entropy is stored."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def single_values(
    parameters: Mapping[str, Any], *, refusal: Callable[[str], BridgeError] = LaunchRefused
) -> dict[str, str]:
    """Return form or query parameters, each given once.

    :param refusal: makes the error of a reason for the log, in the words of the page.
    :raises BridgeError: one is given twice, so that nobody can know which is meant, or holds a NUL.
    """
    values: dict[str, str] = {}
    for name, given in parameters.items():
        if len(given) != 1:
            raise refusal(f"parameter {name[:40]!r} given {len(given)} times")
        if "\x00" in given[0]:
            raise refusal(f"parameter {name[:40]!r} holds a NUL")
        values[name] = given[0]
    return values
