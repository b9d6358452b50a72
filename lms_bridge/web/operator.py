"""The door of the operator of the server: a link that opens an agency's console once."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request
from werkzeug.wrappers import Response

from lms_bridge.db import db, now
from lms_bridge.models import Agency
from lms_bridge.services.operator_links import enter_as_operator, linked_agency
from lms_bridge.web.visits import browser_secret, give_cookie

bp = Blueprint("operator", __name__, url_prefix="/operator")


@bp.get("/<token>")
def door(token: str) -> str:
    """Ask for a click, so that whatever looks at a link before a person does cannot use it up."""
    g.frame_ancestors = ""
    agency = db.session.get_one(Agency, linked_agency(token, now=now()))
    return render_template("bridge/operator_door.html", agency=agency)


@bp.post("/<token>")
def enter(token: str) -> Response:
    """Use up the link and begin the session."""
    secret = browser_secret()
    sid = enter_as_operator(token, agent=request.headers.get("User-Agent", ""), cookie=secret, now=now())
    db.session.commit()
    response = redirect(f"{request.environ.get('lms_bridge.script_root', '')}/s/{sid}/console/", code=303)
    give_cookie(response, secret)  # type: ignore[arg-type]
    return response
