"""What the plugin tells others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lms_bridge.api import Event


@dataclass(frozen=True)
class ResultComputed(Event):
    """A person's competency result was computed, for the first time in a cycle or again after a correction."""

    name: ClassVar[str] = "competency.result_computed"
    result_id: int
    person_id: int
    cycle: str
    number: int


@dataclass(frozen=True)
class RecomputeWanted(Event):
    """The results of people whose id is higher than ``after`` are to be computed anew by changed rules."""

    name: ClassVar[str] = "competency.recompute_wanted"
    after: int
