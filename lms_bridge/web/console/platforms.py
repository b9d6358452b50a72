"""The LMSs of the agency: which may open modules, and whether their connection is healthy."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms_bridge.db import db, now
from lms_bridge.lti.connection import Step, try_connection
from lms_bridge.services.audit import audit
from lms_bridge.services.invitations import open_invitations
from lms_bridge.services.platforms import latest_launches, platform_view, platform_views, switch_platform
from lms_bridge.services.refusals import latest_refusals
from lms_bridge.web.console.words import HEALTH, REFUSALS, advice_on, granted

REFUSALS_SHOWN = dt.timedelta(days=30)

bp = Blueprint("platforms", __name__)


@bp.get("")
def index() -> str:
    """List the registered LMSs, and the invitations that one may still use."""
    return render_template(
        "console/platforms.html",
        platforms=platform_views(),
        invitations=open_invitations(now=now()),
        health=HEALTH,
        advice=advice_on,
    )


@bp.get("/<int:platform_id>")
def show(platform_id: int) -> str:
    """Show one LMS: its state, what it grants, how its newest launches arrived."""
    return _page(platform_id, steps=[])


@bp.post("/<int:platform_id>/test")
def test(platform_id: int) -> str:
    """Try the connection now and show each step."""
    return _page(platform_id, steps=try_connection(platform_view(platform_id).row))


@bp.get("/<int:platform_id>/test")
def tested(platform_id: int) -> Response:
    """Lead back to the LMS; a test is begun by its button."""
    return redirect(url_for(".show", platform_id=platform_id))


def _page(platform_id: int, *, steps: list[Step]) -> str:
    view = platform_view(platform_id)
    return render_template(
        "console/platform.html",
        view=view,
        launches=latest_launches(platform_id),
        refusals=latest_refusals(platform_id, since=now() - REFUSALS_SHOWN),
        refused=REFUSALS,
        granted=granted(view.row.scopes),
        steps=steps,
        health=HEALTH,
        advice=advice_on,
    )


@bp.post("/<int:platform_id>/switch")
def switch(platform_id: int) -> Response:
    """Switch an LMS off or on."""
    on = request.form.get("on") == "1"
    platform = switch_platform(platform_id, on=on)
    audit("platform.switched", platform=platform_id, on=on)
    db.session.commit()
    flash(_("%(lms)s may open modules.", lms=platform.name) if on else _("%(lms)s is switched off.", lms=platform.name))
    return redirect(url_for(".show", platform_id=platform_id), code=303)
