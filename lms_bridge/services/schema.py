"""Where the database stands: which migration branches are behind the code."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app

from lms_bridge.db import db, only_reading
from lms_bridge.plugin_host.discovery import discover

if TYPE_CHECKING:
    from collections.abc import Sequence


def migrations_folder() -> Path:
    """Return core's migrations: beside the package when installed, beside the sources when editable."""
    package = Path(__file__).parent.parent
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def version_folders(instance: Path) -> dict[str, Path]:
    """Return each branch with the folder of its revisions; plugins' are found without importing the plugin."""
    folders = {"core": migrations_folder() / "versions"}
    for found in discover(instance):
        if folder := found.folder("migrations"):
            folders[found.name] = folder
    return folders


def alembic_config(instance: Path) -> Config:
    """Return Alembic's configuration for all branches."""
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    places = "\n".join(str(folder) for folder in version_folders(instance).values())
    config.set_main_option("version_locations", places.replace("%", "%%"))
    return config


@cache
def _script(instance: Path) -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config(instance))


def reachable(script: ScriptDirectory, stamps: Sequence[str]) -> set[str]:
    """Return every revision that these stamps imply, by descent and by dependency."""
    found: set[str] = set()
    waiting = list(stamps)
    while waiting:
        revision = script.get_revision(waiting.pop())
        if revision is None or revision.revision in found:
            continue
        found.add(revision.revision)
        waiting += [*revision._versioned_down_revisions, *revision._resolved_dependencies]
    return found


def pending_branches() -> dict[str, str]:
    """Return the branches that are behind, each with the head it lacks."""
    instance = Path(current_app.config["INSTANCE_PATH"]).absolute()
    script = _script(instance)
    with only_reading(), db.engine.connect() as connection:
        stamps = MigrationContext.configure(connection).get_current_heads()
    try:
        there = reachable(script, stamps)
    except Exception as error:
        if "Can't locate revision" not in str(error):
            raise
        there = set()
    heads = {head: script.get_revision(head) for head in script.get_heads()}
    return {
        next(iter(revision.branch_labels), head.partition("_")[0]): head
        for head, revision in heads.items()
        if head not in there
    }
