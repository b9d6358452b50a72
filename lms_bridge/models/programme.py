"""Programmes of competency development: a noun that all plugins share."""

from __future__ import annotations

import datetime as dt
from enum import Enum

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms_bridge.db import AgencyOwned, Code, Hours, Model, Money, Name


class ProgrammeStatus(Enum):
    """How far a programme is: planned, open for participants, running, finished; or cancelled."""

    PLANNED = "planned"
    OPEN = "open"
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class Programme(Model, AgencyOwned):
    """Something that develops competencies: a workshop as much as a course of the LMS. Kept as a record."""

    __tablename__ = "core_programme"
    __table_args__ = (
        UniqueConstraint("agency_id", "code"),
        CheckConstraint("ends_on >= starts_on", name="dates"),
        CheckConstraint("jp >= 0", name="jp"),
        CheckConstraint("cost >= 0", name="cost"),
        CheckConstraint("seats > 0", name="seats"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[Code]
    title: Mapped[Name]
    form: Mapped[Code]
    """Code of the form of development, such as B7 for a workshop (``development_forms.csv``)."""
    jp: Mapped[Hours]
    """Jam pelajaran of the whole programme for one participant, 45 minutes each."""
    cost: Mapped[Money | None]
    """Planned cost of the whole programme in rupiah; nothing while unknown."""
    starts_on: Mapped[dt.date | None]
    ends_on: Mapped[dt.date | None]
    """Last day."""
    seats: Mapped[int | None]
    """Nothing where there is no limit."""
    course_id: Mapped[int | None] = mapped_column(ForeignKey("core_course.id", ondelete="SET NULL"), index=True)
    """The course of the LMS; nothing for a programme outside it."""
    status: Mapped[ProgrammeStatus] = mapped_column(default=ProgrammeStatus.PLANNED)
    competencies: Mapped[list[ProgrammeCompetency]] = relationship(
        order_by="ProgrammeCompetency.competency", cascade="all, delete-orphan"
    )


class ProgrammeCompetency(Model, AgencyOwned):
    """A competency that a programme aims at, and the level (1-5) that it wants to reach, where it says so."""

    __tablename__ = "core_programme_competency"
    __table_args__ = (
        UniqueConstraint("programme_id", "competency"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("core_programme.id", ondelete="CASCADE"))
    competency: Mapped[Name] = mapped_column(index=True)
    """Its key, checked when it is written; keys are unique for each agency only."""
    level: Mapped[int | None]


class ParticipantStatus(Enum):
    """How a participation stands: registered; at its end completed or failed; or withdrawn before it."""

    REGISTERED = "registered"
    COMPLETED = "completed"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class ProgrammeParticipant(Model, AgencyOwned):
    """Somebody in a programme; once at most, whoever withdrew may register again on the same row."""

    __tablename__ = "core_programme_participant"
    __table_args__ = (
        UniqueConstraint("programme_id", "person_id"),
        CheckConstraint("(status IN ('completed', 'failed')) = (ended_on IS NOT NULL)", name="ended"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("core_programme.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), index=True)
    status: Mapped[ParticipantStatus] = mapped_column(default=ParticipantStatus.REGISTERED)
    registered_on: Mapped[dt.date]
    ended_on: Mapped[dt.date | None]
    """Day on which it was completed or failed."""
