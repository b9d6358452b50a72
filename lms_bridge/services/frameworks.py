"""Competency frameworks: loading the shipped one, and reading any in the language of the request."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files

from flask_babel import get_locale
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from lms_bridge.db import db
from lms_bridge.models import BehaviourIndicator, Competency, CompetencyLevel, Framework

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


_cache: dict[tuple[str, str], list[CompetencyView]] = {}


def competencies(framework: str) -> list[CompetencyView]:
    """Return a framework's competencies in the language of the request; frameworks are frozen, so they are kept."""
    language = str(get_locale() or "id")[:2]
    key = (framework, "en" if language == "en" else "id")
    if key not in _cache:
        rows = db.session.scalars(
            select(Competency)
            .join(Framework, Framework.id == Competency.framework_id)
            .where(Framework.code == framework)
            .order_by(Competency.position)
            .options(selectinload(Competency.levels).selectinload(CompetencyLevel.indicators))
        ).all()
        if not rows:
            return []
        _cache[key] = [_view(row, key[1]) for row in rows]
    return _cache[key]


def _view(row: Competency, language: str) -> CompetencyView:
    def text(thing: object, name: str) -> str:
        return str(getattr(thing, f"{name}_{language}"))

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
