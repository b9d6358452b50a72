"""What was done to develop somebody, and what is wanted for them: how plugins meet without knowing one another."""

from __future__ import annotations

import datetime as dt
from enum import Enum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.db import AgencyOwned, Code, Hours, Model, Name


class ActivityScope(Enum):
    """Whether a development activity is held inside the country or across its border; the latter may count more."""

    NATIONAL = "national"
    INTERNATIONAL = "international"


class ActivityState(Enum):
    """Whether an activity counts: its source stands by it, or has taken it back."""

    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


class Activity(Model, AgencyOwned):
    """Something confirmed that developed one person, such as a session held. Kept as long as the person; a withdrawn
    one for two years."""

    __tablename__ = "core_activity"
    __table_args__ = (
        UniqueConstraint("agency_id", "source", "reference"),
        Index("ix_core_activity_person_id_starts_at", "person_id", "starts_at"),
        CheckConstraint("minutes > 0", name="minutes"),
        CheckConstraint("units > 0", name="units"),
        CheckConstraint("minutes IS NOT NULL OR units IS NOT NULL", name="amount"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"))
    form: Mapped[Code]
    """Code of the form of development, such as C1 for coaching (``development_forms.csv``)."""
    title: Mapped[Name]
    starts_at: Mapped[dt.datetime]
    minutes: Mapped[int | None]
    units: Mapped[Hours | None]
    """How many of the form's unit: sessions of a coaching, days of a seminar."""
    scope: Mapped[ActivityScope] = mapped_column(default=ActivityScope.NATIONAL)
    source: Mapped[Code]
    """Name of the plugin that confirmed it."""
    reference: Mapped[Name]
    """What it is there, such as ``session:12``; confirming the same again changes this row."""
    state: Mapped[ActivityState] = mapped_column(default=ActivityState.CONFIRMED)
    changed_at: Mapped[dt.datetime]


class SuggestionKind(Enum):
    """Who speaks: the person's own side wants a development, or somebody offers one."""

    WANTED = "wanted"
    OFFERED = "offered"


class SuggestionState(Enum):
    """What became of a suggestion: it waits, somebody takes care of it, it was left, or it was carried out."""

    OPEN = "open"
    TAKEN = "taken"
    DISMISSED = "dismissed"
    DONE = "done"


class Suggestion(Model, AgencyOwned):
    """One form of development for one person and competency, from a level 0-4 to a level 1-5. One that is dismissed or
    done is kept for two years."""

    __tablename__ = "core_suggestion"
    __table_args__ = (
        UniqueConstraint("agency_id", "source", "reference"),
        Index("ix_core_suggestion_agency_id_state_form", "agency_id", "state", "form"),
        CheckConstraint("from_level BETWEEN 0 AND 4", name="from_level"),
        CheckConstraint("to_level BETWEEN 1 AND 5 AND to_level > from_level", name="to_level"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), index=True)
    competency: Mapped[Name]
    form: Mapped[Code]
    from_level: Mapped[int]
    to_level: Mapped[int]
    kind: Mapped[SuggestionKind]
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("core_programme.id", ondelete="SET NULL"), index=True)
    reason_id: Mapped[str]
    """Why, for people: in Indonesian; ``reason_en`` says the same in English."""
    reason_en: Mapped[str]
    source: Mapped[Code]
    reference: Mapped[Name]
    state: Mapped[SuggestionState] = mapped_column(default=SuggestionState.OPEN)
    changed_at: Mapped[dt.datetime]
