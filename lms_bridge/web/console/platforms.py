"""The LMSs of the agency: which may open modules, and whether their connection is healthy."""

from __future__ import annotations

from flask import Blueprint, render_template
from sqlalchemy import select

from lms_bridge.db import db
from lms_bridge.models import Platform

bp = Blueprint("platforms", __name__)


@bp.get("")
def index() -> str:
    """List the registered LMSs."""
    platforms = db.session.scalars(select(Platform).order_by(Platform.name))
    return render_template("console/platforms.html", platforms=platforms)
