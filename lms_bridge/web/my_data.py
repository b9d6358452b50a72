"""The page *My data*: everything that is kept about oneself as a file, and who has looked at it."""

from __future__ import annotations

import io

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate

from lms_bridge.context import current
from lms_bridge.db import db, now
from lms_bridge.errors import load
from lms_bridge.services.audit_log import PAGE, entries_about
from lms_bridge.services.permissions import MY_DATA, require_permission
from lms_bridge.services.privacy import export_person, export_zip
from lms_bridge.web.downloads import download

bp = Blueprint("mydata", __name__, url_prefix="/my-data")


class OlderSchema(Schema):
    """From which entry on older ones are shown."""

    before = fields.Integer(load_default=None, validate=validate.Range(1, 2**31 - 1))


@bp.get("")
@require_permission(MY_DATA)
def index() -> str:
    """Say what can be had, and who looked."""
    before: int | None = load(OlderSchema, request.args)["before"]
    entries = entries_about(current.person, before=before, limit=PAGE + 1)
    return render_template(
        "bridge/my_data.html",
        entries=entries[:PAGE],
        older=entries[PAGE - 1].id if len(entries) > PAGE else None,
        first=before is None,
    )


@bp.post("/file")
@require_permission(MY_DATA)
def file() -> Response:
    """Hand over the file; when a plugin did not answer, the file says so."""
    made = export_person(current.person, now=now())
    content = export_zip(made)
    db.session.commit()
    name = _("my-data")
    return download(io.BytesIO(content), name=f"{name}-{made.made_at:%Y-%m-%d}.zip", mimetype="application/zip")
