"""A launch: the answer to a login, checked before anything is stored."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from marshmallow import ValidationError

from lms_bridge.lti.claims import LaunchMessage, LaunchSchema
from lms_bridge.lti.errors import BrowserUnknown, LaunchRefused, OldLaunch, PlatformSaysNo
from lms_bridge.lti.id_token import verified_claims
from lms_bridge.lti.login import MAX_STATE, hash_secret, open_state
from lms_bridge.lti.platforms import PlatformRow, find_platform

_SCHEMA = LaunchSchema()


@dataclass(frozen=True, slots=True)
class Accepted:
    """A launch that passed every check; its nonce is used up by the session that begins."""

    platform: PlatformRow
    message: LaunchMessage
    nonce: str


@dataclass(frozen=True, slots=True)
class ProofNeeded(Exception):
    """The token may be good, but the browser must still prove, by script, that it began the login."""

    state: str
    id_token: str
    storage_target: str | None
    platform_origin: str


def accept(form: dict[str, str], *, cookies: tuple[str, ...], proof: str | None) -> Accepted:
    """Check the form that the browser posts, in the order that lets a forgery cost its sender most.

    Nothing is used up here, so that a forged post cannot burn a login; of several good posts, exactly one begins the
    session.

    :raises LaunchRefused: any check fails.
    :raises ProofNeeded: neither cookie nor proof came, and the login page could leave a proof in the browser.
    """
    state, token = _parameters(form)
    login = open_state(state)
    bound = any(hmac.compare_digest(hash_secret(secret), login.binding_hash) for secret in (*cookies, proof or ""))
    if not bound and (proof is not None or not login.scripted):
        raise BrowserUnknown("no cookie or proof of the browser that began the login")
    platform = find_platform(login.issuer, login.client_id)
    claims = verified_claims(
        token,
        issuer=platform.issuer,
        client_id=platform.client_id,
        jwks_url=platform.jwks_url,
        nonce=login.nonce,
    )
    if not bound:
        raise ProofNeeded(state, token, login.storage_target, platform.origin)
    return Accepted(platform, _message(claims), login.nonce)


def _parameters(form: dict[str, str]) -> tuple[str, str]:
    if "error" in form:
        raise PlatformSaysNo(f"platform error {form['error'][:60]!r}")
    if "oauth_consumer_key" in form or form.get("lti_version", "").startswith("LTI-1"):
        raise OldLaunch
    state, token = form.get("state", ""), form.get("id_token", "")
    if token and not state:
        raise LaunchRefused("id_token without state", None)
    if not token or not 1 <= len(state) <= MAX_STATE:
        raise LaunchRefused("state or id_token missing")
    return state, token


def _message(claims: dict[str, Any]) -> LaunchMessage:
    try:
        message: LaunchMessage = _SCHEMA.load(claims)
    except ValidationError as error:
        names = sorted(str(name).rpartition("/")[2] for name in error.normalized_messages())
        raise LaunchRefused(f"claims: {', '.join(names)[:200]}") from error
    return message


def wanted_module(message: LaunchMessage) -> tuple[str | None, str]:
    """Return the module and item that a launch names, in its custom parameters or its target's query."""
    query = dict(parse_qsl(urlsplit(message.target_link_uri).query))
    module = message.custom.get("module") or query.get("module") or None
    item = message.custom.get("item") or query.get("item") or ""
    return (module[:255] if module else None), item[:64]
