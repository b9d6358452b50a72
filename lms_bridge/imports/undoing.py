"""Undoing an import: what it made goes, what it changed returns, or nothing at all happens and the reason is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Table, and_, delete, func, or_, select, update

from lms_bridge.db import METADATA, db
from lms_bridge.imports.applying import expected, value_of
from lms_bridge.imports.errors import UndoRefused
from lms_bridge.imports.kinds import Kind
from lms_bridge.models import ImportRow

_R = ImportRow.__table__
NAMED = 5
"""Rows that are named where something has changed since."""
TITLES: dict[str, Any] = {
    "core_placement": _l("placements"),
    "core_placement_superior": _l("superiors"),
    "core_platform_user": _l("launches from the LMS"),
    "core_unit": _l("units below"),
    "core_unit_history": _l("changes of units"),
    "core_unit_succession": _l("mergers and splits of units"),
    "core_post": _l("posts of units"),
    "core_programme_participant": _l("participations"),
    "core_programme_competency": _l("competencies aimed at"),
    "core_evidence": _l("evidence"),
    "core_activity": _l("development activities"),
    "core_suggestion": _l("suggested development"),
    "core_grant": _l("grants"),
    "core_person": _l("linked people"),
}


def undo_rows(import_id: int, kind: Kind) -> None:
    """Take back all that an import did, within one transaction that the caller commits.

    :raises UndoRefused: later work stands on it.
    """
    table = kind.table
    made = select(_R.c.target_id).where(_R.c.import_id == import_id, _R.c.change == "new")
    if kind.before_undo:
        kind.before_undo(import_id)
    _refuse_changed(import_id, kind)
    _refuse_used(kind, made)
    db.session.execute(delete(table).where(table.c.id.in_(made)))
    changed = _R.c.import_id == import_id, _R.c.change == "changed", _R.c.target_id == table.c.id
    if kind.free:
        returned = {name: value_of(kind, name, _R.c.before) for name in kind.free}
        db.session.execute(update(table).where(*changed).values(returned))


def _refuse_changed(import_id: int, kind: Kind) -> None:
    table = kind.table
    other = or_(
        table.c.id.is_(None),
        *(table.c[name].is_distinct_from(expected(kind, name)) for name in (*kind.key, *kind.free)),
        *(
            and_(_R.c.change == "new", table.c[name].is_distinct_from(expected(kind, name)))
            for name in kind.sets
            if name in kind.keeps
        ),
    )
    rows = db.session.scalars(
        select(_R.c.number)
        .outerjoin(table, table.c.id == _R.c.target_id)
        .where(_R.c.import_id == import_id, _R.c.change.is_not(None), other)
        .order_by(_R.c.number)
        .limit(NAMED + 1)
    ).all()
    if rows:
        named = ", ".join(map(str, rows[:NAMED])) + (" …" if len(rows) > NAMED else "")
        raise UndoRefused("changed", named)


def _refuse_used(kind: Kind, made: Any) -> None:
    used = []
    for referring, column in _referring(kind.table):
        if referring.name in kind.owned:
            continue
        statement = select(func.count()).select_from(referring).where(referring.c[column].in_(made))
        if referring is kind.table:
            statement = statement.where(referring.c.id.not_in(made))
        if count := db.session.scalar(statement):
            used.append(f"{TITLES.get(referring.name, referring.name)} ({count})")
    if used:
        raise UndoRefused("used", ", ".join(dict.fromkeys(used)))


def _referring(table: Table) -> Iterator[tuple[Table, str]]:
    """Yield every column of any table, of plugins too, that refers to a table."""
    for other in METADATA.sorted_tables:
        for key in other.foreign_keys:
            if key.column.table is table:
                yield other, key.parent.name
