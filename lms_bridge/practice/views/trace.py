"""The trace, newest first."""

from __future__ import annotations

import json

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import delete, select
from werkzeug.wrappers import Response

from lms_bridge.practice.models import Trace, store
from lms_bridge.practice.people import administrator, current_user
from lms_bridge.practice.trace import KINDS

bp = Blueprint("trace", __name__)
PAGE = 50


@bp.get("/trace")
def show() -> str:
    """Show every LTI message as it passed, one kind of them or all."""
    current_user()
    kind = request.args.get("kind", "")
    start = request.args.get("from", 0, type=int)
    query = select(Trace).order_by(Trace.id.desc()).offset(max(0, start)).limit(PAGE + 1)
    if kind in KINDS:
        query = query.filter_by(kind=kind)
    found = store.session.scalars(query).all()
    details = {entry.id: json.dumps(entry.detail, indent=2, ensure_ascii=False) for entry in found}
    return render_template(
        "trace.html",
        entries=found[:PAGE],
        details=details,
        kind=kind,
        kinds=KINDS,
        following=start + PAGE if len(found) > PAGE else None,
    )


@bp.post("/trace/clear")
def clear() -> Response:
    """Empty the trace."""
    administrator()
    store.session.execute(delete(Trace))
    store.session.commit()
    return redirect(url_for("trace.show"), code=303)
