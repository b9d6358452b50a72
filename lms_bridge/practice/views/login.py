"""The browser's way to a tool: the launch, and the answer to the tool's authorization request."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, g, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms_bridge.practice.errors import LoginFault, PageRefused
from lms_bridge.practice.login import LoginStart, answer_authorization
from lms_bridge.practice.message import LaunchForm
from lms_bridge.practice.models import store
from lms_bridge.practice.people import signed_in
from lms_bridge.practice.site import site
from lms_bridge.practice.trace import note, readable_jwt, record

bp = Blueprint("login", __name__)
REPOSTED = "practice_reposted"


def posting_page(form: LaunchForm, *, heading: str) -> Response:
    """Return a page whose form posts itself, with a button where scripts are off."""
    target = urlsplit(form.action_url)
    g.form_action = f"{target.scheme}://{target.netloc}" if target.netloc else ""
    return Response(render_template("posting.html", form=form, heading=heading), mimetype="text/html")


def start(begun: LoginStart) -> AnyResponse:
    """Send the browser to the tool's login address, as this platform does it."""
    store.session.commit()
    if site().profile.login_by_post:
        return posting_page(LaunchForm(begun.address, begun.fields), heading=_("Opening the activity"))
    return redirect(begun.url)


def repost_page(path: str, fields: dict[str, str]) -> Response:
    """Return a page that posts the request to ourselves again.

    A request that another site began brings no session cookie; the same one begun by our own page does.
    """
    form = LaunchForm(path, {**fields, REPOSTED: "1"})
    return posting_page(form, heading=_("One moment, please"))


@bp.route("/auth", methods=["GET", "POST"])
def auth() -> AnyResponse:
    """Answer a tool's authorization request with an id_token, or with an error."""
    given = (request.form if request.method == "POST" else request.args).to_dict(flat=False)
    reposted = given.pop(REPOSTED, None) is not None
    user = signed_in()
    if user is None and not reposted and all(len(values) == 1 for values in given.values()):
        note(summary="repost")
        return repost_page("/auth", {name: values[0] for name, values in given.items()})
    try:
        answer = answer_authorization(site(), given, user=user)
    except LoginFault as fault:
        store.session.rollback()
        note(summary=str(fault))
        raise PageRefused(
            _("Invalid request"),
            _("The activity cannot be opened (%(why)s). Go back to the course and open it again.", why=str(fault)),
            status=site().profile.login_fault_status,
        ) from fault
    form = answer.form
    note(summary=user.username if user else "")
    detail = readable_jwt(form.fields["id_token"]) if answer.error is None else dict(form.fields)
    summary = answer.error.error if answer.error else (user.username if user else "")
    record("launch", "out", method="POST", address=form.action_url, summary=summary, detail=detail)
    store.session.commit()
    return posting_page(form, heading=_("Opening the activity"))
