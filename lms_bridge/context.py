"""Who is here, from where, for what: the context of a request, frozen when the session is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

from flask import g, has_request_context
from werkzeug.local import LocalProxy


class NoLaunch(RuntimeError):
    """There is no launch session here."""


@dataclass(frozen=True, slots=True)
class AgencyRef:
    """The agency of this session; ``timezone`` is an IANA name."""

    id: int
    code: str
    name: str
    timezone: str


@dataclass(frozen=True, slots=True)
class PlatformRef:
    """The LMS from which the session was launched."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person. ``ids`` holds every row that is the same person: read with ``person_id.in_(person.ids)``."""

    id: int
    name: str
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CourseRef:
    """The course that was launched from."""

    id: int
    title: str


@dataclass(frozen=True, slots=True)
class ResourceLinkRef:
    """The activity that was launched."""

    id: int
    title: str


class Actor(Protocol):
    """Who wants to do something: the person of a session, or the one for whom a job works."""

    @property
    def agency(self) -> AgencyRef: ...

    @property
    def person(self) -> PersonRef: ...

    @property
    def roles(self) -> frozenset[str]: ...

    @property
    def course(self) -> CourseRef | None: ...


@dataclass(frozen=True, slots=True)
class AbsentActor:
    """Somebody in whose name a job works: they may what the organisation's data says, and no LMS speaks for them."""

    agency: AgencyRef
    person: PersonRef
    roles: frozenset[str] = frozenset()
    course: CourseRef | None = None


@dataclass(frozen=True, slots=True)
class BridgeContext:
    """All that a page may know of its launch. ``roles`` are LTI's, and say nothing about the organisation."""

    agency: AgencyRef
    platform: PlatformRef | None
    person: PersonRef
    roles: frozenset[str]
    course: CourseRef | None
    resource_link: ResourceLinkRef | None
    module: str | None
    item: str
    locale: str
    framed: bool
    request_id: str


@dataclass(frozen=True, slots=True)
class DeepLinkContext:
    """A teacher choosing content for a course."""

    agency: AgencyRef
    person: PersonRef
    course: CourseRef | None
    locale: str
    accepts_line_items: bool


def context_or_none() -> BridgeContext | None:
    """Return the context of this request, or nothing where there is no session."""
    return cast("BridgeContext | None", g.get("context")) if has_request_context() else None


def _context() -> BridgeContext:
    context = context_or_none()
    if context is None:
        raise NoLaunch("this code runs outside a launch session")
    return context


current: BridgeContext = cast(BridgeContext, LocalProxy(_context))
