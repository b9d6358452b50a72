"""What an uninstalled plugin has left in the database: to see it, to take it out, to drop it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, MetaData, Table, column, delete, func, inspect, select, table

from lms_bridge.db import db
from lms_bridge.models import Delivery, PluginSetting, SchemaLedger

_VERSION = table("alembic_version", column("version_num"))


@dataclass(frozen=True, slots=True)
class Remains:
    """Tables with the number of their rows, applied revisions, agencies' settings, and events that wait for it."""

    plugin: str
    tables: dict[str, int]
    revisions: tuple[str, ...]
    settings: int
    deliveries: int

    def __bool__(self) -> bool:
        return bool(self.tables or self.revisions or self.settings or self.deliveries)


def remains_of(plugin: str) -> Remains:
    """Return what is there of a plugin, in all agencies."""
    connection = db.session.connection()
    names = [name for name in inspect(connection).get_table_names() if name.startswith(f"{plugin}_")]
    rows = {name: connection.scalar(select(func.count()).select_from(table(name))) or 0 for name in sorted(names)}
    stamps = set(
        connection.scalars(select(_VERSION.c.version_num).where(_VERSION.c.version_num.startswith(f"{plugin}_")))
    )
    ledger = SchemaLedger.__table__.c
    stamps |= set(connection.scalars(select(ledger.revision).where(ledger.branch == plugin)))
    settings, waiting = (
        connection.scalar(select(func.count()).select_from(kept).where(mine)) or 0
        for kept, mine in _kept_by_core(plugin)
    )
    return Remains(plugin, rows, tuple(sorted(stamps)), settings, waiting)


def _kept_by_core(plugin: str) -> tuple[tuple[Table, ColumnElement[bool]], ...]:
    """Return the tables of core that hold something for a plugin, and which rows."""
    settings, deliveries = PluginSetting.__table__, Delivery.__table__
    return (settings, settings.c.plugin == plugin), (deliveries, deliveries.c.handler.startswith(f"{plugin}:"))


def export_remains(remains: Remains, folder: Path) -> None:
    """Write each table as a file of JSON lines. The folder is for the operator's eyes only."""
    folder.mkdir(mode=0o700, parents=True)
    described = _described(remains)
    for name in remains.tables:
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as stream:
            for row in db.session.connection().execute(select(described.tables[name])).mappings():
                stream.write(json.dumps(dict(row), default=str, ensure_ascii=False) + "\n")


def drop_remains(remains: Remains) -> None:
    """Drop its tables, and forget its revisions, settings and waiting events, all or nothing."""
    connection = db.session.connection()
    described = _described(remains)
    described.drop_all(connection, tables=[described.tables[name] for name in remains.tables])
    ledger = SchemaLedger.__table__
    connection.execute(delete(_VERSION).where(_VERSION.c.version_num.in_(remains.revisions)))
    connection.execute(delete(ledger).where(ledger.c.branch == remains.plugin))
    for kept, mine in _kept_by_core(remains.plugin):
        connection.execute(delete(kept).where(mine))


def _described(remains: Remains) -> MetaData:
    """Read from the database what the tables are: the plugin's models are gone."""
    described = MetaData()
    described.reflect(db.session.connection(), only=list(remains.tables))
    return described
