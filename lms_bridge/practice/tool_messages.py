"""Checking what a tool signed: who signed it, for whom, when, and that it comes only once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import jwt
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from lms_bridge.practice.key_sets import UnknownKey, forget, key_for
from lms_bridge.practice.models import Tool, UsedOnce, now, store
from lms_bridge.practice.site import Site


class BadSignature(Exception):
    """A signed message cannot be accepted; the text says why."""


class NoKid(BadSignature):
    """The message does not say which key signed it."""


def unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims without any check, to learn whom to ask for the key.

    :raises BadSignature: this is no JWT.
    """
    if len(token) > 200_000:
        raise BadSignature("too large")
    try:
        parts = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.exceptions.PyJWTError, RecursionError, ValueError) as error:
        raise BadSignature("no JWT") from error
    if not isinstance(parts["payload"], dict):
        raise BadSignature("no claims")
    return parts["header"], parts["payload"]


def verified(
    site: Site, tool: Tool, token: str, *, audience: list[str], required: list[str], longest: dt.timedelta
) -> dict[str, Any]:
    """Return the claims of a message that this tool signed as itself, for us, not long ago.

    The transaction ends before the key set is fetched: a slow tool must not keep others from writing.

    :raises NoKeySet: the tool's key set cannot be had.
    :raises UnknownKey: the key is not in it.
    :raises BadSignature: anything else is wrong.
    """
    header, _claims = unverified(token)
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise NoKid("kid is missing")
    if header.get("alg") != "RS256":
        raise BadSignature("alg must be RS256")
    store.session.commit()
    claims = _decoded(site, tool, token, kid, audience=audience, required=required)
    moment, leeway = now().timestamp(), site.profile.assertion_leeway
    if claims["exp"] > moment + longest.total_seconds() + leeway:
        raise BadSignature("exp lies too far ahead")
    return claims


def _decoded(
    site: Site, tool: Tool, token: str, kid: str, *, audience: list[str], required: list[str]
) -> dict[str, Any]:
    for attempt in (1, 2):
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key_for(site, tool, kid),
                algorithms=["RS256"],
                audience=audience,
                issuer=tool.client_id,
                leeway=site.profile.assertion_leeway,
                options={"require": ["iss", "aud", "exp", "iat", *required]},
            )
            return claims
        except jwt.exceptions.InvalidSignatureError as error:
            forget(site, tool)
            if attempt == 2:
                raise BadSignature("the signature is wrong") from error
        except (jwt.exceptions.PyJWTError, OverflowError) as error:
            raise BadSignature(str(error)) from error
    raise UnknownKey(kid)


def use_once(kind: str, *, owner: str, value: str, until: dt.datetime) -> bool:
    """Use a value up; returns whether it was still unused. What is past its time is forgotten."""
    store.session.execute(delete(UsedOnce).where(UsedOnce.expires_at < now()))
    try:
        with store.session.begin_nested():
            store.session.add(UsedOnce(kind=kind, owner=owner, value=value, expires_at=until))
    except IntegrityError:
        return False
    return True
