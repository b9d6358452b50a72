"""What all pages share: language, headers, the check of posted forms, errors."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Flask, Response, g, redirect, render_template, request, session, url_for
from flask_babel import Babel, get_locale
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response as AnyResponse

from lms_bridge.practice.errors import PageRefused
from lms_bridge.practice.models import store
from lms_bridge.practice.people import NotSignedIn, signed_in
from lms_bridge.practice.services import TOOL_ENDPOINTS
from lms_bridge.practice.site import site

LANGUAGES = ("id", "en")
ZONE = ZoneInfo("Asia/Jakarta")
FROM_ELSEWHERE = frozenset({"login.auth", "deep_linking.returned"})
"""Endpoints that other sites' pages may post to."""


def init_web(app: Flask) -> None:
    """Set up everything that pages need."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(Path(__file__).parent / "translations")
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    Babel(app, locale_selector=lambda: session.get("language", "id"))
    app.before_request(_own_address)
    app.before_request(_own_forms_only)
    app.after_request(_headers)
    app.register_error_handler(PageRefused, _refused)
    app.register_error_handler(NotSignedIn, lambda error: redirect(url_for("persona.choose"), code=303))
    app.register_error_handler(HTTPException, _http_error)
    app.jinja_env.filters |= {"points": points, "clock": clock}
    app.context_processor(
        lambda: {
            "user": signed_in(),
            "language": str(get_locale() or "id"),
            "site": site(),
        }
    )


def _own_address() -> AnyResponse | None:
    """Send a person who came by another name of this machine to the address that cookies and tools know."""
    wanted = urlsplit(site().base_url).netloc
    if request.blueprint in TOOL_ENDPOINTS or request.method != "GET" or request.host == wanted:
        return None
    return redirect(f"{site().base_url}{request.full_path.rstrip('?')}")


def _own_forms_only() -> None:
    """Refuse a form that another site made the browser send."""
    safe = request.method in {"GET", "HEAD", "OPTIONS"}
    if safe or request.blueprint in TOOL_ENDPOINTS or request.endpoint in FROM_ELSEWHERE:
        return
    origin = request.headers.get("Origin")
    came_from = request.headers.get("Sec-Fetch-Site", "same-origin")
    if came_from not in {"same-origin", "none"} or (origin and urlsplit(origin).netloc != request.host):
        raise PageRefused(_("Invalid request"), _("The form came from another site."), status=403)


def _headers(response: Response) -> Response:
    frames = " ".join(sorted({"'self'", *g.get("frame_origins", ())}))
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"base-uri 'none'; frame-src {frames}; frame-ancestors 'self'; form-action 'self' {g.get('form_action', '')}",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _refused(error: PageRefused) -> tuple[str, int]:
    store.session.rollback()
    return render_template("error.html", title=error.title, text=error.text), error.status


def _http_error(error: HTTPException) -> Any:
    if isinstance(error, SecurityError):
        # The host is not ours: no page of ours can be drawn for it.
        return error
    if request.blueprint in TOOL_ENDPOINTS or error.code is None or error.code < 400:
        return error
    text = _("There is no such page.") if error.code == 404 else (error.description or "")
    return render_template("error.html", title=_("This did not work"), text=text), error.code


def points(value: Decimal | None) -> str:
    """Write points as people do: at most two decimals, with a comma in Indonesian."""
    if value is None:
        return "–"
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if str(get_locale()) == "id" else text


def clock(moment: dt.datetime) -> str:
    """Write a moment as day and time in Western Indonesia."""
    return f"{moment.astimezone(ZONE):%d-%m-%Y %H:%M:%S} WIB"
