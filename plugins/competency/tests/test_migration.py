"""The migration makes exactly the tables of the models, and takes them away again."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import lms_bridge_competency
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import inspect

from lms_bridge.api import db


def of_plugin(thing, name, kind, reflected, compare_to) -> bool:
    return kind != "table" or name.startswith("competency_")


def context(connection) -> MigrationContext:
    return MigrationContext.configure(connection, opts={"include_object": of_plugin, "compare_type": True})


def test_migration_and_models_agree(bridge_app):
    with bridge_app.app_context(), db.engine.connect() as connection:
        assert compare_metadata(context(connection), db.metadata) == []


def loaded(file):
    spec = importlib.util.spec_from_file_location(file.stem, file)
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    return migration


def test_migration_can_be_taken_back_and_made_again(bridge_app):
    folder = Path(lms_bridge_competency.__file__).parent / "migrations"
    migrations = [loaded(file) for file in sorted(folder.glob("competency_*.py"))]

    with bridge_app.app_context(), db.engine.connect() as connection:
        with connection.begin(), Operations.context(context(connection)):
            for migration in reversed(migrations):
                migration.downgrade()
            left = [name for name in inspect(connection).get_table_names() if name.startswith("competency_")]
            for migration in migrations:
                migration.upgrade()

        assert left == []
        assert compare_metadata(context(connection), db.metadata) == []
