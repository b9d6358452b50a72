"""Core's tables. Importing this package maps them all."""

from __future__ import annotations

from lms_bridge.models.activity import (
    Activity,
    ActivityScope,
    ActivityState,
    Suggestion,
    SuggestionKind,
    SuggestionState,
)
from lms_bridge.models.attachment import Attachment, AttachmentContent
from lms_bridge.models.audit import AuditEntry, AuditKind
from lms_bridge.models.evidence import Evidence, EvidenceKind, Gap, PersonScore
from lms_bridge.models.framework import BehaviourIndicator, Competency, CompetencyLevel, Framework, FrameworkState
from lms_bridge.models.grades import Grade, GradeState, LineItem
from lms_bridge.models.imports import Import, ImportFile, ImportMapping, ImportRow, ImportState
from lms_bridge.models.indicators import IndicatorCell, IndicatorDelta, IndicatorStale, IndicatorState
from lms_bridge.models.launches import Launch, LaunchRefusal, OperatorLink, Session, SessionKind, Ticket
from lms_bridge.models.letterhead import Letterhead, Paper
from lms_bridge.models.outbox import Delivery, DeliveryState, OutboxEvent
from lms_bridge.models.people import (
    Grant,
    Matching,
    Person,
    Placement,
    PlacementKind,
    PlacementSuperior,
    Post,
    SuperiorKind,
    Unit,
    UnitClosure,
    UnitHistory,
    UnitSuccession,
)
from lms_bridge.models.platforms import (
    Agency,
    Course,
    Deployment,
    Enrolment,
    Invitation,
    KeySet,
    Platform,
    PlatformUser,
    ResourceLink,
    ToolKey,
)
from lms_bridge.models.plugins import PluginSetting, SchemaLedger
from lms_bridge.models.programme import (
    ParticipantStatus,
    Programme,
    ProgrammeCompetency,
    ProgrammeParticipant,
    ProgrammeStatus,
)

__all__ = [
    "Activity",
    "ActivityScope",
    "ActivityState",
    "Agency",
    "Attachment",
    "AttachmentContent",
    "AuditEntry",
    "AuditKind",
    "BehaviourIndicator",
    "Competency",
    "CompetencyLevel",
    "Course",
    "Delivery",
    "DeliveryState",
    "Deployment",
    "Enrolment",
    "Evidence",
    "EvidenceKind",
    "Framework",
    "FrameworkState",
    "Gap",
    "Grade",
    "GradeState",
    "Grant",
    "Import",
    "ImportFile",
    "ImportMapping",
    "ImportRow",
    "ImportState",
    "IndicatorCell",
    "IndicatorDelta",
    "IndicatorStale",
    "IndicatorState",
    "Invitation",
    "KeySet",
    "Launch",
    "LaunchRefusal",
    "Letterhead",
    "LineItem",
    "Matching",
    "OperatorLink",
    "OutboxEvent",
    "Paper",
    "ParticipantStatus",
    "Person",
    "PersonScore",
    "Placement",
    "PlacementKind",
    "PlacementSuperior",
    "Platform",
    "PlatformUser",
    "PluginSetting",
    "Post",
    "Programme",
    "ProgrammeCompetency",
    "ProgrammeParticipant",
    "ProgrammeStatus",
    "ResourceLink",
    "SchemaLedger",
    "Session",
    "SessionKind",
    "Suggestion",
    "SuggestionKind",
    "SuggestionState",
    "SuperiorKind",
    "Ticket",
    "ToolKey",
    "Unit",
    "UnitClosure",
    "UnitHistory",
    "UnitSuccession",
]
