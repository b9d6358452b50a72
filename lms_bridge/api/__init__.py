"""The public surface for plugins. Whatever is not in ``__all__`` may change without notice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext, ngettext

from lms_bridge.api.deprecation import ApiDeprecated, resolve
from lms_bridge.context import (
    Actor,
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
    Relation,
    Retention,
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
from lms_bridge.documents.exporting import export_table
from lms_bridge.documents.table import Column, ColumnKind, Table
from lms_bridge.domain.nip import mask_nip
from lms_bridge.errors import BridgeError, Conflict, Invalid, NotFound, Refused, load
from lms_bridge.events import (
    ActivityChanged,
    ActivityConfirmed,
    ActivityWithdrawn,
    Event,
    EvidenceRecorded,
    GapClosed,
    GapOpened,
    SuggestionMade,
    SuggestionSettled,
)
from lms_bridge.hookspecs import hookimpl
from lms_bridge.models import (
    ActivityScope,
    ActivityState,
    AuditKind,
    ParticipantStatus,
    Person,
    Placement,
    PlacementKind,
    Post,
    ProgrammeStatus,
    SuggestionKind,
    SuggestionState,
    SuperiorKind,
    Unit,
)
from lms_bridge.services.activities import (
    ActivityDetails,
    ActivityView,
    activities_of,
    activity,
    confirm_activity,
    withdraw_activity,
)
from lms_bridge.services.audit import audit, audit_reads
from lms_bridge.services.development_forms import DevelopmentForm, development_forms
from lms_bridge.services.evidence import GapView, close_gap, gaps_of, open_gap, record_evidence
from lms_bridge.services.frameworks import CompetencyView, IndicatorView, LevelView, competencies
from lms_bridge.services.grades import record_score
from lms_bridge.services.heads import (
    PlacedPerson,
    SuperiorView,
    heads_of,
    people_in,
    subtree_people,
    superiors_of,
    units_headed,
)
from lms_bridge.services.outbox import publish
from lms_bridge.services.participants import (
    Participation,
    participants,
    participations_of,
    register_participant,
    settle_participant,
    withdraw_participant,
)
from lms_bridge.services.people import PlacementView, absent_actor, person_ref, placement_of
from lms_bridge.services.permissions import ensure, may, require_permission, visible_people
from lms_bridge.services.plugin_settings import agency_settings
from lms_bridge.services.programmes import (
    Aim,
    ProgrammeDetails,
    ProgrammeView,
    change_programme,
    create_programme,
    programme,
    programmes,
    set_programme_status,
)
from lms_bridge.services.suggestions import (
    SuggestionDetails,
    SuggestionView,
    settle_suggestion,
    suggest,
    suggestions_for,
)
from lms_bridge.services.units import UnitView, subtree, top_units, units_above
from lms_bridge.web.visits import writes_on_get

_ = gettext
_l = lazy_gettext

__all__ = [
    "API_VERSION",
    "ActivityChanged",
    "ActivityConfirmed",
    "ActivityDetails",
    "ActivityScope",
    "ActivityState",
    "ActivityView",
    "ActivityWithdrawn",
    "Actor",
    "AgencyOwned",
    "AgencyRef",
    "Aim",
    "ApiDeprecated",
    "AuditKind",
    "BridgeContext",
    "BridgeError",
    "Card",
    "CatalogItem",
    "Code",
    "Column",
    "ColumnKind",
    "CompetencyView",
    "Conflict",
    "CourseRef",
    "DeepLinkContext",
    "DevelopmentForm",
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
    "ParticipantStatus",
    "Participation",
    "Percent",
    "Permission",
    "Person",
    "PersonRef",
    "PlacedPerson",
    "Placement",
    "PlacementKind",
    "PlacementView",
    "PlatformRef",
    "Plugin",
    "Post",
    "ProgrammeDetails",
    "ProgrammeStatus",
    "ProgrammeView",
    "Refused",
    "Relation",
    "ResourceLinkRef",
    "Retention",
    "Score",
    "ScoreMap",
    "SuggestionDetails",
    "SuggestionKind",
    "SuggestionMade",
    "SuggestionSettled",
    "SuggestionState",
    "SuggestionView",
    "SuperiorKind",
    "SuperiorView",
    "Table",
    "Task",
    "Unit",
    "UnitView",
    "_",
    "_l",
    "absent_actor",
    "acting_as",
    "activities_of",
    "activity",
    "agency_settings",
    "audit",
    "audit_reads",
    "change_programme",
    "close_gap",
    "competencies",
    "confirm_activity",
    "create_programme",
    "current",
    "db",
    "development_forms",
    "ensure",
    "export_table",
    "flash",
    "gaps_of",
    "gettext",
    "heads_of",
    "hookimpl",
    "lazy_gettext",
    "load",
    "mask_nip",
    "may",
    "ngettext",
    "now",
    "open_gap",
    "participants",
    "participations_of",
    "people_in",
    "person_ref",
    "placement_of",
    "plugin_base",
    "programme",
    "programmes",
    "publish",
    "record_evidence",
    "record_score",
    "redirect",
    "register_participant",
    "render_template",
    "require_permission",
    "set_programme_status",
    "settle_participant",
    "settle_suggestion",
    "subtree",
    "subtree_people",
    "suggest",
    "suggestions_for",
    "superiors_of",
    "top_units",
    "units_above",
    "units_headed",
    "url_for",
    "visible_people",
    "withdraw_activity",
    "withdraw_participant",
    "writes_on_get",
]

if not TYPE_CHECKING:  # A type checker would otherwise believe every name.

    def __getattr__(name: str) -> Any:
        return resolve(name, globals())
