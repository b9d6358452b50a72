"""A launch: the answer to a login, checked before anything is stored."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from marshmallow import ValidationError

from lms_bridge.domain.nip import clean_nip
from lms_bridge.lti.claims import LaunchMessage, LaunchSchema, storable
from lms_bridge.lti.errors import BrowserNeeded, BrowserUnknown, LaunchRefused, OldLaunch, PlatformSaysNo
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
        raise BrowserNeeded
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
    query = {name: value for name, value in query.items() if storable(value)}
    module = message.custom.get("module") or query.get("module") or None
    item = message.custom.get("item") or query.get("item") or ""
    return (module[:255] if module else None), item[:64]


def trusted_nip(accepted: Accepted) -> str | None:
    """Return the NIP that a launch tells, from nowhere that a teacher could write it.

    What the platform says of the person itself decides, also when it says that there is none. Only a platform that
    says nothing is asked through the custom parameter ``nip`` of our registration, and only Moodle, where the
    registration's value wins over an activity's. Its name is known from Dynamic Registration alone, which always asks
    for that parameter; a platform that was registered by hand has none.
    """
    if accepted.message.person_sourcedid is not None:
        return clean_nip(accepted.message.person_sourcedid)
    return clean_nip(accepted.message.custom.get("nip")) if accepted.platform.product == "moodle" else None
