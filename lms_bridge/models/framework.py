"""Competencies: the noun by which all plugins mean the same thing. A key is ``<framework>:<competency>``."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms_bridge.db import Code, Model, Name


class FrameworkState(Enum):
    """How firm a dictionary is: being written, in force, or used by a rating or requirement and never changed again."""

    DRAFT = "draft"
    APPROVED = "approved"
    FROZEN = "frozen"


class Framework(Model):
    """A version of a dictionary of competencies, such as the nine of PermenPANRB 38/2017.

    One without an agency is shipped and belongs to everybody. ``code`` is family and version, ``asn-38-2017``: keys of
    competencies begin with it, so that a rating means the words that it was given by.
    """

    __tablename__ = "core_framework"
    __table_args__ = (
        UniqueConstraint("agency_id", "code"),
        Index(
            "uq_core_framework_shipped",
            "code",
            unique=True,
            sqlite_where=text("agency_id IS NULL"),
            postgresql_where=text("agency_id IS NULL"),
        ),
        CheckConstraint("(state = 'draft') OR agency_id IS NULL OR approved_at IS NOT NULL", name="approved"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("core_agency.id"), index=True)
    code: Mapped[Code]
    family: Mapped[Code]
    version: Mapped[Code]
    title_id: Mapped[Name]
    title_en: Mapped[Name]
    source: Mapped[Name]
    """The decree or decision that it comes from."""
    valid_from: Mapped[dt.date | None]
    state: Mapped[FrameworkState] = mapped_column(default=FrameworkState.DRAFT)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"), index=True)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"), index=True)
    approved_at: Mapped[dt.datetime | None]
    interchange: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """What a file of another system says of it that we do not use; given back unchanged."""
    competencies: Mapped[list[Competency]] = relationship(
        order_by="Competency.position", cascade="all, delete-orphan", passive_deletes=True
    )


class Competency(Model):
    """One competency of a framework."""

    __tablename__ = "core_competency"
    __table_args__ = (UniqueConstraint("framework_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    framework_id: Mapped[int] = mapped_column(ForeignKey("core_framework.id", ondelete="CASCADE"))
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("core_agency.id"), index=True)
    """The agency of its framework, so that those of others are never found by key."""
    key: Mapped[Name] = mapped_column(index=True)
    code: Mapped[Code]
    position: Mapped[int]
    cluster: Mapped[Code]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("core_competency.id"), index=True)
    name_id: Mapped[Name]
    name_en: Mapped[Name]
    definition_id: Mapped[str]
    definition_en: Mapped[str]
    related: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    """Codes of competencies of the same framework to which it refers."""
    interchange: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    levels: Mapped[list[CompetencyLevel]] = relationship(
        order_by="CompetencyLevel.level", cascade="all, delete-orphan", passive_deletes=True
    )


class CompetencyLevel(Model):
    """A level (1-5) of a competency with its official description."""

    __tablename__ = "core_competency_level"
    __table_args__ = (
        UniqueConstraint("competency_id", "level"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    competency_id: Mapped[int] = mapped_column(ForeignKey("core_competency.id", ondelete="CASCADE"))
    level: Mapped[int]
    title_id: Mapped[str]
    title_en: Mapped[str]
    indicators: Mapped[list[BehaviourIndicator]] = relationship(
        order_by="BehaviourIndicator.position", cascade="all, delete-orphan", passive_deletes=True
    )


class BehaviourIndicator(Model):
    """A behaviour that shows a level (indikator perilaku)."""

    __tablename__ = "core_behaviour_indicator"
    __table_args__ = (UniqueConstraint("level_id", "position"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    level_id: Mapped[int] = mapped_column(ForeignKey("core_competency_level.id", ondelete="CASCADE"))
    position: Mapped[int]
    text_id: Mapped[str]
    text_en: Mapped[str]
