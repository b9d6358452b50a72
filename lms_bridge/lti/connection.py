"""Trying the connection to an LMS, step by step: its keys, its clock, a token for each service."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from flask import current_app

from lms_bridge.db import db, now
from lms_bridge.lti import ags, nrps
from lms_bridge.lti.http import LmsClient, OutboundError
from lms_bridge.lti.tokens import ServiceAccount, access_token
from lms_bridge.models import Platform

LEEWAY_SECONDS = 60
SERVICES = (("scores", ags.SCORE), ("results", ags.RESULT), ("columns", ags.LINE_ITEM), ("members", nrps.SCOPE))
"""The services that we use, by a word for them."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried: ``keys``, ``clock`` or ``token``, for a token the service that it is for.

    ``reason`` is a code of ``lti.advice``, empty where it went well; ``seconds`` how far the clocks differ.
    """

    what: str
    service: str = ""
    reason: str = ""
    seconds: int = 0


def try_connection(platform: Platform) -> list[Step]:
    """Ask an LMS for its keys and for tokens. Ends the current transaction first; takes as long as the LMS does."""
    jwks_url = platform.jwks_url
    account = ServiceAccount(platform.client_id, platform.token_url, platform.token_audience)
    db.session.rollback()
    client: LmsClient = current_app.extensions["lms_bridge.http"]
    try:
        answer = client.get(jwks_url)
    except OutboundError as error:
        return [Step("keys", reason=error.kind)]
    if answer.status != 200:
        return [Step("keys", reason=f"keys-{answer.status}")]
    skew = clock_skew(answer.headers.get("date"))
    clock = Step("clock", reason="clock" if skew else "", seconds=skew)
    return [Step("keys"), clock, *(_token(account, service, scope) for service, scope in SERVICES)]


def _token(account: ServiceAccount, service: str, scope: str) -> Step:
    try:
        access_token(account, [scope], fresh=True)
    except OutboundError as error:
        return Step("token", service, reason=error.kind)
    return Step("token", service)


def clock_skew(date: Any) -> int:
    """Return by how many seconds the clocks differ, 0 when by less than launches forgive or when it is not told."""
    try:
        seconds = abs((parsedate_to_datetime(date or "") - now()).total_seconds())
    except (TypeError, ValueError):
        return 0
    return round(seconds) if seconds > LEEWAY_SECONDS else 0
