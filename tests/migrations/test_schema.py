"""Migrations go up, down and up again, equal the models, and say what is behind."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import delete, inspect

from lms_bridge.cli.database import alembic_config, upgrade_all
from lms_bridge.db import METADATA, db
from lms_bridge.models import SchemaLedger
from lms_bridge.services.schema import pending_branches
from lms_bridge.testing.instance import make_app


@pytest.fixture
def app(database: str, tmp_path: Path) -> Iterator[Flask]:
    """The bridge on a migrated database."""
    app = make_app(tmp_path / "instance", database, None)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def test_a_migrated_database_lacks_nothing(app):
    assert pending_branches() == {}


def test_a_branch_that_is_behind_is_named_with_the_revision_it_lacks(app):
    db.session.execute(delete(SchemaLedger).where(SchemaLedger.branch == "competency"))
    db.session.commit()

    newest = max(path.stem[:15] for path in Path("plugins/competency").rglob("competency_0*.py"))
    assert pending_branches() == {"competency": newest}


def test_migrations_make_what_the_models_say(app):
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        differences = compare_metadata(context, METADATA)

    assert differences == []


def test_every_branch_goes_down_to_nothing_and_up_again(app, tmp_path):
    config = alembic_config(tmp_path / "instance")
    db.session.remove()

    for branch in ("leadership", "competency", "core"):
        config.attributes["branch"] = branch
        command.downgrade(config, f"{branch}@base")
    left = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
    behind = pending_branches()
    upgrade_all()

    assert left == set()
    assert set(behind) == {"core", "competency", "leadership"}
    assert pending_branches() == {}


def test_the_copy_made_before_an_upgrade_holds_what_was_written_last(_template, tmp_path):
    folder = tmp_path / "instance"
    shutil.copytree(_template, folder)
    file = folder / "lms_bridge.sqlite"
    app = make_app(folder, f"sqlite:///{file}", None)
    served = sqlite3.connect(file)
    served.execute(
        "INSERT INTO core_agency (code, name, timezone, created_at) VALUES ('new', 'n', 'UTC', '2026-01-01')"
    )
    served.execute("DELETE FROM core_schema_ledger WHERE branch = 'competency'")
    served.commit()

    with app.app_context():
        upgrade_all()
        db.session.remove()
        db.engine.dispose()
    served.close()

    (copy,) = folder.glob("*.backup")
    kept = sqlite3.connect(copy)
    assert kept.execute("SELECT count(*) FROM core_agency WHERE code = 'new'").fetchone() == (1,)
    kept.close()


def test_a_web_worker_does_not_load_the_migration_tool(tmp_path):
    """Alembic would cost each worker some 15 MB."""
    script = "import sys, lms_bridge.app; lms_bridge.app.create_app(); print('alembic' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"LMS_BRIDGE_INSTANCE_PATH": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "False"
