"""The door: who would you like to be? There are no passwords here, because nobody here is real."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.wrappers import Response

from lms_bridge.practice.errors import PageRefused
from lms_bridge.practice.models import User, store
from lms_bridge.practice.people import user_named
from lms_bridge.practice.seed import COURSE
from lms_bridge.practice.web import LANGUAGES

bp = Blueprint("persona", __name__)
PERSONAS = {
    "learner": _l("Learner"),
    "superior": _l("Her superior"),
    "mentor": _l("Mentor"),
    "analyst": _l("HR analyst"),
    "head": _l("Head of the unit"),
    "teacher": _l("Teacher of the course"),
    "admin": _l("Administrator of the LMS"),
}


@bp.get("/")
def choose() -> str:
    """List the personas."""
    people = {user.persona: user for user in store.session.scalars(select(User).where(User.persona != ""))}
    listed = [(people[key], title) for key, title in PERSONAS.items() if key in people]
    others = store.session.scalars(select(User).where(User.persona == "").order_by(User.given_name)).all()
    return render_template("personas.html", personas=listed, others=others)


@bp.get("/as/<username>")
def become(username: str) -> Response:
    """Sign in as somebody and go to the course."""
    user = user_named(username)
    if user is None:
        raise PageRefused(_("Not found"), _("There is nobody of that name."), status=404)
    language = session.get("language")
    session.clear()
    session["user_id"] = user.id
    if language:
        session["language"] = language
    return redirect(url_for("admin.tools") if user.is_admin else url_for("course.show", course_id=COURSE), code=303)


@bp.post("/leave")
def leave() -> Response:
    """Sign out."""
    session.pop("user_id", None)
    return redirect(url_for("persona.choose"), code=303)


@bp.post("/language")
def language() -> Response:
    """Change the language and return to the page."""
    wanted = request.form.get("language", "")
    if wanted in LANGUAGES:
        session["language"] = wanted
    path = request.form.get("next", "/")
    inside = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return redirect(path if inside else "/", code=303)
