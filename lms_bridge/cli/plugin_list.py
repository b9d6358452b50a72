"""``lms-bridge plugin list``: every plugin there is, was, or should be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from flask import current_app

from lms_bridge.cli.common import with_app
from lms_bridge.plugin_host import host
from lms_bridge.plugin_host.discovery import discover
from lms_bridge.services.plugin_grades import kept_grade
from lms_bridge.services.schema import pending_branches, uninstalled_branches, version_folders


@dataclass(frozen=True, slots=True)
class Row:
    """One plugin: what it is, how its tables stand, what it was found worth, and what is wrong with it."""

    name: str
    version: str
    state: str
    tables: str
    grade: str
    reason: str = ""


@click.command("list")
@with_app
def list_plugins() -> None:
    """List plugins with version, state, state of their tables, and grade; below one set aside, the reason.

    Example: lms-bridge plugin list
    """
    rows = sorted(_rows(), key=lambda row: row.name)
    if not rows:
        click.echo("No plugin is installed.", err=True)
        return
    cells = [(row.name, row.version, row.state, row.tables, row.grade) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row, line in zip(rows, cells, strict=True):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
        if row.reason:
            click.echo(f"    -> {row.reason}")


def _rows() -> Iterator[Row]:
    instance = Path(current_app.config["INSTANCE_PATH"]).absolute()
    states, installed = host().states, {found.name for found in discover(instance)}
    for name, state in states.items():
        version = state.declaration.version if state.declaration else "-"
        reason = f"{state.reason}: {state.hint}" if state.reason else ""
        grade = kept_grade(name, version, instance) or "not checked"
        yield Row(name, version, state.state, _tables(name, instance), grade, reason)
    why = "LMS_BRIDGE_SAFE_MODE" if host().safe_mode else "LMS_BRIDGE_DISABLED_PLUGINS or LMS_BRIDGE_LOAD_PLUGINS"
    for name in installed - states.keys():
        yield Row(name, "-", "switched off", _tables(name, instance), "-", f"by {why}")
    for name in set(uninstalled_branches()) - installed:
        hint = f"install it again, or run: lms-bridge plugin forget {name}"
        yield Row(name, "-", "uninstalled", "tables left", "-", hint)


def _tables(name: str, instance: Path) -> str:
    if name not in version_folders(instance):
        return "no tables"
    return "tables behind" if name in pending_branches() else "tables up to date"
