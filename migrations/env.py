"""Alembic's environment: one history, a branch for core and one for each plugin."""

from __future__ import annotations

from typing import Any

from alembic import context
from alembic.util import to_tuple
from flask import current_app
from sqlalchemy import column, inspect, select, table

from lms_bridge.db import METADATA, UTCDateTime, db, now
from lms_bridge.models import SchemaLedger

config = context.config


def branch() -> str:
    """Return the branch whose tables autogenerate may see: core unless ``-x branch=`` says otherwise."""
    return str(context.get_x_argument(as_dictionary=True).get("branch") or config.attributes.get("branch") or "core")


def only_branch(thing: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Show autogenerate the tables of one branch."""
    return kind != "table" or (name or "").partition("_")[0] == branch()


def render_item(kind: str, thing: Any, autogen_context: Any) -> str | bool:
    """Write our datetime as the plain type that it is in the database."""
    if kind == "type" and isinstance(thing, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def record_in_ledger(*, ctx: Any, step: Any, heads: Any, run_args: Any) -> None:
    """Remember each applied revision, so that a plugin's unclean removal cannot lose core's own place."""
    if not inspect(ctx.connection).has_table(SchemaLedger.__tablename__):
        return
    ledger = SchemaLedger.__table__
    revision = step.up_revision_id if step.is_upgrade else step.down_revision_ids[0] if step.down_revision_ids else None
    applied = step.up_revision_id
    ctx.connection.execute(ledger.delete().where(ledger.c.revision == applied))
    if step.is_upgrade and revision:
        row = {"revision": applied, "branch": applied.partition("_")[0], "applied_at": now()}
        ctx.connection.execute(ledger.insert().values(**row))


def follow_ledger(connection: Any) -> None:
    """Let Alembic's own table say what the ledger holds and the present files contain.

    Alembic refuses to work with a revision whose file is missing or left out; and a dependency's revision is replaced by
    the one that depends on it, so that core's place would be lost with a plugin's.
    """
    version = table("alembic_version", column("version_num"))
    if not all(inspect(connection).has_table(name) for name in (version.name, SchemaLedger.__tablename__)):
        return
    stamped = set(connection.scalars(select(version.c.version_num)))
    applied = stamped | set(connection.scalars(select(SchemaLedger.__table__.c.revision)))
    present = [one for one in context.script.walk_revisions() if one.revision in applied]
    below = {name for one in present for name in (*to_tuple(one.down_revision, ()), *to_tuple(one.dependencies, ()))}
    heads = {one.revision for one in present} - below
    if heads and heads != stamped:
        connection.execute(version.delete())
        connection.execute(version.insert(), [{"version_num": head} for head in sorted(heads)])


def run_migrations() -> None:
    """Run against the application's database."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # Rebuilding a table with foreign keys on would delete its children by cascade.
            # The pragma does nothing inside a transaction, so it comes before the first one.
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
        try:
            follow_ledger(connection)
            # Alembic leaves the commit to whoever has begun before it.
            connection.commit()
            context.configure(
                connection=connection,
                target_metadata=METADATA,
                include_object=only_branch,
                render_item=render_item,
                on_version_apply=record_in_ledger,
                transaction_per_migration=True,
                render_as_batch=connection.dialect.name == "sqlite",
                compare_type=True,
            )
            with context.begin_transaction():
                context.run_migrations()
        finally:
            if connection.dialect.name == "sqlite":
                connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=ON")


with current_app.app_context():
    run_migrations()
