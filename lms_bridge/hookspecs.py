"""The questions that core asks its plugins. Each docstring is the reference: ``docs/hooks.md`` is made from it."""

from __future__ import annotations

import datetime as dt

import pluggy

from lms_bridge.context import BridgeContext, DeepLinkContext, PersonRef
from lms_bridge.contributions import Card, CatalogItem, ErasureReceipt, ExportPart, Metric, Plugin, Task
from lms_bridge.services.indicators import IndicatorSource

hookspec = pluggy.HookspecMarker("lms_bridge")
hookimpl = pluggy.HookimplMarker("lms_bridge")


@hookspec
def plugin() -> Plugin:  # type: ignore[empty-body]
    """Declare the plugin: who it is and what it brings.

    When: once, at start.

    May assume: nothing. There is no request, no agency and perhaps no database.

    On failure: the plugin is quarantined with the reason, and the server starts without it.

    :returns: the declaration; its ``name`` must be the entry point's (or the file's).
    """


@hookspec
def catalog_items(context: DeepLinkContext) -> list[CatalogItem]:  # type: ignore[empty-body]
    """Offer what a teacher can place in a course.

    When: each time a teacher opens *Select content*.

    May assume: agency, teacher, course (or none) and language; that the person teaches there.

    On failure: the plugin's items are left out.

    :param context: agency, teacher and course, and whether the LMS takes a column with an item.
    :returns: items in the order you want them; an empty list when there is nothing to offer.
    """


@hookspec
def home_cards(context: BridgeContext) -> list[Card]:  # type: ignore[empty-body]
    """Say how things stand, on the person's home page.

    When: each time somebody's home page is drawn.

    May assume: the person and their launch; that it must answer in a few milliseconds. Read, do not compute.

    On failure: the plugin's cards are left out.

    :param context: the person and the launch.
    :returns: cards; core sorts them by ``order``.
    """


@hookspec
def tasks(context: BridgeContext) -> list[Task]:  # type: ignore[empty-body]
    """Say what the person has to do now.

    When: each time somebody's home page is drawn.

    May assume: the person and their launch; that it must answer in a few milliseconds.

    On failure: the plugin's tasks are left out.

    :param context: the person and the launch.
    :returns: what has to be done *now*; core sorts it by due date.
    """


@hookspec
def metrics(context: BridgeContext) -> list[Metric]:  # type: ignore[empty-body]
    """Say which numbers about units the plugin keeps, and what they mean.

    When: each time a page for leaders is drawn.

    May assume: the person and their launch; that it must answer in a millisecond. Describe the numbers; what they are
    is read from the indicators.

    On failure: the plugin's numbers are left out.

    :param context: the person and the launch.
    :returns: metrics; core sorts them by ``order``.
    """


@hookspec
def indicator_facts() -> list[IndicatorSource]:  # type: ignore[empty-body]
    """Give anew all facts that the plugin has published as indicators, so that the numbers can be checked.

    When: once a night for each agency, by the worker. What the facts say replaces what the numbers were.

    May assume: that an agency is chosen, and that all is read as of one moment; no request, so no ``current``.

    On failure: the plugin's numbers stay as they are; the reason is in the log.

    :returns: for some metrics a function that yields their facts. Let the database sum them up: an agency may have
        millions.
    """


@hookspec
def export_person(person: PersonRef) -> list[ExportPart]:  # type: ignore[empty-body]
    """Hand over everything the plugin keeps about a person.

    When: a person asks for everything that is kept about them.

    May assume: that an agency is chosen; no request, so no ``current``.

    On failure: the export is reported incomplete and names the plugin. This is a duty.

    :param person: read the rows of all ``person.ids``: several rows may be one person.
    :returns: one part for each kind of row; an empty list when nothing is kept.
    """


@hookspec
def erase_person(person: PersonRef) -> ErasureReceipt:  # type: ignore[empty-body]
    """Delete or anonymise everything the plugin keeps about a person.

    When: a person is erased.

    May assume: that an agency is chosen; no request.

    On failure: the erasure is reported incomplete and names the plugin. This is a duty.

    :param person: treat the rows of all ``person.ids``.
    :returns: how many rows were deleted, and how many kept without the person.
    """


@hookspec
def demo_data(today: dt.date) -> list[str]:  # type: ignore[empty-body]
    """Make what shows the plugin at its best in the demo agency.

    When: once, when ``lms-bridge demo seed`` has made the agency with its people, posts and programmes. Tests start
    from an agency without it.

    May assume: that the demo agency is chosen, and that nobody has used it yet; no request, so no ``current``.

    On failure: the demo lacks what the plugin would have made; the reason is in the log.

    :param today: the agency's day. Make what is told from today relative to it, and the rest always the same.
    :returns: a few words for each thing made, such as "240 self-ratings", for whoever started the demo.
    """
