"""Between the wire and a view: the session id in the path, the browser's cookie, the context of the request."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import structlog
from flask import Flask, Request, Response, current_app, g, render_template, request, session
from flask.sessions import SessionInterface, SessionMixin
from flask_babel import gettext as _
from werkzeug.datastructures import CallbackDict

from lms_bridge.db import choose_agency, db, now
from lms_bridge.engine import reading_only
from lms_bridge.errors import Refused
from lms_bridge.services.audit import store_notes
from lms_bridge.services.sessions import TOUCH, SessionEnded, Visit, keep_alive, load_visit, save_data

View = TypeVar("View", bound=Callable[..., Any])
SID = re.compile(r"^/s/([A-Za-z0-9_-]{43})(/.*)?$")
PUBLIC = frozenset({"lti", "health", "static", "window", "operator"})
"""Blueprints and endpoints that need no session."""
FOR_NOBODY = frozenset({"console", "home", "session", "static"})
"""Blueprints that a session without a person, the operator's, may open: every other page is about somebody."""
_COOKIES = ("__Host-lmsb", "lmsb-p", "lmsb")
_KEEP_SECONDS = 8 * 3600


def writes_on_get(view: View) -> View:
    """Mark a view that stores something although it is opened by GET.

    On SQLite its transaction then waits for its turn to write; otherwise it would fail when somebody else writes
    between its first read and its first write.
    """
    view.writes_on_get = True  # type: ignore[attr-defined]
    return view


def _only_reads() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return request.method in {"GET", "HEAD", "OPTIONS"} and not getattr(view, "writes_on_get", False)


class SessionPath:
    """WSGI middleware: moves ``/s/<sid>`` from the path into SCRIPT_NAME, so that ``url_for`` keeps it by itself."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["lms_bridge.script_root"] = environ.get("SCRIPT_NAME", "")
        if match := SID.match(environ.get("PATH_INFO", "")):
            environ["lms_bridge.sid"] = match[1]
            environ["SCRIPT_NAME"] = f"{environ.get('SCRIPT_NAME', '')}/s/{match[1]}"
            environ["PATH_INFO"] = match[2] or "/"
        if not (query := environ.get("QUERY_STRING", "")).isascii():
            # Raw bytes that are no UTF-8 would fail wherever the parameters are read; quoted they are only wrong.
            environ["QUERY_STRING"] = quote(query, safe=string.punctuation, encoding="latin-1")
        return self.app(environ, start_response)


class StoredSession(CallbackDict[str, Any], SessionMixin):
    """Flask's ``session``, kept in the row of the launch session: no cookie holds data."""

    modified = False
    accessed = True

    def __init__(self, data: dict[str, Any]) -> None:
        def on_update(this: StoredSession) -> None:
            this.modified = True

        super().__init__(data, on_update)


class RowSessions(SessionInterface):
    """Opens an empty session; the visit fills it, and it is saved with the visit."""

    def open_session(self, app: Flask, request: Request) -> StoredSession:
        return StoredSession({})

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        visit = g.get("visit")
        if visit is not None and session.modified and not g.get("visit_ended"):
            _write_after_reading()
            save_data(visit, dict(session))
            db.session.commit()


def _write_after_reading() -> None:
    """Begin to write when the view is done."""
    if _only_reads():
        # On SQLite what began by reading cannot write once somebody else has written meanwhile.
        db.session.rollback()
    reading_only(False)


def browser_cookies() -> tuple[str, ...]:
    """Return the secrets that the browser kept for us."""
    return tuple(value for name in _COOKIES if 20 <= len(value := request.cookies.get(name, "")) <= 64)


def browser_secret() -> str:
    """Return the browser's secret, or a new one to be given to it."""
    return next(iter(browser_cookies()), None) or secrets.token_urlsafe(32)


def give_cookie(response: Response, secret: str) -> None:
    """Give the browser its secret, in every way in which it may be able to keep it.

    On https one partitioned ``__Host-`` cookie does. Over plain http a framed page on a loopback address keeps the
    secure partitioned one, everybody else the plain one.
    """
    common: dict[str, Any] = {"max_age": _KEEP_SECONDS, "httponly": True, "path": "/"}
    if request.is_secure:
        response.set_cookie(_COOKIES[0], secret, secure=True, samesite="None", partitioned=True, **common)
    else:
        response.set_cookie(_COOKIES[1], secret, secure=True, samesite="None", partitioned=True, **common)
        response.set_cookie(_COOKIES[2], secret, samesite="Lax", **common)


def frame_origins(*urls: str) -> str:
    """Return the distinct origins of these addresses, as a CSP source list."""
    origins = {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, urls) if parts.scheme and parts.netloc}
    return " ".join(sorted(origins))


def init_visits(app: Flask) -> None:
    """Load the visit before each request and end what was begun after it."""
    app.session_interface = RowSessions()
    app.before_request(_before)
    app.after_request(_store_notes)
    app.teardown_request(_after)


def _before() -> str | None:
    g.request_id = secrets.token_hex(8)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    choose_agency(None)
    endpoint = request.endpoint or ""
    reading_only(_only_reads())
    sid = request.environ.get("lms_bridge.sid")
    if sid is None and endpoint == "home.index":
        g.frame_ancestors = "*"
        return render_template("bridge/landing.html")
    if sid is None:
        if endpoint.partition(".")[0] not in PUBLIC and endpoint:
            raise SessionEnded("no session in the address")
    else:
        _load(sid)
        if g.visit.person_id is None and endpoint.partition(".")[0] not in FOR_NOBODY and endpoint:
            raise Refused(_("The operator of the server sees the console only."), reason="operator outside the console")
    # What an LMS posts comes from another site; it is signed, and bound to the browser by its own means.
    if request.method not in {"GET", "HEAD", "OPTIONS"} and request.blueprint != "lti":
        _same_site_only()
    return None


def _load(sid: str) -> None:
    cookies, moment = browser_cookies(), now()
    agent = request.headers.get("User-Agent", "")
    visit: Visit = load_visit(sid, cookies=cookies, agent=agent, request_id=g.request_id, now=moment)
    g.frame_ancestors = frame_origins(*visit.platform_origins) or "'none'"
    choose_agency(visit.agency_id)
    g.visit, g.context = visit, visit.context
    g.disabled_plugins = {visit.agency_id: visit.switched_off}
    session.update(visit.data)
    session.modified = False
    if visit.cookie_hash is None or moment - visit.seen_at > TOUCH:
        reading = _only_reads()
        db.session.rollback()
        reading_only(False)
        if keep_alive(visit, cookies=cookies, now=moment):
            db.session.commit()
        db.session.rollback()
        reading_only(reading)


def _same_site_only() -> None:
    """Refuse a post that another site made the browser send. The unguessable path refuses what has no headers."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        raise Refused(
            _("The form came from another page. Open the activity again from your course."),
            reason=f"Sec-Fetch-Site {site}",
        )
    origin = request.headers.get("Origin")
    if site is None and origin is not None and urlsplit(origin).netloc != request.host:
        raise Refused(
            _("The form came from another page. Open the activity again from your course."), reason="foreign Origin"
        )


def _store_notes(response: Response) -> Response:
    """Store whose data the answer shows or takes away, before it leaves; a refusal shows nothing."""
    if g.get("audit_notes") and response.status_code < 400:
        _write_after_reading()
        store_notes()
        db.session.commit()
    return response


def _after(error: BaseException | None) -> None:
    choose_agency(None)
    reading_only(False)
