"""What every session can do: change language, leave, open a window of its own or the console, answer Deep Linking."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, current_app, g, redirect, render_template, request
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from lms_bridge.context import DeepLinkContext, current
from lms_bridge.contributions import CatalogItem
from lms_bridge.db import acting_as, db, now
from lms_bridge.errors import Invalid, Refused
from lms_bridge.lti.deep_linking import content_item, response_jwt
from lms_bridge.models import Launch, Platform, SessionKind
from lms_bridge.plugin_host import collect
from lms_bridge.services.sessions import SessionEnded, choose_language, end_session, redeem_ticket
from lms_bridge.web.visits import browser_secret, give_cookie

bp = Blueprint("session", __name__)
window_bp = Blueprint("window", __name__)


def _tickets() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="lms_bridge window ticket")


def page_path() -> str:
    """Return where to come back to after a change of language: this page, or home where only a POST leads here."""
    if request.method not in {"GET", "HEAD"} and not current_app.create_url_adapter(request).test(request.path, "GET"):  # type: ignore[union-attr]
        return "/"
    return request.full_path.removesuffix("?")


def window_ticket() -> str:
    """Return a ticket for this page: signed, for this session, good once, in whatever window posts it."""
    return _ticket(page_path(), SessionKind.LAUNCH)


def console_ticket() -> str:
    """Return a ticket for the console, which is never shown in a frame; good once, for this session's person."""
    return _ticket("/console/", SessionKind.CONSOLE)


def _ticket(path: str, kind: SessionKind) -> str:
    return _tickets().dumps([g.visit.id, secrets.token_urlsafe(16), path, kind.value])


@window_bp.post("/window")
def open_window() -> Response:
    """Open what a ticket is for, a page of a framed session or the console, in a window of its own."""
    try:
        session_id, nonce, path, kind = _tickets().loads(request.form.get("ticket", ""), max_age=8 * 3600)
    except BadSignature as error:
        raise SessionEnded("bad ticket") from error
    secret = browser_secret()
    agent = request.headers.get("User-Agent", "")
    sid = redeem_ticket(
        session_id=session_id, nonce=nonce, agent=agent, cookie=secret, now=now(), kind=SessionKind(kind)
    )
    db.session.commit()
    response = redirect(f"{request.environ.get('lms_bridge.script_root', '')}/s/{sid}{path}", code=303)
    give_cookie(response, secret)  # type: ignore[arg-type]
    return response


@bp.post("/language")
def language() -> Response:
    """Change the language and return to the page."""
    wanted = request.form.get("language", "")
    if wanted not in {"id", "en"}:
        raise Invalid({"language": [_("Choose Indonesian or English.")]})
    choose_language(g.visit, wanted)
    db.session.commit()
    return redirect(_inside(request.form.get("next", "")), code=303)


def _inside(path: str) -> str:
    """Return a path inside this session, whatever was asked for."""
    parts = urlsplit(path)
    inside = (
        path.startswith("/")
        and not path.startswith("//")
        and "\\" not in path
        and not parts.netloc
        and path.isprintable()
    )
    return f"{request.script_root}{path if inside else '/'}"


@bp.post("/leave")
def leave() -> str:
    """End the session."""
    end_session(g.visit, now=now())
    db.session.commit()
    g.visit_ended = True
    return_url = g.visit.return_url
    g.visit = g.context = None
    return render_template("bridge/leave.html", return_url=return_url)


@bp.get("/pick")
def pick() -> str:
    """Show a teacher what plugins offer for a course (Deep Linking)."""
    return _picker(_deep_linking_launch())


@bp.post("/pick")
def picked() -> str | tuple[str, int]:
    """Sign what the teacher chose and let the browser bring it to the LMS; where nothing is chosen, say so."""
    launch = _deep_linking_launch()
    settings = launch.deep_linking or {}
    offered = {f"{item.module} {item.item}": item for _plugin, item in _catalogue(settings["accept_lineitem"])}
    chosen = [offered[key] for key in dict.fromkeys(request.form.getlist("item")) if key in offered]
    if not chosen and "cancel" not in request.form:
        return _picker(launch, problem=_("Choose at least one module.")), HTTPStatus.UNPROCESSABLE_ENTITY
    if not settings["accept_multiple"]:
        chosen = chosen[:1]
    platform = db.session.get_one(Platform, launch.platform_id)
    jwt = response_jwt(
        [content_item(item, with_line_item=settings["accept_lineitem"]) for item in chosen],
        client_id=platform.client_id,
        issuer=platform.issuer,
        deployment_id=launch.deployment_id,
        data=settings["data"],
    )
    parts = urlsplit(settings["deep_link_return_url"])
    g.form_action_extra = f"{parts.scheme}://{parts.netloc}"
    return render_template("bridge/deep_link_return.html", return_url=settings["deep_link_return_url"], jwt=jwt)


def _picker(launch: Launch, *, problem: str = "") -> str:
    settings = launch.deep_linking or {}
    return render_template(
        "bridge/deep_link_pick.html",
        items=_catalogue(settings["accept_lineitem"]) if "ltiResourceLink" in settings["accept_types"] else [],
        multiple=settings["accept_multiple"],
        problem=problem,
    )


def _deep_linking_launch() -> Launch:
    with acting_as(g.visit.agency_id):
        launch = db.session.get_one(Launch, g.visit.launch_id) if g.visit.launch_id else None
    if launch is None or launch.deep_linking is None or not current.roles & {"instructor", "administrator"}:
        raise Refused(_("Content is chosen by a teacher, from the course's own form."), reason="no deep linking launch")
    return launch


def _catalogue(line_items: bool) -> list[tuple[str, CatalogItem]]:
    context = DeepLinkContext(current.agency, current.person, current.course, current.locale, line_items)
    return [(answer.plugin, answer.value) for answer in collect("catalog_items", context=context)]
