"""The key sets of tools, kept in this process and fetched anew when a key is not in them."""

from __future__ import annotations

from typing import Any

import jwt

from lms_bridge.practice.models import Tool, store
from lms_bridge.practice.site import Site, ToolUnreachable
from lms_bridge.practice.trace import record


class NoKeySet(Exception):
    """The tool's key set cannot be had."""


class UnknownKey(Exception):
    """The tool's key set has no such key."""


def key_for(site: Site, tool: Tool, kid: str) -> jwt.PyJWK:
    """Return a tool's public key.

    :raises NoKeySet: the key set cannot be fetched.
    :raises UnknownKey: there is no RSA key of that name in it.
    """
    known = site.key_sets.get(tool.jwks_uri)
    if known is None or not _find(known, kid):
        known = site.key_sets[tool.jwks_uri] = _fetch(site, tool.jwks_uri)
    found = _find(known, kid)
    if found is None:
        raise UnknownKey(kid)
    try:
        return jwt.PyJWK(found, algorithm="RS256")
    except jwt.exceptions.PyJWTError as error:
        raise UnknownKey(kid) from error


def forget(site: Site, tool: Tool) -> None:
    """Fetch the key set anew next time, because a signature did not check."""
    site.key_sets.pop(tool.jwks_uri, None)


def _find(keys: list[dict[str, Any]], kid: str) -> dict[str, Any] | None:
    return next((key for key in keys if key.get("kid") == kid and key.get("kty") == "RSA"), None)


def _fetch(site: Site, url: str) -> list[dict[str, Any]]:
    try:
        response = site.fetch(url)
        record("keys", "out", method="GET", address=url, status=str(response.status_code))
        store.session.commit()
        if response.status_code != 200:
            raise NoKeySet(f"{url} answers {response.status_code}")
        document = response.json()
    except ToolUnreachable as error:
        raise NoKeySet(str(error)) from error
    except ValueError as error:
        raise NoKeySet(f"{url} answers no JSON") from error
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise NoKeySet(f"{url} holds no keys")
    return [key for key in keys[:50] if isinstance(key, dict)]
