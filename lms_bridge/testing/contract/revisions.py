"""A plugin's migrations, run on a real database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect

from lms_bridge.cli.database import alembic_config, upgrade_all
from lms_bridge.db import METADATA, db
from lms_bridge.services.schema import pending_branches


def _tables() -> set[str]:
    return set(inspect(db.engine).get_table_names())


def take_down(app: Flask, plugin: str) -> set[str]:
    """Undo all migrations of a plugin; returns the tables that went. What a migration raises comes through."""
    with app.app_context():
        db.session.remove()
        before = _tables()
        config = alembic_config(Path(app.config["INSTANCE_PATH"]))
        config.attributes["branch"] = plugin
        command.downgrade(config, f"{plugin}@base")
        return before - _tables()


def bring_up(app: Flask, plugin: str) -> str:
    """Run all migrations of a plugin; returns why they failed, or nothing."""
    with app.app_context():
        reason = upgrade_all().get(plugin, "")
        if not reason and plugin in pending_branches():
            reason = "it is not at its newest revision"
        db.session.remove()
        return reason


def differences(app: Flask, plugin: str) -> list[str]:
    """Say where the tables that the migrations made are not what the models say."""

    def own(thing: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
        return kind != "table" or (name or "").startswith(f"{plugin}_")

    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": own, "compare_type": True})
        return [_words(found) for found in compare_metadata(context, METADATA)]


def _words(found: Any) -> str:
    """Say one difference: what would have to be done, and to what."""
    step = found[0] if isinstance(found, list) else found
    names = [str(getattr(part, "name", part)) for part in step[1:] if isinstance(part, str) or hasattr(part, "name")]
    return f"{step[0].replace('_', ' ')} {' '.join(name for name in names if name != 'None')}"
