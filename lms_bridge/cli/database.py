"""``lms-bridge db``: upgrade branch by branch, make migrations."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

import click
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import inspect

from lms_bridge.cli.common import Unusable, with_app, with_bare_app
from lms_bridge.db import db, now
from lms_bridge.plugin_host.discovery import discover
from lms_bridge.services.frameworks import load_shipped_framework
from lms_bridge.services.schema import migrations_folder, pending_branches, version_folders


@click.group("db")
def db_group() -> None:
    """Database: create, upgrade, change."""


@db_group.command()
@with_bare_app
def upgrade() -> None:
    """Bring the database up to date: core first, then each plugin on its own.

    One plugin's failure leaves the others working. An SQLite database is copied beside itself first.

    Example: lms-bridge db upgrade
    """
    failed = upgrade_all()
    for branch, reason in failed.items():
        click.echo(f"{branch}: failed ({reason}); the others are up to date", err=True)
    if failed:
        raise SystemExit(1)


def upgrade_all() -> dict[str, str]:
    """Upgrade every branch; return those that failed with the reason. A fault in core is raised."""
    instance = Path(current_app.config["INSTANCE_PATH"])
    behind = pending_branches()
    if behind:
        back_up()
    failed = unreadable = _unreadable(instance)
    for branch in sorted(behind.keys() - unreadable, key=lambda name: (name != "core", name)):
        config = alembic_config(instance, without=unreadable)
        config.attributes["branch"] = branch
        try:
            command.upgrade(config, f"{branch}@head")
        except Exception as error:
            if branch == "core":
                raise
            failed = {**failed, branch: _reason(error)}
        else:
            click.echo(f"{branch}: at {behind[branch]}", err=True)
    load_shipped_framework()
    db.session.commit()
    return failed


def _unreadable(instance: Path) -> dict[str, str]:
    """Return the plugins whose migrations cannot be loaded, each with the reason: Alembic would stop for everybody."""
    branches = version_folders(instance)
    failed = {}
    for branch in branches.keys() - {"core"}:
        config = alembic_config(instance, without=branches.keys() - {"core", branch})
        try:
            list(ScriptDirectory.from_config(config).walk_revisions())
        except Exception as error:
            failed[branch] = _reason(error)
    return failed


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


def alembic_config(instance: Path, *, without: Collection[str] = ()) -> Config:
    """Return Alembic's configuration for all branches but some."""
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    places = "\n".join(str(folder) for branch, folder in version_folders(instance).items() if branch not in without)
    config.set_main_option("version_locations", places.replace("%", "%%"))
    return config


def back_up() -> None:
    """Copy an SQLite database that holds something before it is changed."""
    if db.engine.dialect.name == "sqlite" and inspect(db.engine).has_table("alembic_version"):
        db.session.remove()
        # The engine knows where the file lies; the setting may name it relative to the instance path.
        path = Path(db.engine.url.database or "")
        copy = path.with_name(f"{path.name}.{now():%Y%m%d-%H%M%S}.backup")
        # By SQLite's own means: a copied file would lack what was written last, which lies in the log beside it.
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)


@db_group.command()
@click.argument("branch")
@click.option("-m", "--message", required=True, help="What the migration does, in a few words.")
@with_app
def makemigration(branch: str, message: str) -> None:
    """Write the migration that brings BRANCH (core or a plugin) to its models. Read it before you commit it.

    Example: lms-bridge db makemigration core -m "add audit log"
    """
    instance = Path(current_app.config["INSTANCE_PATH"])
    folders = version_folders(instance)
    if branch not in folders and (package := _package(branch, instance)):
        # The first migration of a plugin makes their folder.
        folders[branch] = package / "migrations"
        folders[branch].mkdir()
    if branch not in folders:
        raise Unusable(f"There is no branch {branch}. Known: {', '.join(folders)}")
    config = alembic_config(instance)
    config.attributes["branch"] = branch
    numbers = [
        int(match[1]) for file in folders[branch].glob("*.py") if (match := re.match(rf"{branch}_(\d+)", file.stem))
    ]
    revision = f"{branch}_{max(numbers, default=0) + 1:04}"
    first = not numbers
    core_heads = [head for head in ScriptDirectory.from_config(config).get_heads() if head.startswith("core_")]
    slug = re.sub(r"\W+", "_", message.lower()).strip("_")[:40]
    written = command.revision(
        config,
        message=message,
        autogenerate=True,
        rev_id=revision,
        head="base" if first else f"{branch}@head",
        branch_label=branch if first else None,
        version_path=str(folders[branch]),
        depends_on=core_heads[0] if first and branch != "core" else None,
    )
    if written is None or isinstance(written, list):
        raise Unusable("no migration was written")
    target = Path(written.path).with_name(f"{revision}_{slug}.py")
    Path(written.path).rename(target)
    click.echo(str(target))


def _package(plugin: str, instance: Path) -> Path | None:
    """Return the folder of an installed plugin's package; a single dropped-in file has none."""
    return next((found.package for found in discover(instance) if found.name == plugin), None)
