"""Competencies: the noun by which all plugins mean the same thing. A key is ``<framework>:<competency>``."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms_bridge.db import Code, Model, Name


class Framework(Model):
    """A dictionary of competencies, such as the nine of PermenPANRB 38/2017; shipped ones belong to every agency."""

    __tablename__ = "core_framework"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[Code] = mapped_column(unique=True)
    title_id: Mapped[Name]
    title_en: Mapped[Name]
    source: Mapped[Name]
    competencies: Mapped[list[Competency]] = relationship(order_by="Competency.position")


class Competency(Model):
    """One competency of a framework."""

    __tablename__ = "core_competency"
    __table_args__ = (UniqueConstraint("framework_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    framework_id: Mapped[int] = mapped_column(ForeignKey("core_framework.id", ondelete="CASCADE"))
    key: Mapped[Name] = mapped_column(unique=True)
    code: Mapped[Code]
    position: Mapped[int]
    cluster: Mapped[Code]
    name_id: Mapped[Name]
    name_en: Mapped[Name]
    definition_id: Mapped[str]
    definition_en: Mapped[str]
    levels: Mapped[list[CompetencyLevel]] = relationship(order_by="CompetencyLevel.level")


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
    indicators: Mapped[list[BehaviourIndicator]] = relationship(order_by="BehaviourIndicator.position")


class BehaviourIndicator(Model):
    """A behaviour that shows a level (indikator perilaku)."""

    __tablename__ = "core_behaviour_indicator"
    __table_args__ = (UniqueConstraint("level_id", "position"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    level_id: Mapped[int] = mapped_column(ForeignKey("core_competency_level.id", ondelete="CASCADE"))
    position: Mapped[int]
    text_id: Mapped[str]
    text_en: Mapped[str]
