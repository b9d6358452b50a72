"""The keys by which this server signs towards every LMS. They are the server's, so only its operator renews them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms_bridge.context import current
from lms_bridge.db import db, now
from lms_bridge.lti.keys import OVERLAP, live_keys, rotate
from lms_bridge.services.audit import audit
from lms_bridge.services.permissions import ROTATE_KEYS, ensure, may

bp = Blueprint("keys", __name__)


@bp.get("")
def index() -> str:
    """Show the published keys and since when each signs."""
    return render_template(
        "console/keys.html",
        keys=live_keys(),
        moment=now(),
        hours=OVERLAP.seconds // 3600,
        may_rotate=may(current, ROTATE_KEYS),
    )


@bp.post("")
def renew() -> Response:
    """Publish a new key, which signs when every LMS has had time to see it."""
    ensure(ROTATE_KEYS)
    rotate()
    audit("keys.rotated")
    db.session.commit()
    flash(_("A new key is published. It takes over by itself."))
    return redirect(url_for(".index"), code=303)
