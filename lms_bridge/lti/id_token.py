"""The id_token: header, key, signature, and the claims of OpenID Connect, in that order."""

from __future__ import annotations

import binascii
import json
import math
import time
from typing import Any

import jwt
from jwt.utils import base64url_decode

from lms_bridge.lti.errors import ClockDiffers, LaunchRefused, PlatformUnreachable
from lms_bridge.lti.key_sets import KeysUnavailable, signing_key

LEEWAY = 60
"""Seconds by which the clocks may differ."""
MAX_LENGTH = 100_000
REQUIRED = ("iss", "aud", "exp", "iat", "nonce")


def verified_claims(token: str, *, issuer: str, client_id: str, jwks_url: str, nonce: str) -> dict[str, Any]:
    """Return the claims of a token that the platform signed for us, now, for this very login.

    :raises LaunchRefused: any check fails; the reason names it.
    """
    kid = _key_id(token)
    try:
        key = signing_key(jwks_url, kid)
    except KeysUnavailable as error:
        raise PlatformUnreachable("platform keys unavailable") from error
    if key is None:
        raise LaunchRefused("unknown kid")
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=client_id,
            issuer=issuer,
            options={"require": list(REQUIRED), "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except jwt.PyJWTError as error:
        raise LaunchRefused(f"id_token: {type(error).__name__}") from error
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise LaunchRefused(f"id_token malformed: {type(error).__name__}") from error
    _check_party(claims, client_id)
    _check_times(claims)
    if claims["nonce"] != nonce:
        raise LaunchRefused("nonce of another login")
    return claims


def _key_id(token: str) -> str:
    if len(token) > MAX_LENGTH or token.count(".") != 2:
        raise LaunchRefused("id_token is no signed JWT")
    try:
        header = json.loads(base64url_decode(token.partition(".")[0].encode("ascii")))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise LaunchRefused("id_token header unreadable") from error
    if not isinstance(header, dict) or header.get("alg") != "RS256" or "crit" in header:
        raise LaunchRefused("id_token header: only RS256 without crit")
    kid = header.get("kid")
    if not isinstance(kid, str) or not 1 <= len(kid) <= 255:
        raise LaunchRefused("id_token header: no kid")
    return kid


def _check_party(claims: dict[str, Any], client_id: str) -> None:
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and "azp" not in claims:
        raise LaunchRefused("several aud without azp")
    if claims.get("azp", client_id) != client_id:
        raise LaunchRefused("azp of another client")


def _check_times(claims: dict[str, Any]) -> None:
    moment = time.time()
    times = {name: _seconds(claims, name) for name in ("exp", "iat", "nbf") if name in claims}
    if times["exp"] < moment - LEEWAY:
        raise ClockDiffers(seconds=min(int(moment - times["exp"]), 10**9))
    ahead = max(times["iat"], times.get("nbf", 0.0)) - moment
    if ahead > LEEWAY:
        raise ClockDiffers(seconds=min(int(ahead), 10**9))


def _seconds(claims: dict[str, Any], name: str) -> float:
    value = claims[name]
    try:
        seconds = math.nan if isinstance(value, (bool, str)) else float(value)
    except (TypeError, OverflowError):
        seconds = math.nan
    if not math.isfinite(seconds):
        raise LaunchRefused(f"{name} is no time")
    return seconds
