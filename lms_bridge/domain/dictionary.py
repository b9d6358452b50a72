"""What a dictionary of competencies holds, and what is wrong with one; without a database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LEVELS = range(1, 6)
"""Levels of a competency (PermenPANRB 38/2017)."""
LIMIT_ENTRIES = 20_000
"""Competencies in one dictionary; the longest that we know of has some 10,000."""
LONGEST_TEXT = 4_000
"""Characters of a definition, a level or a behaviour."""
_LONGEST_NAME = 255
_LIMIT_INDICATORS = 20
_CODE = re.compile(r"[^\s:/?#][^:/?#\r\n\t]{0,63}")


@dataclass(frozen=True, slots=True)
class IndicatorText:
    """A behaviour that shows a level, in both languages."""

    text_id: str
    text_en: str


@dataclass(frozen=True, slots=True)
class LevelText:
    """The description of a level 1-5 in both languages, and its behaviours."""

    level: int
    title_id: str
    title_en: str
    indicators: tuple[IndicatorText, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompetencyText:
    """One entry of a dictionary, as it is written and edited.

    ``parent`` and ``related`` are codes of the same dictionary. ``interchange`` is what a file of another system says
    of it that we do not use, given back unchanged.
    """

    code: str
    name_id: str
    name_en: str = ""
    definition_id: str = ""
    definition_en: str = ""
    cluster: str = ""
    parent: str | None = None
    levels: tuple[LevelText, ...] = ()
    related: tuple[str, ...] = ()
    interchange: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DictionaryFault:
    """What is wrong with one entry: its place, counted from 0; a stable word; and the code or text that is meant."""

    place: int
    reason: str
    what: str = ""


def faults_of(entries: Sequence[CompetencyText]) -> list[DictionaryFault]:
    """Return everything that keeps a dictionary from being stored, in the order of its entries."""
    if len(entries) > LIMIT_ENTRIES:
        return [DictionaryFault(LIMIT_ENTRIES, "too-many", str(LIMIT_ENTRIES))]
    codes: dict[str, int] = {}
    faults: list[DictionaryFault] = []
    for place, entry in enumerate(entries):
        if entry.code and codes.setdefault(entry.code, place) != place:
            faults.append(DictionaryFault(place, "code-twice", entry.code))
        faults += [DictionaryFault(place, *fault) for fault in entry_faults(entry)]
    for place, entry in enumerate(entries):
        if entry.parent is not None and entry.parent not in codes:
            faults.append(DictionaryFault(place, "parent-unknown", entry.parent))
        faults += [DictionaryFault(place, "related-unknown", code) for code in entry.related if code not in codes]
    circles = in_circles({entry.code: entry.parent for entry in entries})
    faults += [DictionaryFault(codes[code], "circle", code) for code in circles if code in codes]
    return sorted(faults, key=lambda fault: fault.place)


def entry_faults(entry: CompetencyText) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with an entry by itself: a stable word, and what is meant."""
    if not entry.code:
        yield "code-missing", ""
    elif not _CODE.fullmatch(entry.code):
        yield "code-form", entry.code[:80]
    if not entry.name_id:
        yield "name-missing", entry.code
    if max(len(entry.name_id), len(entry.name_en)) > _LONGEST_NAME:
        yield "name-long", str(_LONGEST_NAME)
    if len(entry.cluster) > 64:
        yield "cluster-long", "64"
    given = [level.level for level in entry.levels]
    if any(level not in LEVELS for level in given):
        yield "level-range", ", ".join(str(level) for level in given if level not in LEVELS)
    if len(set(given)) < len(given):
        yield "level-twice", ", ".join(str(level) for level in sorted({one for one in given if given.count(one) > 1}))
    if any(len(level.indicators) > _LIMIT_INDICATORS for level in entry.levels):
        yield "indicators-many", str(_LIMIT_INDICATORS)
    if any(len(text) > LONGEST_TEXT for text in _texts(entry)):
        yield "text-long", str(LONGEST_TEXT)


def _texts(entry: CompetencyText) -> Iterator[str]:
    yield from (entry.definition_id, entry.definition_en)
    for level in entry.levels:
        yield from (level.title_id, level.title_en)
        for indicator in level.indicators:
            yield from (indicator.text_id, indicator.text_en)


def in_circles(parents: Mapping[str, str | None]) -> list[str]:
    """Return the codes that are their own ancestors; those that only hang below such a circle are not among them."""
    settled: set[str] = set()
    circles: list[str] = []
    for start in parents:
        path: dict[str, int] = {}
        code: str | None = start
        while code is not None and code in parents and code not in settled and code not in path:
            path[code] = len(path)
            code = parents[code]
        if code in path:
            circles += list(path)[path[code] :]
        settled.update(path)
    return circles


def missing_levels(entries: Iterable[CompetencyText]) -> dict[str, tuple[int, ...]]:
    """Return by code the levels without a description, of competencies that have some but not all.

    A group, and a competency that has no level at all, is complete: the general names of the levels hold for it.
    """
    found = {}
    for entry in entries:
        described = {level.level for level in entry.levels if level.title_id}
        if entry.levels and (missing := tuple(level for level in LEVELS if level not in described)):
            found[entry.code] = missing
    return found
