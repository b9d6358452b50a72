"""The migration makes exactly the tables of the models."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from lms_bridge.api import db


def of_plugin(thing, name, kind, reflected, compare_to) -> bool:
    return kind != "table" or name.startswith("leadership_")


def test_migration_and_models_agree(bridge_app):
    with bridge_app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": of_plugin, "compare_type": True})

        assert compare_metadata(context, db.metadata) == []
