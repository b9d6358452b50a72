"""``lms-bridge plugin forget``: drop what an uninstalled plugin has left."""

from __future__ import annotations

import io
from pathlib import Path

import click
from alembic import command
from flask import current_app

from lms_bridge.cli.common import Unusable, with_bare_app
from lms_bridge.cli.database import alembic_config
from lms_bridge.db import db, now
from lms_bridge.plugin_host.discovery import discover
from lms_bridge.plugin_host.failures import forget_failures
from lms_bridge.plugin_host.names import is_plugin_name
from lms_bridge.services.plugin_grades import forget_verdict
from lms_bridge.services.plugin_remains import Remains, drop_remains, export_remains, remains_of


@click.command("forget")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask to type the name.")
@with_bare_app
def forget(name: str, yes: bool) -> None:
    """Drop the tables of NAME, a plugin that was uninstalled, with its migrations' marks and its settings.

    What goes is written to the instance folder first.

    Example: lms-bridge plugin forget survey
    """
    instance = Path(current_app.config["INSTANCE_PATH"]).absolute()
    _refuse_installed(name, instance)
    remains = remains_of(name)
    if not remains:
        raise Unusable(f"Nothing is left of {name}. See: lms-bridge plugin list")
    _tell(remains)
    if not yes and click.prompt(f"Type {name} to drop this for good") != name:
        raise Unusable("That is another name. Nothing was dropped.")
    folder = instance / "forgotten" / f"{name}-{now():%Y%m%d-%H%M%S}"
    export_remains(remains, folder)
    drop_remains(remains)
    db.session.commit()
    _restore_marks(instance)
    forget_verdict(name, instance)
    forget_failures(instance, name)
    click.echo(f"{name} is forgotten. What it held is in {folder}; it may be about people, so keep or delete it.")


def _refuse_installed(name: str, instance: Path) -> None:
    if not is_plugin_name(name):
        # The beginning of core's own tables, such as core_placement, would take them for a plugin's.
        raise Unusable(f"{name} is no plugin. See: lms-bridge plugin list")
    for found in discover(instance):
        if found.name == name:
            how = f"remove {found.file}" if found.file else f"pip uninstall the distribution of {found.module}"
            raise Unusable(f"{name} is still installed; forgetting is for what is gone. First {how}.")


def _tell(remains: Remains) -> None:
    for table, rows in remains.tables.items():
        click.echo(f"  {table}: {rows} rows")
    click.echo(f"  {len(remains.revisions)} applied migrations, {remains.settings} settings of agencies")
    if remains.deliveries:
        click.echo(f"  {remains.deliveries} events that wait for it or were handled by it")


def _restore_marks(instance: Path) -> None:
    """Let Alembic mark core's place by its own revision again, which the plugin's had stood for."""
    config = alembic_config(instance)
    config.stdout = io.StringIO()
    command.current(config)
