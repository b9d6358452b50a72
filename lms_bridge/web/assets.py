"""Addresses of committed assets: versioned, cached for ever, never under a session's prefix."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import current_app, request

FILES = {
    "bootstrap": "vendor/bootstrap/5.3.9/bootstrap.min.css",
    "htmx": "vendor/htmx.org/4.0.1/htmx.min.js",
    "theme": "bridge/theme.css",
    "bridge": "bridge/bridge.js",
    "launch": "bridge/launch.js",
    "close": "bridge/close.js",
    "autopost": "bridge/autopost.js",
}


@cache
def _version(folder: str, file: str) -> str:
    return hashlib.sha256((Path(folder) / file).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """Return the address of an asset by its short name."""
    file = FILES[name]
    root = request.environ.get("lms_bridge.script_root", "")
    return f"{root}/static/{file}?v={_version(current_app.static_folder or '', file)}"
