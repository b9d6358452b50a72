"""What plugins hand to core: one declaration, and answers to hooks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any

from flask import Blueprint
from marshmallow import Schema

from lms_bridge.context import PersonRef
from lms_bridge.events import Event

API_VERSION = (1, 0)
"""Version of the contract with plugins. The second number rises with additions, the first with removals."""

PLUGIN_RELATIONS = frozenset({"mentor"})
"""Relations that only a plugin can know; nobody has them while none declares them."""
RELATIONS = PLUGIN_RELATIONS | {
    *("self", "superior", "team_superior", "head", "analyst", "owner", "officer"),
    *("instructor", "administrator", "operator"),
}


def version_text(version: tuple[int, int]) -> str:
    """Return a version as people write it."""
    return ".".join(map(str, version))


@dataclass(frozen=True, slots=True)
class ScoreMap:
    """How a plugin's outcome becomes a score 0-1, and the maximum that the LMS's column shows."""

    maximum: int
    label: Any
    to_score: Callable[[Any], Decimal]


@dataclass(frozen=True, slots=True)
class Module:
    """A page of a plugin that an LMS can launch. Its key is ``<plugin>.<name>``.

    With an ``action`` it is about other people, such as *My reports*: the home page shows it only to those who may do
    this to somebody else, be they superior, head, mentor or analyst. The page itself asks again.
    """

    name: str
    title: Any
    description: Any
    endpoint: str
    icon: str = "list"
    score_map: ScoreMap | None = None
    action: str = ""


@dataclass(frozen=True, slots=True)
class Permission:
    """An action, and the relations to a subject (a person) that allow it."""

    action: str
    title: Any
    relations: frozenset[str]


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation that the plugin knows: ``people(actor, day)`` returns the ids of those to whom an actor has it.

    It is asked in each decision that needs it, so it reads, and answers in a few milliseconds. If it raises, nobody has
    the relation.
    """

    name: str
    people: Callable[[PersonRef, dt.date], Iterable[int]]


@dataclass(frozen=True, slots=True)
class Retention:
    """How long something is kept: ``apply(before)`` removes or reduces what is older, and returns how many rows.

    The worker calls it once a day for each agency, in a transaction of its own. If it raises, that is undone, and it is
    called again the next day.
    """

    name: str
    title: Any
    keep: dt.timedelta
    apply: Callable[[dt.datetime], int]


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """An entry of the menu."""

    title: Any
    endpoint: str


@dataclass(frozen=True, slots=True)
class EventHandler:
    """A function that is told of an event, later and perhaps twice: it must be idempotent."""

    event: str
    handle: Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Plugin:
    """What a plugin is and brings, declared once at start."""

    name: str
    title: Any
    version: str
    requires_api: tuple[int, int] = (1, 0)
    blueprints: tuple[Blueprint, ...] = ()
    modules: tuple[Module, ...] = ()
    permissions: tuple[Permission, ...] = ()
    relations: tuple[Relation, ...] = ()
    retention: tuple[Retention, ...] = ()
    event_types: tuple[type[Event], ...] = ()
    event_handlers: tuple[EventHandler, ...] = ()
    navigation: tuple[NavigationItem, ...] = ()
    settings: type[Schema] | None = None
    """What each agency may set for the plugin, as a form of the console; read it by ``agency_settings``.

    Every field has a ``load_default`` and is a String, Integer, Float, Decimal, Boolean or Date; ``validate.OneOf``
    makes a list to choose from. ``metadata`` holds ``title`` and perhaps ``hint``.
    """


@dataclass(frozen=True, slots=True)
class LineItemOffer:
    """The gradebook column that a catalogue item asks for."""

    label: Any
    score_maximum: int = 100
    resource_id: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class CatalogItem:
    """Something a teacher can place in a course. ``item`` names one of several, such as a survey's wave."""

    module: str
    title: Any
    description: Any
    item: str = ""
    line_item: LineItemOffer | None = None
    icon: str = "list"


@dataclass(frozen=True, slots=True)
class Card:
    """A short statement on the home page, with a door to more."""

    title: Any
    sentence: Any
    link: str | None = None
    link_text: Any = None
    chip: Any = None
    chip_kind: str = "info"
    order: int = 50


@dataclass(frozen=True, slots=True)
class Task:
    """Something the person has to do; the owning plugin serves the page behind ``link``."""

    title: Any
    detail: Any
    link: str
    count: int = 1
    due: dt.date | None = None
    icon: str = "list"


class MetricUnit(Enum):
    """What a number counts: how it is written, and whether it is a sum or a ratio."""

    COUNT = "count"
    """A sum, such as people rated: only the numerators count."""
    SHARE = "share"
    """A ratio 0-1, shown in per cent."""
    MEAN = "mean"
    """A ratio of any size, shown with up to two decimals."""


class MetricDirection(Enum):
    """Which way is better; neither for a number that only tells a size."""

    UP = "up"
    DOWN = "down"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Metric:
    """A number about units that leaders see, with what it means; its facts come by ``publish_indicators``.

    Worked example: ``Metric("reading.finished", _l("Texts read"), formula=_l("..."), source=_l("..."))``.
    """

    code: str
    """``<plugin>.<name>``, up to 64 characters."""
    name: Any
    formula: Any
    """How it is computed, in a sentence that a leader understands; reports print it as a footnote."""
    source: Any
    """Where its facts come from, and the rule it follows."""
    unit: MetricUnit = MetricUnit.COUNT
    direction: MetricDirection = MetricDirection.UP
    target: Decimal | None = None
    """What the rule asks for, in the unit of the number; a leader may set another."""
    standing: bool = False
    """True for a state, which at the end of a quarter sums up all that happened until then; false for what happened in
    the quarter alone."""
    by_competency: bool = False
    """Whether its facts name competencies."""
    endpoint: str = ""
    """The plugin's page with the list behind the number; it is given ``unit_id`` and perhaps ``competency``."""
    order: int = 50
    """Lower ones come first; a leader's home shows the first five."""


@dataclass(frozen=True, slots=True)
class ExportPart:
    """A plugin's rows about one person, for that person."""

    name: str
    rows: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ErasureReceipt:
    """How many rows were deleted, and how many kept without the person."""

    deleted: int
    anonymised: int = 0
