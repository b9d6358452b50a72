"""The console: where LMSs, plugins, jobs, people and rights of one agency are looked after.

It is opened in a window of its own, never in a frame: from the home page by a one-time ticket, or by the operator of
the server by a link of ``lms-bridge operator link``. Its sessions are of the kind ``console``.

To add a page:

1. Write a module here with ``bp = Blueprint("<name>", __name__)`` and a view ``index`` at the rule ``""``; it is served
   at ``/console/<name>`` and called ``console.<name>.index``. What belongs to it, such as the page of one row or the
   form that changes it, is another view of the same blueprint.
2. Add its line to ``SECTIONS``: the blueprint, the word in the menu, the action that its readers must be allowed. The
   order is the order of the menu. Nothing in the console is served without such a line, so that no page can forget to
   ask; ask ``ensure(action)`` yourself only for what needs more than the section does.
3. Its template, ``templates/console/<name>.html``, extends ``bridge/page.html``, which shows the console's menu here.
   Forms post, redirect with 303 and say by ``flash`` what they did.
4. Name the page in ``tests/browser/pages.py``, with ``tour.console(person, path)``.

Services do the work and are tested without pages: a module here reads a form, calls one and shows what it returns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from lms_bridge.context import current
from lms_bridge.errors import NotFound, Refused
from lms_bridge.models import SessionKind
from lms_bridge.services.permissions import ADMINISTER, MANAGE_PEOPLE, ensure, may
from lms_bridge.web.console import (
    audit,
    grants,
    imports,
    invitations,
    jobs,
    keys,
    letterhead,
    platforms,
    plugins,
    programmes,
    queue,
    units,
)
from lms_bridge.web.shell import MenuEntry


@dataclass(frozen=True, slots=True)
class Section:
    """Pages that belong together: an entry of the menu, and the action that all of them need.

    Those ``under`` another section have no entry of their own; the other's is marked in their place.
    """

    pages: Blueprint
    title: Any
    action: str
    under: str = ""


SECTIONS = (
    Section(platforms.bp, _l("Platforms"), ADMINISTER),
    Section(invitations.bp, _l("Invitations"), ADMINISTER, under="platforms"),
    Section(keys.bp, _l("Keys"), ADMINISTER, under="platforms"),
    Section(plugins.bp, _l("Plugins"), ADMINISTER),
    Section(jobs.bp, _l("Jobs"), ADMINISTER),
    Section(units.bp, _l("Units"), MANAGE_PEOPLE),
    Section(programmes.bp, _l("Programmes"), MANAGE_PEOPLE),
    Section(imports.bp, _l("Imports"), MANAGE_PEOPLE),
    Section(queue.bp, _l("People to match"), MANAGE_PEOPLE),
    Section(letterhead.bp, _l("Letterhead"), MANAGE_PEOPLE),
    Section(grants.bp, _l("Rights"), MANAGE_PEOPLE),
    Section(audit.bp, _l("Audit log"), MANAGE_PEOPLE),
)

bp = Blueprint("console", __name__, url_prefix="/console")
for one in SECTIONS:
    bp.register_blueprint(one.pages, url_prefix=f"/{one.pages.name}")


@bp.before_request
def guard() -> None:
    """Refuse whoever came into the console by another door, and whoever may not do what a section is for."""
    if g.visit.kind is not SessionKind.CONSOLE:
        raise Refused(
            _("The console is opened in a window of its own."),
            steps=(_("Go to your home page and press Open the console."),),
            reason="session is no console",
        )
    if request.endpoint != "console.index":
        ensure(_section().action)


def _section() -> Section:
    name = (request.blueprint or "").removeprefix("console.")
    section = next((one for one in SECTIONS if one.pages.name == name), None)
    if section is None:
        raise NotFound(reason=f"{request.endpoint} belongs to no section of the console")
    return section


def open_sections() -> list[Section]:
    """Return the sections that the person of the session may open."""
    allowed = {action: may(current, action) for action in {section.action for section in SECTIONS}}
    return [section for section in SECTIONS if allowed[section.action]]


@bp.get("/")
def index() -> Response:
    """Open the first section that there is for this person."""
    sections = open_sections()
    if not sections:
        raise Refused(_("Your role does not include this page."), reason="no section of the console")
    return redirect(url_for(f"console.{sections[0].pages.name}.index"))


@bp.context_processor
def menu() -> dict[str, Any]:
    """Give the pages of the console its menu in place of the main one."""
    return {"navigation": _menu}


def _menu() -> list[MenuEntry]:
    here = _section().under or _section().pages.name
    return [
        MenuEntry(section.title, url_for(f"console.{section.pages.name}.index"), section.pages.name == here)
        for section in open_sections()
        if not section.under
    ]
