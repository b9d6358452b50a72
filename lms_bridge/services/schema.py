"""Where the database stands: which migration branches are behind the code.

Alembic is not asked, so that the web workers need not load it: revisions are named ``<branch>_<number>``, their files
begin with that name, and the ledger holds every revision that was applied.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from flask import current_app
from sqlalchemy import inspect, select

from lms_bridge.db import db
from lms_bridge.engine import only_reading
from lms_bridge.models import SchemaLedger
from lms_bridge.plugin_host.discovery import discover
from lms_bridge.plugin_host.names import is_plugin_name


def migrations_folder() -> Path:
    """Return core's migrations: beside the package when installed, beside the sources when editable."""
    package = Path(__file__).parent.parent
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def version_folders(instance: Path) -> dict[str, Path]:
    """Return each branch with the folder of its revisions; plugins' are found without importing the plugin.

    One whose name no plugin can have has no branch: it is never loaded, and its branch could be core's.
    """
    folders = {"core": migrations_folder() / "versions"}
    for found in discover(instance):
        if is_plugin_name(found.name) and (folder := found.folder("migrations")):
            folders[found.name] = folder
    return folders


@cache
def _heads(instance: Path) -> dict[str, str]:
    """Return the newest revision of each branch that has any."""
    heads = {}
    for branch, folder in version_folders(instance).items():
        found = [match[0] for file in folder.glob("*.py") if (match := re.match(rf"{branch}_\d+", file.stem))]
        if found:
            heads[branch] = max(found)
    return heads


def pending_branches() -> dict[str, str]:
    """Return the branches that are behind, each with the head it lacks.

    A database that a newer release has upgraded is not behind: its migrations are safe for the release before.
    """
    heads = _heads(Path(current_app.config["INSTANCE_PATH"]).absolute())
    applied = {revision for revision, _branch in _applied()}
    return {branch: head for branch, head in heads.items() if head not in applied}


def uninstalled_branches() -> list[str]:
    """Return the branches whose plugins are gone while their tables are still there."""
    known = version_folders(Path(current_app.config["INSTANCE_PATH"]))
    return sorted({branch for _revision, branch in _applied()} - known.keys())


def _applied() -> set[tuple[str, str]]:
    """Return each revision that was applied, with its branch."""
    ledger = SchemaLedger.__table__
    with only_reading(), db.engine.connect() as connection:
        there = inspect(connection).has_table(ledger.name)
        rows = connection.execute(select(ledger.c.revision, ledger.c.branch)).all() if there else []
    return {(row.revision, row.branch) for row in rows}
