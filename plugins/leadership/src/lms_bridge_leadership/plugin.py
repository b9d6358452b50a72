"""The plugin as the bridge sees it: its declaration and its answers to hooks."""

from __future__ import annotations

from lms_bridge.api import (
    BridgeContext,
    CatalogItem,
    DeepLinkContext,
    ErasureReceipt,
    ExportPart,
    Module,
    Permission,
    PersonRef,
    Plugin,
    Task,
    _l,
    hookimpl,
)
from lms_bridge_leadership import home, privacy
from lms_bridge_leadership.access import ACT, VIEW, VIEW_EVERY
from lms_bridge_leadership.act_views import bp

_TITLE = _l("Leader's home")
_DESCRIPTION = _l("What waits for your decision, five numbers of your unit, and what you can do about them.")


@hookimpl
def plugin() -> Plugin:
    """Declare leadership reporting."""
    return Plugin(
        name="leadership",
        title=_l("Leadership reporting"),
        version="0.1.0",
        blueprints=(bp,),
        modules=(Module("home", _TITLE, _DESCRIPTION, endpoint="leadership.index", icon="chart", action=VIEW),),
        permissions=(
            Permission(VIEW, _l("See the numbers of units"), frozenset({"head", "analyst"})),
            Permission(VIEW_EVERY, _l("See the numbers of every unit"), frozenset({"analyst"})),
            Permission(ACT, _l("Act on a number of a unit"), frozenset({"head"})),
        ),
    )


@hookimpl
def catalog_items(context: DeepLinkContext) -> list[CatalogItem]:
    """Offer the leader's home."""
    return [CatalogItem(module="leadership.home", title=_TITLE, description=_DESCRIPTION, icon="chart")]


@hookimpl
def tasks(context: BridgeContext) -> list[Task]:
    """Point a head of unit to gaps for which there is no programme."""
    return home.tasks(context)


@hookimpl
def export_person(person: PersonRef) -> list[ExportPart]:
    """Hand over what a leader did."""
    return privacy.export_rows(person)


@hookimpl
def erase_person(person: PersonRef) -> ErasureReceipt:
    """Forget who acted."""
    return privacy.erase_rows(person)
