"""The public surface for plugins. Whatever is not in ``__all__`` may change without notice."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext, ngettext

from lms_bridge.context import (
    AgencyRef,
    BridgeContext,
    CourseRef,
    DeepLinkContext,
    NoLaunch,
    PersonRef,
    PlatformRef,
    ResourceLinkRef,
    current,
)
from lms_bridge.contributions import (
    API_VERSION,
    Card,
    CatalogItem,
    ErasureReceipt,
    EventHandler,
    ExportPart,
    LineItemOffer,
    Module,
    NavigationItem,
    Permission,
    Plugin,
    ScoreMap,
    Task,
)
from lms_bridge.db import (
    AgencyOwned,
    Code,
    Hours,
    Money,
    Name,
    Percent,
    Score,
    acting_as,
    db,
    now,
    plugin_base,
)
from lms_bridge.errors import BridgeError, Conflict, Invalid, NotFound, Refused, load
from lms_bridge.events import Event, EvidenceRecorded, GapClosed, GapOpened
from lms_bridge.hookspecs import hookimpl
from lms_bridge.models import Person, Placement, Post, Unit
from lms_bridge.services.evidence import GapView, close_gap, gaps_of, open_gap, record_evidence
from lms_bridge.services.frameworks import CompetencyView, IndicatorView, LevelView, competencies
from lms_bridge.services.grades import record_score
from lms_bridge.services.outbox import publish
from lms_bridge.services.people import PlacementView, person_ref, placement_of
from lms_bridge.services.permissions import ensure, may, require_permission
from lms_bridge.services.plugin_settings import agency_settings
from lms_bridge.web.visits import writes_on_get

_ = gettext
_l = lazy_gettext

__all__ = [
    "API_VERSION",
    "AgencyOwned",
    "AgencyRef",
    "BridgeContext",
    "BridgeError",
    "Card",
    "CatalogItem",
    "Code",
    "CompetencyView",
    "Conflict",
    "CourseRef",
    "DeepLinkContext",
    "ErasureReceipt",
    "Event",
    "EventHandler",
    "EvidenceRecorded",
    "ExportPart",
    "GapClosed",
    "GapOpened",
    "GapView",
    "Hours",
    "IndicatorView",
    "Invalid",
    "LevelView",
    "LineItemOffer",
    "Module",
    "Money",
    "Name",
    "NavigationItem",
    "NoLaunch",
    "NotFound",
    "Percent",
    "Permission",
    "Person",
    "PersonRef",
    "Placement",
    "PlacementView",
    "PlatformRef",
    "Plugin",
    "Post",
    "Refused",
    "ResourceLinkRef",
    "Score",
    "ScoreMap",
    "Task",
    "Unit",
    "_",
    "_l",
    "acting_as",
    "agency_settings",
    "close_gap",
    "competencies",
    "current",
    "db",
    "ensure",
    "flash",
    "gaps_of",
    "gettext",
    "hookimpl",
    "lazy_gettext",
    "load",
    "may",
    "ngettext",
    "now",
    "open_gap",
    "person_ref",
    "placement_of",
    "plugin_base",
    "publish",
    "record_evidence",
    "record_score",
    "redirect",
    "render_template",
    "require_permission",
    "url_for",
    "writes_on_get",
]
