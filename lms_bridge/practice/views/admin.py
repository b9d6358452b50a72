"""The administrator's pages: tools and their registration, faults on purpose."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from lms_bridge.practice.errors import PageRefused
from lms_bridge.practice.models import Deployment, Tool, row_id, store
from lms_bridge.practice.people import administrator
from lms_bridge.practice.registration import new_token, registration_url, update_token
from lms_bridge.practice.seed import seed_activities
from lms_bridge.practice.site import site
from lms_bridge.practice.trace import record
from lms_bridge.practice.views.frames import allow_frames

bp = Blueprint("admin", __name__, url_prefix="/admin")
FAULTS: dict[str, int | str | tuple[int, int]] = {
    "500": 500,
    "429": (429, 5),
    "hang": "hang",
    "reset": "reset",
    "accept-then-reset": "accept-then-reset",
}


@bp.get("/tools")
def tools() -> str:
    """List the registered tools."""
    administrator()
    listed = store.session.scalars(select(Tool).order_by(Tool.id)).all()
    deployments = store.session.scalars(select(Deployment).order_by(Deployment.id)).all()
    return render_template("tools.html", tools=listed, deployments=deployments)


@bp.get("/tools/register")
def register() -> Response | str:
    """Open a tool's registration page in a frame; a tool of the same domain may be updated instead."""
    administrator()
    url = request.args.get("url", "").strip()
    if not site().may_reach(url):
        raise PageRefused(
            _("The registration cannot be opened"),
            _(
                "Paste the whole link, beginning with http. "
                "The tool must be on this machine, or its host allowed with --tool-host."
            ),
        )
    known = store.session.scalars(select(Tool).where(Tool.domain == urlsplit(url).netloc)).all()
    chosen = request.args.get("as", "")
    if known and not chosen:
        return render_template("register_choice.html", known=known, url=url)
    tool = store.session.get(Tool, row_id(chosen))
    token = update_token(site(), tool) if tool else new_token(site())[0]
    frame_url = registration_url(site(), url, token)
    record("registration", "out", method="GET", address=url, summary=tool.name if tool else "")
    store.session.commit()
    allow_frames(url)
    return render_template("register.html", frame_url=frame_url, tool=tool)


def _tool(tool_id: int) -> Tool:
    administrator()
    tool = store.session.get(Tool, tool_id)
    if tool is None:
        raise PageRefused(_("Not found"), _("There is no such tool."), status=404)
    return tool


@bp.post("/tools/<int:tool_id>/activate")
def activate(tool_id: int) -> Response:
    """Activate a pending tool."""
    activate_tool(_tool(tool_id))
    store.session.commit()
    flash(_("The tool is active."))
    return redirect(url_for("admin.tools"), code=303)


def activate_tool(tool: Tool) -> None:
    """Make a tool active; the first one gets the course's activities."""
    tool.state = "active"
    seed_activities(tool)


@bp.post("/tools/<int:tool_id>/chooser")
def chooser(tool_id: int) -> Response:
    """Show a tool in the activity chooser, or hide it."""
    tool = _tool(tool_id)
    tool.in_chooser = not tool.in_chooser
    store.session.commit()
    return redirect(url_for("admin.tools"), code=303)


@bp.post("/tools/<int:tool_id>/remove")
def remove(tool_id: int) -> Response:
    """Remove a tool with its activities, columns and tokens."""
    store.session.delete(_tool(tool_id))
    store.session.commit()
    flash(_("The tool was removed with its activities and grades."))
    return redirect(url_for("admin.tools"), code=303)


@bp.get("/faults")
def faults() -> str:
    """Show which faults are ordered."""
    administrator()
    return render_template("faults.html", faults=site().faults, choices=list(FAULTS))


@bp.post("/faults")
def order_faults() -> Response:
    """Order a fault, or behave again."""
    administrator()
    switch, wanted = site().faults, request.form.get("fault", "")
    if wanted in FAULTS:
        switch.next_calls("score", [FAULTS[wanted]])
    elif wanted == "down":
        switch.down = not switch.down
    elif wanted == "clear":
        switch.clear()
    return redirect(url_for("admin.faults"), code=303)
