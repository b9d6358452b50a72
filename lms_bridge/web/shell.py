"""What every page has in common: globals and filters of the templates, navigation, security headers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, request, url_for
from flask_babel import gettext as _

from lms_bridge.context import context_or_none
from lms_bridge.plugin_host import host
from lms_bridge.web.assets import asset
from lms_bridge.web.formats import clock, day, number
from lms_bridge.web.locale import choose_locale, init_locale
from lms_bridge.web.session import window_ticket

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'{form_action}; frame-ancestors {frame_ancestors}"
)


def init_shell(app: Flask, translations: Iterable[Path]) -> None:
    """Prepare templates, languages and headers."""
    init_locale(app, translations)
    app.jinja_env.globals.update(asset=asset, window_ticket=window_ticket)
    app.jinja_env.filters.update(number=number, day=day, clock=clock)
    app.context_processor(_page_context)
    app.after_request(_headers)


def _page_context() -> dict[str, Any]:
    context = context_or_none()
    return {
        "current": context,
        "language": choose_locale(),
        "navigation": _navigation() if context else [],
        "script_root": request.environ.get("lms_bridge.script_root", ""),
    }


def _navigation() -> list[dict[str, Any]]:
    here = request.blueprint
    entries = [{"title": _("Home"), "url": url_for("home.index"), "current": here == "home"}]
    for declared in host().declarations:
        entries += [
            {"title": item.title, "url": url_for(item.endpoint), "current": here == declared.name}
            for item in declared.navigation
        ]
    return entries


def _headers(response: Response) -> Response:
    headers = response.headers
    headers["X-Content-Type-Options"] = "nosniff"
    if request.endpoint == "static":
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
    headers.setdefault("Cache-Control", "no-store")
    headers["Referrer-Policy"] = "same-origin"
    extra = g.get("form_action_extra")
    headers["Content-Security-Policy"] = _CSP.format(
        form_action=f" {extra}" if extra else "", frame_ancestors=g.get("frame_ancestors") or "'none'"
    )
    return response
