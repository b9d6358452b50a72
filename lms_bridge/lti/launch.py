"""A launch: the answer to a login is checked, used up and stored, all or nothing."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from marshmallow import ValidationError
from sqlalchemy import bindparam, delete, select

from lms_bridge.db import changed_rows, db, now
from lms_bridge.domain.nip import clean_nip
from lms_bridge.lti.claims import LaunchMessage, LaunchSchema, storable
from lms_bridge.lti.errors import BrowserNeeded, BrowserUnknown, LaunchRefused, LaunchUsed, OldLaunch, PlatformSaysNo
from lms_bridge.lti.id_token import verified_claims
from lms_bridge.lti.login import hash_secret
from lms_bridge.models import Login, Platform

_LOGIN, _PLATFORM = Login.__table__.c, Platform.__table__.c
_SCHEMA = LaunchSchema()
# Built once: putting a statement together costs more than running it.
_LOGIN_OF_STATE = (
    select(
        Login.__table__,
        _PLATFORM.agency_id,
        _PLATFORM.issuer,
        _PLATFORM.client_id,
        _PLATFORM.jwks_url,
        _PLATFORM.authorization_url,
        _PLATFORM.product,
    )
    .join(Platform.__table__, _PLATFORM.id == _LOGIN.platform_id)
    .where(_LOGIN.state == bindparam("wanted"), _PLATFORM.active.is_(True))
)


@dataclass(frozen=True, slots=True)
class PlatformRow:
    """The registration that a launch belongs to."""

    id: int
    agency_id: int
    issuer: str
    client_id: str
    jwks_url: str
    authorization_url: str
    product: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A launch that passed every check and whose login is used up."""

    platform: PlatformRow
    message: LaunchMessage


@dataclass(frozen=True, slots=True)
class ProofNeeded(Exception):
    """The token may be good, but the browser must still prove, by script, that it began the login."""

    state: str
    id_token: str
    storage_target: str | None
    platform_origin: str


def accept(form: dict[str, str], *, cookies: tuple[str, ...], proof: str | None) -> Accepted:
    """Check the form that the browser posts, in the order that lets a forgery cost its sender most.

    The login is used up by one DELETE, after everything else was checked, so that a forged post cannot burn it and
    of several posts exactly one wins. The caller stores the session in the same transaction.

    :raises LaunchRefused: any check fails.
    :raises ProofNeeded: neither cookie nor proof came, and the login page could leave a proof in the browser.
    """
    state, token = _parameters(form)
    row = db.session.execute(_LOGIN_OF_STATE, {"wanted": state}).first()
    if row is None or row.expires_at < now():
        raise LaunchUsed("unknown, used or expired state")
    # A verification may have to fetch keys, and no transaction stays open across the network.
    db.session.rollback()
    bound = any(hmac.compare_digest(hash_secret(secret), row.binding_hash) for secret in (*cookies, proof or ""))
    if not bound and (proof is not None or not row.scripted):
        raise BrowserUnknown("no cookie or proof of the browser that began the login")
    claims = verified_claims(token, issuer=row.issuer, client_id=row.client_id, jwks_url=row.jwks_url, nonce=row.nonce)
    if not bound:
        parts = urlsplit(row.authorization_url)
        raise ProofNeeded(state, token, row.storage_target, f"{parts.scheme}://{parts.netloc}")
    message = _message(claims)
    if changed_rows(delete(Login).where(_LOGIN.state == state)) != 1:
        raise LaunchUsed("state used by another request")
    platform = PlatformRow(
        row.platform_id, row.agency_id, row.issuer, row.client_id, row.jwks_url, row.authorization_url, row.product
    )
    return Accepted(platform, message)


def _parameters(form: dict[str, str]) -> tuple[str, str]:
    if "error" in form:
        raise PlatformSaysNo(f"platform error {form['error'][:60]!r}")
    if "oauth_consumer_key" in form or form.get("lti_version", "").startswith("LTI-1"):
        raise OldLaunch
    state, token = form.get("state", ""), form.get("id_token", "")
    if token and not state:
        raise BrowserNeeded
    if not token or not 1 <= len(state) <= 64:
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
