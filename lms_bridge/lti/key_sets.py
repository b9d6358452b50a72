"""Platforms' keys: kept a day, fetched again for an unknown key id in measure, the last good set kept on errors."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import jwt
import structlog
from flask import current_app
from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from lms_bridge.db import changed_rows, db, now
from lms_bridge.lti.http import LmsClient, OutboundError
from lms_bridge.models import KeySet

LIFETIME = dt.timedelta(hours=24)
WINDOW, FETCHES_IN_WINDOW = dt.timedelta(seconds=30), 3
PATIENCE = 3.0
"""Seconds to wait for keys that another worker is fetching."""
_fetching: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
"""One lock a key set, so that a slow platform holds up only its own launches."""
log = structlog.get_logger("lms_bridge.lti")


class KeysUnavailable(Exception):
    """The platform's keys were never fetched and cannot be fetched now."""


@dataclass(frozen=True, slots=True)
class _Known:
    fetched_at: dt.datetime
    keys: dict[str, jwt.PyJWK]


def signing_key(url: str, kid: str) -> jwt.PyJWK | None:
    """Return the platform's key with this id, or nothing when the platform has none.

    A warm call costs neither a query nor a request. Ends the current transaction before it fetches.

    :raises KeysUnavailable: no key set is known and the platform does not give one.
    """
    memory: dict[str, _Known] = current_app.extensions.setdefault("lms_bridge.key_sets", {})
    known = memory.get(url)
    if known and kid in known.keys and now() - known.fetched_at < LIFETIME:
        return known.keys[kid]
    stored = _stored(url)
    if stored and (known is None or stored.fetched_at > known.fetched_at):
        known = memory[url] = stored
    if known and kid in known.keys and now() - known.fetched_at < LIFETIME:
        return known.keys[kid]
    asked_at = now()
    with _fetching[url]:
        # Of many launches that need the same keys at once, the first fetches for all of this process.
        latest = memory.get(url)
        if latest is None or latest.fetched_at < asked_at:
            known = memory[url] = latest = _fetched(url) or _from_elsewhere(url, known) or known  # type: ignore[assignment]
    if latest is None:
        raise KeysUnavailable(url)
    return latest.keys.get(kid)


def _fetched(url: str) -> _Known | None:
    """Return the key set as the platform gives it now, if this half minute still allows a fetch."""
    if not _may_fetch(url):
        return None
    try:
        return _fetch(url)
    except OutboundError as error:
        log.warning("platform keys not fetched", kind=error.kind)
        return None


def _from_elsewhere(url: str, known: _Known | None) -> _Known | None:
    """Wait a moment for the first key set of a platform, which another worker is fetching just now."""
    deadline = time.monotonic() + PATIENCE
    while known is None and time.monotonic() < deadline:
        if stored := _stored(url):
            return stored
        time.sleep(0.1)
    return None


def forget_cached_keys() -> None:
    """Make this process read the stored key sets anew."""
    current_app.extensions.pop("lms_bridge.key_sets", None)


def _stored(url: str) -> _Known | None:
    row = db.session.execute(select(KeySet.document, KeySet.fetched_at).where(KeySet.url == url)).first()
    db.session.commit()
    return _Known(row.fetched_at, _parse(row.document)) if row and row.fetched_at else None


def _may_fetch(url: str) -> bool:
    """Take one of the few fetches of this half minute, by one statement, so that all workers share the measure."""
    moment = now()
    fresh = changed_rows(
        update(KeySet)
        .where(KeySet.url == url, or_(KeySet.window_started_at.is_(None), KeySet.window_started_at < moment - WINDOW))
        .values(window_started_at=moment, window_fetches=1)
    )
    more = fresh or changed_rows(
        update(KeySet)
        .where(KeySet.url == url, KeySet.window_fetches < FETCHES_IN_WINDOW)
        .values(window_fetches=KeySet.window_fetches + 1)
    )
    if not more and db.session.get(KeySet, url) is None:
        try:
            db.session.add(KeySet(url=url, document={}, window_started_at=moment, window_fetches=1))
            db.session.flush()
            more = 1
        except IntegrityError:
            db.session.rollback()
            return False
    db.session.commit()
    return bool(more)


def _fetch(url: str) -> _Known:
    client: LmsClient = current_app.extensions["lms_bridge.http"]
    answer = client.get(url, headers={"Accept": "application/json"})
    if answer.status != 200:
        raise OutboundError("keys-status", f"the key set answers {answer.status}")
    document = answer.json()
    if not isinstance(document, dict) or not (keys := _parse(document)):
        raise OutboundError("keys-empty", "the key set holds no usable key")
    fetched_at = now()
    db.session.execute(update(KeySet).where(KeySet.url == url).values(document=document, fetched_at=fetched_at))
    db.session.commit()
    return _Known(fetched_at, keys)


def _parse(document: dict[str, Any]) -> dict[str, jwt.PyJWK]:
    keys = {}
    entries = document.get("keys")
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict) or entry.get("kty") != "RSA" or not isinstance(entry.get("kid"), str):
            continue
        if entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
            continue
        try:
            public = {"kty": "RSA", "alg": "RS256", "n": entry["n"], "e": entry["e"]}
            keys[entry["kid"]] = jwt.PyJWK(public)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            log.warning("platform key not usable")
    return keys
