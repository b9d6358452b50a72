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


CORE_EVENTS: tuple[type[Event], ...] = (EvidenceRecorded, GapOpened, GapClosed)
