"""Committed assets: their addresses, versioned and never under a session's prefix, and how they are served."""

from __future__ import annotations

import gzip
import hashlib
import json
import mimetypes
from functools import cache
from pathlib import Path

from flask import Flask, Response, current_app, request

FOLDER = Path(__file__).parents[1] / "static"
OWN = {
    "theme": "bridge/theme.css",
    "bridge": "bridge/bridge.js",
    "autosave": "bridge/autosave.js",
    "launch": "bridge/launch.js",
    "close": "bridge/close.js",
    "autopost": "bridge/autopost.js",
    "icon": "bridge/icon.svg",
}
_FOR_EVER = "public, max-age=31536000, immutable"


def init_assets(app: Flask) -> None:
    """Serve assets compressed, and give templates ``asset(name)``."""
    app.view_functions["static"] = _serve
    app.jinja_env.globals["asset"] = asset


def asset(name: str) -> str:
    """Return the address of an asset by its short name."""
    root: str = request.environ.get("lms_bridge.script_root", "")
    return root + _path(name)


@cache
def files() -> dict[str, str]:
    """Return every asset's file in the static folder: our own, and the vendored ones of the manifest."""
    manifest = json.loads((FOLDER / "vendor" / "manifest.json").read_text("utf-8"))
    return OWN | {row["asset"]: f"vendor/{row['file']}" for row in manifest}


@cache
def _path(name: str) -> str:
    file = files()[name]
    return f"/static/{file}?v={_version(file)}"


@cache
def _version(file: str) -> str:
    return hashlib.sha256((FOLDER / file).read_bytes()).hexdigest()[:12]


@cache
def _packed(file: str) -> bytes:
    return gzip.compress((FOLDER / file).read_bytes(), 9, mtime=0)


def _serve(filename: str) -> Response:
    known = filename in files().values()
    if known and "gzip" in request.accept_encodings:
        response = Response(_packed(filename), mimetype=mimetypes.guess_type(filename)[0])
        response.headers["Content-Encoding"] = "gzip"
        response.set_etag(_version(filename), weak=True)
        response.make_conditional(request)
    else:
        response = current_app.send_static_file(filename)
    response.vary.add("Accept-Encoding")
    # A page of the release before or after asks for another version; what we have may not be kept under that address.
    current = known and request.args.get("v") == _version(filename)
    response.headers["Cache-Control"] = _FOR_EVER if current else "no-cache"
    return response
