"""Choosing content from a tool: the dialogue, the tool's answer, and saving what it offers."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms_bridge.practice.deep_linking import save_selection, take_answer, waiting_launch
from lms_bridge.practice.errors import AnswerRefused, PageRefused
from lms_bridge.practice.login import begin_launch
from lms_bridge.practice.models import Deployment, Selection, store
from lms_bridge.practice.people import course_for, current_user, signed_in
from lms_bridge.practice.site import site
from lms_bridge.practice.trace import note, readable_jwt
from lms_bridge.practice.views.frames import allow_frames
from lms_bridge.practice.views.login import REPOSTED, repost_page, start

bp = Blueprint("deep_linking", __name__)


def _deployment(deployment_id: int) -> Deployment:
    deployment = store.session.get(Deployment, deployment_id)
    if deployment is None or not deployment.tool.deep_linking_uri:
        raise PageRefused(_("Not found"), _("This tool offers no content to choose from."), status=404)
    return deployment


@bp.get("/courses/<int:course_id>/content/<int:deployment_id>")
def dialogue(course_id: int, deployment_id: int) -> str:
    """Show the tool's catalogue in a frame."""
    course, _role = course_for(course_id, teaching=True)
    deployment = _deployment(deployment_id)
    tool = deployment.tool
    allow_frames(tool.initiate_login_uri, tool.deep_linking_uri or "", *tool.redirect_uris)
    return render_template("select_content.html", course=course, deployment=deployment)


@bp.get("/courses/<int:course_id>/content/<int:deployment_id>/open")
def begin(course_id: int, deployment_id: int) -> Response:
    """Send the frame to the tool."""
    course, _role = course_for(course_id, teaching=True)
    deployment = _deployment(deployment_id)
    begun = begin_launch(site(), user=current_user(), course=course, deployment=deployment, locale=str(get_locale()))
    return start(begun)


@bp.post("/content/<sealed>")
def returned(sealed: str) -> Response | str:
    """Take the tool's answer, which the browser brings, and show it in the whole window."""
    form = request.form.to_dict(flat=False)
    user = signed_in()
    if any(len(values) > 1 for values in form.values()):
        raise PageRefused(_("Invalid request"), _("The tool's answer has a wrong form (%(what)s).", what="form"))
    if user is None and REPOSTED not in form:
        note(summary="repost")
        return repost_page(request.path, {name: values[0] for name, values in form.items()})
    token = form.get("JWT", [""])[0]
    note(answer=readable_jwt(token))
    try:
        if user is None:
            raise AnswerRefused(_("You are not signed in any more."))
        launch = waiting_launch(site(), sealed, user=user)
        selection = take_answer(site(), launch, token, sealed=sealed)
    except AnswerRefused as refused:
        store.session.rollback()
        note(summary=str(refused))
        raise PageRefused(_("The content was not taken"), str(refused), status=403) from refused
    store.session.commit()
    note(summary=ngettext("%(num)d item", "%(num)d items", len(selection.items)))
    return render_template("content_taken.html", selection=selection)


def _selection(selection_id: int) -> Selection:
    selection = store.session.get(Selection, selection_id)
    if selection is None or selection.launch.user_id != current_user().id:
        raise PageRefused(_("Not found"), _("There is no such selection."), status=404)
    course_for(selection.launch.course_id, teaching=True)
    return selection


@bp.get("/selections/<int:selection_id>")
def selection(selection_id: int) -> str:
    """List what the tool offers, to be saved."""
    found = _selection(selection_id)
    return render_template("selection.html", selection=found, course=found.launch.course)


@bp.post("/selections/<int:selection_id>")
def save(selection_id: int) -> Response:
    """Add the chosen content to the course."""
    found = _selection(selection_id)
    made = save_selection(found)
    store.session.commit()
    if made:
        flash(ngettext("%(num)d activity was added.", "%(num)d activities were added.", len(made)))
    return redirect(url_for("course.show", course_id=found.launch.course_id), code=303)
