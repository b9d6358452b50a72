"""Competency frameworks: loading the shipped one, and reading any in the language of the request."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from flask_babel import get_locale
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import selectinload

from lms_bridge.db import NoAgency, current_agency, db
from lms_bridge.errors import NotFound
from lms_bridge.models import BehaviourIndicator, Competency, CompetencyLevel, Framework, FrameworkState

ASN = "asn-38-2017"


@dataclass(frozen=True, slots=True)
class IndicatorView:
    """A behaviour; its key is ``<competency key>:<level>:<position>``."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class LevelView:
    """A level 1-5 with its description and behaviours."""

    level: int
    title: str
    indicators: tuple[IndicatorView, ...]


@dataclass(frozen=True, slots=True)
class CompetencyView:
    """A competency in one language."""

    key: str
    code: str
    name: str
    definition: str
    cluster: str
    levels: tuple[LevelView, ...]


def load_shipped_framework() -> bool:
    """Store the nine competencies of PermenPANRB 38/2017 if they are not there; returns whether they were stored."""
    if db.session.scalar(select(Framework.id).where(Framework.code == ASN)):
        return False
    framework = Framework(
        code=ASN,
        family="asn",
        version="38-2017",
        state=FrameworkState.FROZEN,
        title_id="Standar kompetensi manajerial dan sosial kultural ASN",
        title_en="Managerial and sociocultural competency standard of the civil service",
        source="PermenPANRB 38/2017",
    )
    with (files("lms_bridge") / "data" / "asn_competencies.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if not framework.competencies or framework.competencies[-1].code != row["code"]:
                framework.competencies.append(_competency(row, position=len(framework.competencies) + 1))
            framework.competencies[-1].levels.append(_level(row))
    db.session.add(framework)
    db.session.flush()
    return True


def _competency(row: dict[str, str], *, position: int) -> Competency:
    return Competency(
        key=f"{ASN}:{row['code']}",
        code=row["code"],
        position=position,
        cluster=row["cluster"],
        name_id=row["competency_id"],
        name_en=row["competency_en"],
        definition_id=row["definition_id"],
        definition_en=row["definition_en"],
    )


def _level(row: dict[str, str]) -> CompetencyLevel:
    return CompetencyLevel(
        level=int(row["level"]),
        title_id=row["level_title_id"],
        title_en=row["level_title_en"],
        indicators=[
            BehaviourIndicator(position=n, text_id=row[f"indicator_{n}_id"], text_en=row[f"indicator_{n}_en"])
            for n in (1, 2, 3)
        ],
    )


@dataclass(frozen=True, slots=True)
class FrameworkView:
    """A version of a dictionary. ``shipped`` ones belong to every agency and are only read.

    ``source`` is the decree, ``valid_from`` the day since when it holds, ``entries`` counts its competencies;
    ``author`` and ``approved_by`` are ids of people. ``interchange`` is what a file of another system says besides.
    """

    id: int
    code: str
    family: str
    version: str
    title_id: str
    title_en: str
    source: str
    valid_from: dt.date | None
    state: FrameworkState
    shipped: bool
    author: int | None
    approved_by: int | None
    approved_at: dt.datetime | None
    entries: int
    interchange: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The title in the language of the request."""
        return (self.title_en if _language() == "en" else self.title_id) or self.title_id


def visible() -> ColumnElement[bool]:
    """Return the condition on frameworks that the chosen agency may see: its own, and those of everybody."""
    return or_(Framework.agency_id == current_agency(), Framework.agency_id.is_(None))


def frameworks(*, state: FrameworkState | None = None) -> list[FrameworkView]:
    """Return the dictionaries of the agency, shipped ones first, then by title; of a family the newest version first.

    :param state: only those in it.
    """
    wanted = select(Framework).where(visible())
    rows = db.session.scalars(wanted.where(Framework.state == state) if state else wanted).all()
    counts = _counts([row.id for row in rows])
    views = sorted((_about(row, counts.get(row.id, 0)) for row in rows), key=lambda one: one.id, reverse=True)
    return sorted(views, key=lambda one: (not one.shipped, one.title.casefold()))


def framework(framework_id: int) -> FrameworkView:
    """Return a dictionary.

    :raises NotFound: there is none, or it is another agency's.
    """
    row = get_framework(framework_id)
    return _about(row, _counts([row.id]).get(row.id, 0))


def get_framework(framework_id: int, *, lock: bool = False) -> Framework:
    """Return the row of a dictionary; locked where somebody is about to change it.

    :raises NotFound: there is none, or it is another agency's.
    """
    wanted = select(Framework).where(Framework.id == framework_id, visible())
    row = db.session.scalar(wanted.with_for_update().execution_options(populate_existing=True) if lock else wanted)
    if row is None:
        raise NotFound
    return row


def _counts(ids: list[int]) -> dict[int, int]:
    counted = select(Competency.framework_id, func.count()).where(Competency.framework_id.in_(ids))
    return {owner: number for owner, number in db.session.execute(counted.group_by(Competency.framework_id))}


def _about(row: Framework, entries: int) -> FrameworkView:
    return FrameworkView(
        id=row.id,
        code=row.code,
        family=row.family,
        version=row.version,
        title_id=row.title_id,
        title_en=row.title_en,
        source=row.source,
        valid_from=row.valid_from,
        state=row.state,
        shipped=row.agency_id is None,
        author=row.author_id,
        approved_by=row.approved_by_id,
        approved_at=row.approved_at,
        entries=entries,
        interchange=row.interchange,
    )


def known_keys(keys: Iterable[str]) -> set[str]:
    """Return those keys that are competencies of the agency or of everybody."""
    owner = or_(Competency.agency_id == current_agency(), Competency.agency_id.is_(None))
    return set(db.session.scalars(select(Competency.key).where(Competency.key.in_(set(keys)), owner)))


def _language() -> str:
    return "en" if str(get_locale() or "id")[:2] == "en" else "id"


_cache: dict[tuple[str, str], list[CompetencyView]] = {}


def competencies(framework: str) -> list[CompetencyView]:
    """Return the competencies of a framework, by its code, in the language of the request.

    Shipped ones never change, so they are kept; those of an agency are read each time.
    """
    key = (framework, _language())
    if key in _cache:
        return _cache[key]
    rows = db.session.scalars(
        select(Competency)
        .join(Framework, Framework.id == Competency.framework_id)
        .where(Framework.code == framework, _readable())
        .order_by(Competency.position)
        .options(selectinload(Competency.levels).selectinload(CompetencyLevel.indicators))
    ).all()
    views = [_view(row, key[1]) for row in rows]
    if rows and rows[0].agency_id is None:
        _cache[key] = views
    return views


def competencies_by_key(keys: Iterable[str]) -> dict[str, CompetencyView]:
    """Return competencies of any dictionary that the agency may see, by key, in the language of the request.

    Those of a draft are left out: nothing refers to them yet.
    """
    rows = db.session.scalars(_in_force().where(Competency.key.in_(set(keys))))
    return {row.key: _view(row, _language()) for row in rows}


def find_competencies(words: str, *, limit: int) -> list[CompetencyView]:
    """Return competencies in force whose name or key holds these words, the agency's own before shipped ones.

    Only those that describe levels: titles above them cannot be required of anybody.
    """
    like = f"%{words.strip().replace('%', '').replace('_', '')}%"
    found = _in_force().where(
        or_(Competency.name_id.ilike(like), Competency.name_en.ilike(like), Competency.key.ilike(like)),
        Competency.levels.any(),
    )
    rows = db.session.scalars(found.order_by(Competency.agency_id.is_(None), Competency.key).limit(limit))
    return [_view(row, _language()) for row in rows]


def _in_force() -> Select[Competency]:
    return (
        select(Competency)
        .join(Framework, Framework.id == Competency.framework_id)
        .where(_readable(), Framework.state != FrameworkState.DRAFT)
        .options(selectinload(Competency.levels).selectinload(CompetencyLevel.indicators))
    )


def _readable() -> ColumnElement[bool]:
    try:
        return visible()
    except NoAgency:
        return Framework.agency_id.is_(None)


def _view(row: Competency, language: str) -> CompetencyView:
    def text(thing: Any, name: str) -> str:
        return str(getattr(thing, f"{name}_{language}") or getattr(thing, f"{name}_id"))

    return CompetencyView(
        row.key,
        row.code,
        text(row, "name"),
        text(row, "definition"),
        row.cluster,
        tuple(
            LevelView(
                level.level,
                text(level, "title"),
                tuple(
                    IndicatorView(f"{row.key}:{level.level}:{one.position}", text(one, "text"))
                    for one in level.indicators
                ),
            )
            for level in row.levels
        ),
    )
