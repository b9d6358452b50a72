"""The questions that core asks its plugins."""

from __future__ import annotations

import pluggy

from lms_bridge.context import BridgeContext, DeepLinkContext, PersonRef
from lms_bridge.contributions import Card, CatalogItem, ErasureReceipt, ExportPart, Plugin, Task

hookspec = pluggy.HookspecMarker("lms_bridge")
hookimpl = pluggy.HookimplMarker("lms_bridge")


@hookspec
def plugin() -> Plugin:  # type: ignore[empty-body]
    """Declare the plugin: who it is and what it brings.

    Asked once at start. If this raises, the plugin is quarantined with the reason and the server starts without it.

    :returns: the declaration; its ``name`` must be the entry point's.
    """


@hookspec
def catalog_items(context: DeepLinkContext) -> list[CatalogItem]:  # type: ignore[empty-body]
    """Offer what a teacher can place in a course.

    Asked each time a teacher opens *Select content*. If this raises, the plugin's items are left out.

    :param context: agency, teacher and course.
    :returns: items in the order you want them; an empty list when there is nothing to offer.
    """


@hookspec
def home_cards(context: BridgeContext) -> list[Card]:  # type: ignore[empty-body]
    """Say how things stand, on the person's home page.

    Asked each time the page is drawn, so answer in a few milliseconds. If this raises, the cards are left out.

    :param context: the person and the launch.
    :returns: cards; core sorts them by ``order``.
    """


@hookspec
def tasks(context: BridgeContext) -> list[Task]:  # type: ignore[empty-body]
    """Say what the person has to do now.

    Asked each time the home page is drawn. If this raises, the tasks are left out.

    :param context: the person and the launch.
    :returns: tasks; core sorts them by due date.
    """


@hookspec
def export_person(person: PersonRef) -> list[ExportPart]:  # type: ignore[empty-body]
    """Hand over everything the plugin keeps about a person.

    A duty: if this raises, the export is reported incomplete and names the plugin.

    :param person: read the rows of all ``person.ids``.
    :returns: one part for each kind of row.
    """


@hookspec
def erase_person(person: PersonRef) -> ErasureReceipt:  # type: ignore[empty-body]
    """Delete or anonymise everything the plugin keeps about a person.

    A duty: if this raises, the erasure is reported incomplete and names the plugin.

    :param person: treat the rows of all ``person.ids``.
    :returns: the numbers of rows deleted and kept without the person.
    """
