"""The module ``home``: everyone's door, with what to do and how things stand."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from lms_bridge.context import current
from lms_bridge.contributions import Module
from lms_bridge.db import now
from lms_bridge.errors import NotFound
from lms_bridge.models import SessionKind
from lms_bridge.plugin_host import collect, disabled_plugins, enabled_declarations, host
from lms_bridge.services.offers import waiting_tasks
from lms_bridge.services.people import placement_of
from lms_bridge.services.permissions import ADMINISTER, MANAGE_PEOPLE, may, may_for_others

bp = Blueprint("home", __name__)


class ModuleUnavailable(NotFound):
    """Somebody opens an activity whose plugin is missing, broken or switched off.

    What helps: Tell the LMS administrator which activity it was; the operator: `lms-bridge doctor`.
    """

    code = "module-unavailable"
    title = _l("This activity is not available just now")


@bp.get("/")
def index() -> str | Response:
    """Show tasks first, then cards, then the modules that can be opened; the console's home is the console."""
    if g.visit.kind is SessionKind.CONSOLE:
        return redirect(url_for("console.index"))
    today = now().astimezone(ZoneInfo(current.agency.timezone)).date()
    cards = [answer.value for answer in collect("home_cards", context=g.context)]
    modules = [module for plugin in enabled_declarations() for module in plugin.modules]
    return render_template(
        "bridge/home.html",
        name=current.person.name,
        placement=placement_of(current.person, on=today),
        tasks=waiting_tasks(g.context),
        cards=sorted(cards, key=lambda card: card.order),
        safe_mode=host().safe_mode and "administrator" in current.roles,
        modules=[module for module in modules if not module.action],
        doors=_doors([module for module in modules if module.action]),
        console=may(current, ADMINISTER) or may(current, MANAGE_PEOPLE),
    )


def _doors(modules: list[Module]) -> list[Module]:
    """Return the pages about other people that are of use to this person; each action is asked about once."""
    allowed = {action: may_for_others(current, action) for action in {module.action for module in modules}}
    return [module for module in modules if allowed[module.action]]


@bp.get("/module")
def unknown_module() -> str:
    """Say that the module of this activity is not here: its plugin is missing, broken or switched off."""
    raise ModuleUnavailable(
        _("The module “%(module)s” is not available on this server just now.", module=current.module or ""),
        steps=(
            _("Tell the LMS administrator which activity it was."),
            _("The operator of the server finds the cause with lms-bridge doctor."),
        ),
        reason=f"module {current.module!r} not loaded",
    )


def refuse_switched_off() -> None:
    """Refuse a page of a plugin that the agency of the session has switched off."""
    name = (request.blueprint or "").partition(".")[0]
    if g.get("visit") and name in host().states and name in disabled_plugins():
        raise ModuleUnavailable(
            _("Your agency has switched this service off."),
            steps=(_("The LMS administrator switches it on again in the console, under Plugins."),),
            reason=f"plugin {name} switched off",
        )
