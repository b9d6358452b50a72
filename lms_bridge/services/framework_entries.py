"""The entries of a dictionary: read as they are written, and many stored at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from lms_bridge.db import db
from lms_bridge.domain.dictionary import CompetencyText, IndicatorText, LevelText, faults_of
from lms_bridge.models import BehaviourIndicator, Competency, CompetencyLevel, Framework, FrameworkState
from lms_bridge.services.framework_errors import DictionaryFaulty, FrameworkFixed
from lms_bridge.services.frameworks import get_framework

_FIELDS = ("name_id", "name_en", "definition_id", "definition_en", "cluster")


def dictionary_entries(framework_id: int) -> list[CompetencyText]:
    """Return all entries of a dictionary in its order, with levels and behaviours in both languages.

    :raises NotFound: the dictionary is not there, or another agency's.
    """
    get_framework(framework_id)
    table = Competency.__table__
    wanted = select(*(table.c[name] for name in ("id", "code", "parent_id", "related", "interchange", *_FIELDS)))
    rows = db.session.execute(wanted.where(table.c.framework_id == framework_id).order_by(table.c.position, table.c.id))
    found = rows.all()
    levels, codes = _levels_of(framework_id), {row.id: row.code for row in found}
    return [
        CompetencyText(
            code=row.code,
            parent=codes.get(row.parent_id),
            levels=tuple(levels.get(row.id, ())),
            related=tuple(row.related),
            interchange=row.interchange,
            **{name: getattr(row, name) for name in _FIELDS},
        )
        for row in found
    ]


def _levels_of(framework_id: int) -> dict[int, list[LevelText]]:
    """Return the levels of all competencies by their ids: two statements, however many there are."""
    entry, level, behaviour = Competency.__table__, CompetencyLevel.__table__, BehaviourIndicator.__table__
    of_level, of_entry = behaviour.c.level_id == level.c.id, level.c.competency_id == entry.c.id
    texts = (
        select(behaviour.c.level_id, behaviour.c.text_id, behaviour.c.text_en)
        .join_from(behaviour, level, of_level)
        .join(entry, of_entry)
    )
    shown: dict[int, list[IndicatorText]] = {}
    for owner, *text in db.session.execute(
        texts.where(entry.c.framework_id == framework_id).order_by(behaviour.c.level_id, behaviour.c.position)
    ):
        shown.setdefault(owner, []).append(IndicatorText(*text))
    found: dict[int, list[LevelText]] = {}
    columns = select(level.c.id, level.c.competency_id, level.c.level, level.c.title_id, level.c.title_en)
    for row in db.session.execute(
        columns.join_from(level, entry, of_entry)
        .where(entry.c.framework_id == framework_id)
        .order_by(level.c.competency_id, level.c.level)
    ):
        one = LevelText(row.level, row.title_id, row.title_en, tuple(shown.get(row.id, ())))
        found.setdefault(row.competency_id, []).append(one)
    return found


def as_text(row: Competency, parent: str | None) -> CompetencyText:
    """Return an entry as it is written."""
    return CompetencyText(
        code=row.code,
        parent=parent,
        levels=tuple(
            LevelText(
                one.level,
                one.title_id,
                one.title_en,
                tuple(IndicatorText(b.text_id, b.text_en) for b in one.indicators),
            )
            for one in row.levels
        ),
        related=tuple(row.related),
        interchange=row.interchange,
        **{name: getattr(row, name) for name in _FIELDS},
    )


def open_for_change(framework_id: int) -> Framework:
    """Return a draft of the agency, locked against others who change it.

    :raises NotFound: it is not there, or another agency's.
    :raises FrameworkFixed: it is shipped, approved or in use.
    """
    row = get_framework(framework_id, lock=True)
    if row.agency_id is None or row.state is not FrameworkState.DRAFT:
        raise FrameworkFixed
    return row


def replace_entries(framework_id: int, entries: Sequence[CompetencyText]) -> None:
    """Put these entries in place of all that a draft holds; a few statements, however many they are.

    :raises FrameworkFixed: it is not a draft.
    :raises DictionaryFaulty: with every fault; nothing is stored.
    """
    framework = open_for_change(framework_id)
    if faults := faults_of(entries):
        raise DictionaryFaulty(faults)
    table = Competency.__table__
    db.session.execute(update(table).where(table.c.framework_id == framework_id).values(parent_id=None))
    db.session.execute(delete(table).where(table.c.framework_id == framework_id))
    db.session.expire_all()
    if entries:
        _insert(framework, entries)


def _insert(framework: Framework, entries: Sequence[CompetencyText]) -> None:
    rows = [competency_values(framework, entry, position=place) for place, entry in enumerate(entries, start=1)]
    ids = _stored(Competency, rows)
    by_code = {entry.code: number for entry, number in zip(entries, ids, strict=True)}
    below = [{"id": by_code[one.code], "parent_id": by_code[one.parent]} for one in entries if one.parent is not None]
    if below:
        db.session.execute(update(Competency), below)
    insert_levels(list(zip(ids, entries, strict=True)))


def insert_levels(entries: Sequence[tuple[int, CompetencyText]]) -> None:
    """Store levels and behaviours of competencies, given with their ids."""
    levels = [(owner, level) for owner, entry in entries for level in sorted(entry.levels, key=lambda one: one.level)]
    ids = _stored(
        CompetencyLevel,
        [
            {"competency_id": owner, "level": level.level, "title_id": level.title_id, "title_en": level.title_en}
            for owner, level in levels
        ],
    )
    behaviours = [
        {"level_id": owner, "position": place, "text_id": one.text_id, "text_en": one.text_en}
        for owner, (_competency, level) in zip(ids, levels, strict=True)
        for place, one in enumerate(level.indicators, start=1)
    ]
    if behaviours:
        db.session.execute(insert(BehaviourIndicator.__table__), behaviours)


def _stored(model: Any, rows: list[dict[str, Any]]) -> list[int]:
    """Insert rows and return their ids in the same order."""
    if not rows:
        return []
    table = model.__table__
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return list(db.session.scalars(statement, rows))


def competency_values(framework: Framework, entry: CompetencyText, *, position: int) -> dict[str, Any]:
    """Return the columns of an entry but for its place in the tree."""
    return {
        "framework_id": framework.id,
        "agency_id": framework.agency_id,
        "key": f"{framework.code}:{entry.code}",
        "code": entry.code,
        "position": position,
        "related": list(entry.related),
        "interchange": dict(entry.interchange),
        **{name: getattr(entry, name) for name in _FIELDS},
    }


def next_position(framework_id: int) -> int:
    """Return the place behind the last entry."""
    last = select(func.max(Competency.position)).where(Competency.framework_id == framework_id)
    return (db.session.scalar(last) or 0) + 1
