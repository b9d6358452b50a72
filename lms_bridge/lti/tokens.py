"""Access tokens for a platform's services, kept in this process by (registration, scopes)."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from flask import current_app

from lms_bridge.lti.http import LmsClient, OutboundError
from lms_bridge.lti.keys import sign

MARGIN = 60
"""Seconds before its end at which a token is no longer used."""
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
    """Return a bearer token for exactly these scopes.

    :param fresh: the last one was refused; get another.
    :raises OutboundError: the platform gives none; kind ``token-<status>`` or ``token-garbage`` says why.
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
    moment = int(time.time())
    assertion = sign(
        {
            "iss": account.client_id,
            "sub": account.client_id,
            "aud": account.audience,
            # Some platforms give no leeway: a clock half a minute behind ours must still accept it.
            "iat": moment - 30,
            "exp": moment + 240,
            "jti": secrets.token_urlsafe(24),
        }
    )
    client: LmsClient = current_app.extensions["lms_bridge.http"]
    answer = client.post(
        account.token_url,
        data={
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
            "scope": scope,
        },
        headers={"Accept": "application/json"},
    )
    if answer.status != 200:
        raise OutboundError(f"token-{answer.status}", f"the token endpoint answers {answer.status}")
    document = answer.json()
    token = document.get("access_token") if isinstance(document, dict) else None
    seconds = document.get("expires_in", 3600) if isinstance(document, dict) else 0
    if not isinstance(token, str) or not token or isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise OutboundError("token-garbage", "the token endpoint's answer holds no token")
    return token, float(min(max(seconds, 0), 86400))
