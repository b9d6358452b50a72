"""Applying staged rows: one transaction, a handful of statements whatever the number of rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Integer,
    Numeric,
    Table,
    and_,
    cast,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    text,
    type_coerce,
    update,
)

from lms_bridge.db import current_agency, db, now
from lms_bridge.imports.kinds import Kind
from lms_bridge.models import ImportRow

_R = ImportRow.__table__


def count_changes(import_id: int, kind: Kind) -> tuple[int, int, int]:
    """Return how many staged rows are new, how many would change something, and how many are faulty."""
    table = kind.table
    known = select(func.count(), func.count().filter(_differs(kind))).join_from(_R, table, _same(kind))
    good = func.count().filter(_R.c.faults.is_(None))
    counted = select(good, func.count() - good).select_from(_R).where(_R.c.import_id == import_id)
    found, changed = db.session.execute(known.where(*_good(import_id))).one()
    usable, faulty = db.session.execute(counted).one()
    return usable - found, changed, faulty


def refresh_statistics(*tables: Table) -> None:
    """Tell PostgreSQL how many rows tables hold now, else it joins them one by one; SQLite joins by index anyhow."""
    if _postgresql():
        db.session.execute(text(f"ANALYZE {', '.join(table.name for table in (_R, *tables))}"))
    db.session.commit()


def apply_rows(import_id: int, kind: Kind) -> tuple[int, int]:
    """Bring all good rows into the agency's data; returns how many rows it made and how many it changed.

    Flushes nothing in between that others could see: the caller commits.

    :raises sqlalchemy.exc.IntegrityError: somebody else made one of the rows at this moment; do it again.
    """
    table, good = kind.table, _good(import_id)
    changed = update(_R).where(*good, _same(kind), _differs(kind))
    changes = _rows(changed.values(change="changed", target_id=table.c.id, before=_image(kind)))
    if changes:
        values = {name: func.coalesce(value_of(kind, name), table.c[name]) for name in kind.free}
        mine = _R.c.import_id == import_id, _R.c.change == "changed", _R.c.target_id == table.c.id
        db.session.execute(update(table).where(*mine).values(values))
    known = select(literal(1)).select_from(table).where(_same(kind)).exists()
    new = _rows(update(_R).where(*good, ~known).values(change="new", target_id=_next_id(kind)))
    if new:
        made = {"id": _R.c.target_id, "agency_id": literal(current_agency()), **_new_values(kind)}
        rows = select(*made.values()).where(_R.c.import_id == import_id, _R.c.change == "new").order_by(_R.c.number)
        db.session.execute(insert(table).from_select(list(made), rows))
    if kind.after:
        kind.after(import_id)
    return new, changes


def value_of(kind: Kind, name: str, source: Any = None) -> ColumnElement[Any]:
    """Return what a staged row says a column shall hold, in the column's type; NULL where it says nothing."""
    item, column = (_R.c["values"] if source is None else source)[name], kind.table.c[name]
    if isinstance(column.type, Boolean):
        return item.as_boolean()
    if isinstance(column.type, Integer):
        return item.as_integer()
    said = item.as_string()
    if isinstance(column.type, (Date, Numeric)) and _postgresql():
        return cast(said, column.type)
    # SQLite keeps days as ISO text, and takes a decimal from text by the affinity of the column.
    return type_coerce(said, column.type)


def expected(kind: Kind, name: str) -> ColumnElement[Any]:
    """Return what a column holds after the import, unless somebody has changed it since."""
    said = value_of(kind, name)
    before = value_of(kind, name, _R.c.before)
    if name in kind.defaults:
        before = func.coalesce(before, literal(kind.defaults[name], kind.table.c[name].type))
    return func.coalesce(said, before)


def _new_values(kind: Kind) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in kind.sets:
        values[name] = value_of(kind, name)
        if name in kind.defaults:
            default = literal(kind.defaults[name], kind.table.c[name].type)
            values[name] = func.coalesce(values[name], default)
    if "created_at" in kind.table.c:
        values["created_at"] = literal(now(), kind.table.c.created_at.type)
    return values


def _good(import_id: int) -> tuple[ColumnElement[bool], ...]:
    return _R.c.import_id == import_id, _R.c.faults.is_(None)


def _same(kind: Kind) -> ColumnElement[bool]:
    table = kind.table
    return and_(table.c.agency_id == current_agency(), *(table.c[name] == value_of(kind, name) for name in kind.key))


def _differs(kind: Kind) -> ColumnElement[bool]:
    """What the row says, where it says anything, is not what there is: an empty cell leaves what there is."""
    return or_(
        *(
            and_(value_of(kind, name).is_not(None), value_of(kind, name).is_distinct_from(kind.table.c[name]))
            for name in kind.free
        ),
        literal(1) == 0,
    )


def _image(kind: Kind) -> ColumnElement[Any]:
    """Return a JSON object of what there is, to put back when the import is undone."""
    build = func.json_build_object if _postgresql() else func.json_object
    pairs = [part for name in kind.free for part in (literal(name), kind.table.c[name])]
    return type_coerce(build(*pairs), _R.c.before.type) if pairs else null()


def _next_id(kind: Kind) -> Any:
    """Return the id of a new row, chosen before it is made, so that the staged row knows exactly what it made."""
    if _postgresql():
        # Looked up once, not for each row.
        return func.nextval(db.session.scalar(select(func.pg_get_serial_sequence(kind.table.name, "id"))))
    top = select(func.coalesce(func.max(kind.table.c.id), 0)).scalar_subquery()
    return top + _R.c.number


def _rows(statement: Any) -> int:
    return int(db.session.execute(statement).rowcount)  # type: ignore[attr-defined]


def _postgresql() -> bool:
    return db.session.get_bind().dialect.name == "postgresql"
