"""What is known of a person's competencies and results, shared by plugins that do not know each other."""

from __future__ import annotations

import datetime as dt
from enum import Enum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.db import AgencyOwned, Code, Model, Name, Score


class EvidenceKind(Enum):
    """Who or what says it. Whoever weighs evidence decides by this, not by the plugin that it comes from."""

    SELF = "self"
    SUPERIOR = "superior"
    PEER = "peer"
    SUBORDINATE = "subordinate"
    ASSESSOR = "assessor"
    OBSERVER = "observer"
    COURSE = "course"
    OTHER = "other"


class Evidence(Model, AgencyOwned):
    """One sign of a competency: value 0-1 and, where the source knows it, a level 0-5."""

    __tablename__ = "core_evidence"
    __table_args__ = (
        UniqueConstraint("person_id", "competency", "source", "seen_at"),
        CheckConstraint("value BETWEEN 0 AND 1", name="value"),
        CheckConstraint("level BETWEEN 0 AND 5", name="level"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    competency: Mapped[Name]
    source: Mapped[Name]
    kind: Mapped[EvidenceKind] = mapped_column(default=EvidenceKind.OTHER, server_default="other")
    value: Mapped[Score]
    level: Mapped[int | None]
    seen_at: Mapped[dt.datetime]


class Gap(Model, AgencyOwned):
    """A level that a post requires and its holder does not show; at most one is open per competency."""

    __tablename__ = "core_gap"
    __table_args__ = (
        Index(
            "uq_core_gap_open",
            "person_id",
            "competency",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        CheckConstraint("required > attained", name="short"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    competency: Mapped[Name]
    required: Mapped[int]
    attained: Mapped[int]
    opened_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]


class PersonScore(Model, AgencyOwned):
    """The settled result (0-1) of a person in a module, kept so that a column added later still gets it."""

    __tablename__ = "core_person_score"
    __table_args__ = (
        UniqueConstraint("person_id", "module", "item"),
        CheckConstraint("value BETWEEN 0 AND 1", name="value"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    module: Mapped[Name]
    item: Mapped[Code] = mapped_column(default="")
    value: Mapped[Score]
    in_progress: Mapped[bool] = mapped_column(default=False)
    comment: Mapped[str]
    settled_at: Mapped[dt.datetime]
