"""Access tokens for a platform's services, kept in this process by (registration, scopes)."""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from flask import current_app

from lms_bridge.db import db
from lms_bridge.engine import only_reading
from lms_bridge.lti.http import LmsClient, OutboundError
from lms_bridge.lti.keys import KeyUnreadable, sign

MARGIN = 60
"""Seconds before its end at which a token is no longer used."""
NO_SCOPE = "token-no-scope"
"""Kind of the error when the platform grants none of the scopes."""
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_tokens: dict[tuple[str, str, str], tuple[str, float]] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """As whom we call a platform's services."""

    client_id: str
    token_url: str
    audience: str


def access_token(account: ServiceAccount, scopes: Iterable[str], *, fresh: bool = False) -> str:
    """Return a bearer token for exactly these scopes. Ends the current transaction before it asks the platform.

    :param fresh: the last one was refused; get another.
    :raises OutboundError: the platform gives none; kind ``token-<status>``, ``token-no-scope`` or ``token-garbage``
        says why.
    """
    scope = " ".join(sorted(scopes))
    key = (account.token_url, account.client_id, scope)
    with _lock:
        token, ends = _tokens.get(key, ("", 0.0))
        if fresh:
            _tokens.pop(key, None)
    if not fresh and ends - MARGIN > time.monotonic():
        return token
    token, seconds = _request(account, scope)
    with _lock:
        _tokens[key] = (token, time.monotonic() + seconds)
    return token


def _request(account: ServiceAccount, scope: str) -> tuple[str, float]:
    client: LmsClient = current_app.extensions["lms_bridge.http"]
    answer = client.post(
        account.token_url,
        data={
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": _assertion(account),
            "scope": scope,
        },
        headers={"Accept": "application/json"},
    )
    if answer.status != 200:
        # Some platforms write errors that are no JSON, so the word is looked for as it stands.
        kind = NO_SCOPE if b"invalid_scope" in answer.body[:2000] else f"token-{answer.status}"
        raise OutboundError(kind, f"the token endpoint answers {answer.status}")
    document = answer.json()
    token = document.get("access_token") if isinstance(document, dict) else None
    if not isinstance(token, str) or not token or not all("!" <= char <= "~" for char in token):
        raise OutboundError("token-garbage", "the token endpoint's answer holds no token")
    return token, _seconds(document.get("expires_in"))


def _assertion(account: ServiceAccount) -> str:
    moment = int(time.time())
    claims = {
        "iss": account.client_id,
        "sub": account.client_id,
        "aud": account.audience,
        # Some platforms give no leeway: a clock half a minute behind ours must still accept it.
        "iat": moment - 30,
        "exp": moment + 240,
        "jti": secrets.token_urlsafe(24),
    }
    try:
        with only_reading():
            return sign(claims)
    except KeyUnreadable as error:
        raise OutboundError("tool-key", str(error)) from error
    finally:
        # No transaction stays open across the network: on SQLite it would keep everybody else from writing.
        db.session.rollback()


def _seconds(value: object) -> float:
    """Return how long a token lasts; an hour where the platform does not say it in a way that can be read."""
    try:
        seconds = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else 3600.0
    except (ValueError, OverflowError):
        seconds = 3600.0
    return min(max(seconds, 0.0), 86400.0) if math.isfinite(seconds) else 3600.0
