"""What every page has in common: globals and filters of the templates, navigation, security headers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, request, url_for
from flask_babel import gettext as _

from lms_bridge.context import context_or_none
from lms_bridge.plugin_host import enabled_declarations, host
from lms_bridge.web.assets import init_assets
from lms_bridge.web.formats import init_formats
from lms_bridge.web.locale import LANGUAGES, choose_locale, init_locale
from lms_bridge.web.session import console_ticket, page_path, window_ticket

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action {form_action}; base-uri 'none'; frame-ancestors {frame_ancestors}"
)
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?")
_PERMISSIONS = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One entry of the menu."""

    title: Any
    url: str
    current: bool


def init_shell(app: Flask, translations: Iterable[Path]) -> None:
    """Prepare templates, languages, assets and headers."""
    init_locale(app, translations)
    init_formats(app)
    init_assets(app)
    app.jinja_env.globals.update(
        languages=LANGUAGES, navigation=navigation, page_path=page_path, plugin_title=plugin_title
    )
    app.jinja_env.globals.update(window_ticket=window_ticket, console_ticket=console_ticket)
    app.context_processor(_page_context)
    app.after_request(_headers)


def _page_context() -> dict[str, Any]:
    visit = g.get("visit")
    return {
        "current": context_or_none(),
        "language": choose_locale(),
        "script_root": request.environ.get("lms_bridge.script_root", ""),
        "course_url": visit.return_url if visit else None,
    }


def navigation() -> list[MenuEntry]:
    """Return the menu: home, then what plugins declared; the entry of this page is marked."""
    items = [(_("Home"), "home.index")]
    items += [(item.title, item.endpoint) for declared in enabled_declarations() for item in declared.navigation]
    endpoints = [endpoint for _title, endpoint in items]
    here = request.endpoint
    if here not in endpoints:
        # A page that is not in the menu belongs to the first entry of its plugin.
        here = next((one for one in endpoints if one.partition(".")[0] == request.blueprint), None)
    return [MenuEntry(title, url_for(endpoint), endpoint == here) for title, endpoint in items]


def plugin_title(name: str) -> Any:
    """Return what a plugin calls itself."""
    return next((declared.title for declared in host().declarations if declared.name == name), name)


@lru_cache(maxsize=256)
def _policy(form_action: str, frame_ancestors: str) -> str:
    """Write the content security policy. What is not plainly an origin is left out, whoever registered it."""
    forms = ["'self'", *filter(_ORIGIN.fullmatch, form_action.split())]
    frames = ["*"] if frame_ancestors == "*" else list(filter(_ORIGIN.fullmatch, frame_ancestors.split()))
    return _POLICY.format(form_action=" ".join(forms), frame_ancestors=" ".join(frames) or "'none'")


def _headers(response: Response) -> Response:
    headers = response.headers
    headers["X-Content-Type-Options"] = "nosniff"
    if request.endpoint == "static" and response.status_code < 400:
        return response
    headers.setdefault("Cache-Control", "no-store")
    headers["Referrer-Policy"] = "same-origin"
    headers["Permissions-Policy"] = _PERMISSIONS
    headers["Content-Security-Policy"] = _policy(g.get("form_action_extra") or "", g.get("frame_ancestors") or "")
    return response
