"""Events: something happened, and whoever is interested is told later, at least once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self


@dataclass(frozen=True)
class Event:
    """Base of all events. Fields are ids and numbers, never names, answers or free text."""

    name: ClassVar[str]
    version: ClassVar[int] = 1

    def to_payload(self) -> dict[str, Any]:
        """Return the fields as they are stored."""
        return asdict(self)

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Self:
        """Return the event as it was published."""
        return cls(**payload)


@dataclass(frozen=True)
class EvidenceRecorded(Event):
    """A plugin recorded evidence of a competency."""

    name: ClassVar[str] = "evidence.recorded"
    evidence_id: int
    person_id: int
    competency: str
    source: str


@dataclass(frozen=True)
class GapOpened(Event):
    """A person's shown level is below what the post requires."""

    name: ClassVar[str] = "gap.opened"
    gap_id: int
    person_id: int
    competency: str


@dataclass(frozen=True)
class GapClosed(Event):
    """A gap is closed: the required level is shown, or no longer required."""

    name: ClassVar[str] = "gap.closed"
    gap_id: int
    person_id: int
    competency: str


@dataclass(frozen=True)
class ActivityConfirmed(Event):
    """A plugin confirmed that somebody did something that counts, also one that it had withdrawn."""

    name: ClassVar[str] = "activity.confirmed"
    activity_id: int
    person_id: int
    form: str
    source: str


@dataclass(frozen=True)
class ActivityChanged(Event):
    """A confirmed activity was corrected, for instance its length or day."""

    name: ClassVar[str] = "activity.changed"
    activity_id: int
    person_id: int
    form: str
    source: str


@dataclass(frozen=True)
class ActivityWithdrawn(Event):
    """A plugin took back a confirmed activity: it counts no more."""

    name: ClassVar[str] = "activity.withdrawn"
    activity_id: int
    person_id: int
    form: str
    source: str


@dataclass(frozen=True)
class SuggestionMade(Event):
    """A form of development is suggested for somebody's competency, or its suggestion says something else now."""

    name: ClassVar[str] = "suggestion.made"
    suggestion_id: int
    person_id: int
    competency: str
    form: str
    source: str


@dataclass(frozen=True)
class SuggestionSettled(Event):
    """Somebody took, dismissed or carried out a suggestion, or opened it again; ``state`` says which."""

    name: ClassVar[str] = "suggestion.settled"
    suggestion_id: int
    person_id: int
    competency: str
    form: str
    source: str
    state: str


@dataclass(frozen=True)
class ParticipationSettled(Event):
    """It is known how a programme ended for somebody; ``completed`` says whether they completed it."""

    name: ClassVar[str] = "participation.settled"
    programme_id: int
    person_id: int
    completed: bool


@dataclass(frozen=True)
class SettingsChosen(Event):
    """An agency chose other settings for a plugin; ``plugin`` is its name."""

    name: ClassVar[str] = "settings.chosen"
    plugin: str


CORE_EVENTS: tuple[type[Event], ...] = (
    EvidenceRecorded,
    GapOpened,
    GapClosed,
    ActivityConfirmed,
    ActivityChanged,
    ActivityWithdrawn,
    SuggestionMade,
    SuggestionSettled,
    ParticipationSettled,
    SettingsChosen,
)
