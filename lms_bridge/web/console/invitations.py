"""Inviting an LMS: the link to paste there, and how far it has come with it."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from lms_bridge.context import current
from lms_bridge.db import db, now
from lms_bridge.lti.registration import make_invitation
from lms_bridge.services.audit import audit
from lms_bridge.services.invitations import invitation_view, withdraw_invitation
from lms_bridge.web.console.words import granted

bp = Blueprint("invitations", __name__)


@bp.post("")
def create() -> Response:
    """Make an invitation and show it."""
    invitation = make_invitation(current.agency.id, now=now())
    audit("platform.invited", invitation=invitation.id)
    db.session.commit()
    return redirect(url_for(".show", invitation_id=invitation.id), code=303)


@bp.get("")
def index() -> Response:
    """Lead to the page from which invitations are made."""
    return redirect(url_for("console.platforms.index"))


@bp.get("/<int:invitation_id>")
def show(invitation_id: int) -> str:
    """Show the link, as text and as a QR code, and what has become of it."""
    view = invitation_view(invitation_id, now=now())
    base = current_app.config["BASE_URL"]
    return render_template(
        "console/invitation.html",
        view=view,
        granted=granted(view.platform.scopes if view.platform else None),
        qr=qr_code(view.link) if view.link else "",
        by_hand=[
            (_("Tool URL"), f"{base}/lti/launch"),
            (_("Initiate login URL"), f"{base}/lti/login"),
            (_("Redirection URI"), f"{base}/lti/launch"),
            (_("Public keyset URL"), f"{base}/lti/jwks.json"),
        ],
    )


@bp.get("/<int:invitation_id>/progress")
def progress(invitation_id: int) -> str:
    """Return the list of steps, which the page asks for again and again until the last one is done."""
    view = invitation_view(invitation_id, now=now())
    return render_template(
        "console/invitation_progress.html", view=view, granted=granted(view.platform.scopes if view.platform else None)
    )


@bp.post("/<int:invitation_id>/renew")
def renew(invitation_id: int) -> Response:
    """Make the link useless and another one in its place."""
    withdraw_invitation(invitation_id, now=now())
    return create()


def qr_code(link: str) -> Markup:
    """Draw a link as an SVG that stands in the page: the content policy lets no other picture in."""
    # Loaded when it is used: every web worker would hold it, and few ever draw one.
    import segno

    return Markup(segno.make(link, error="m").svg_inline(omitsize=True, svgclass="lb-qr", lineclass=None, border=2))  # noqa: S704
