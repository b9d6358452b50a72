"""``lms-bridge plugin new``: begin a plugin."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import click
from sqlalchemy import NullPool, create_engine, inspect, make_url
from sqlalchemy.exc import SQLAlchemyError

from lms_bridge.cli.common import Unusable
from lms_bridge.plugin_host.discovery import discover
from lms_bridge.scaffold import BadName, check_new_name, write_plugin
from lms_bridge.settings import load_settings


@click.command("new")
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder in which the plugin's own folder is made; by default this one.",
)
def new(name: str, into: Path) -> None:
    """Write a plugin to begin with: a page, a table, a grade, both languages and tests.

    Example: lms-bridge plugin new attendance
    """
    folder = into / name
    try:
        check_new_name(name, taken={found.name for found in discover(load_settings().instance)})
        files = write_plugin(name, folder)
    except BadName as error:
        raise Unusable(str(error)) from error
    except FileExistsError as error:
        raise Unusable(f"{folder} exists already. Move it away, or write elsewhere: --into FOLDER") from error
    if tables := _left_by_namesake(name):
        click.echo(
            f"Attention: a plugin {name} that is not installed any more has left tables in the database "
            f"({', '.join(tables)}). Take another name, or give them up: lms-bridge plugin forget {name}\n",
            err=True,
        )
    click.echo(f"{len(files)} files are in {folder}{os.sep}. Install it, make its table, test it, and open it:\n")
    for command, purpose in next_steps(folder).items():
        click.echo(f"  {command}\n      # {purpose}")


def _left_by_namesake(name: str) -> list[str]:
    """Return the tables of an uninstalled plugin of this name; none where there is no database to ask."""
    url = make_url(load_settings().database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return []
    engine = create_engine(url, poolclass=NullPool)
    try:
        return sorted(table for table in inspect(engine).get_table_names() if table.startswith(f"{name}_"))
    except SQLAlchemyError:
        return []


def next_steps(folder: Path) -> dict[str, str]:
    """Return the commands that follow, as this shell can run them, each with what it is for."""
    place = shlex.quote(str(folder) if folder.is_absolute() else os.path.join(os.curdir, folder))
    return {
        f"{_program('pip')} install --no-build-isolation --no-deps -e {place}": "beside the bridge, without network",
        f"{_program('lms-bridge')} db upgrade": "the demo does this by itself when it starts",
        f"{_program('pytest')} -q {place}": "needs pytest: make develop",
        f"{_program('lms-bridge')} demo run": "or make demo; the teacher finds it under Select content",
    }


def _program(name: str) -> str:
    """Return a program of this environment by its name, or with its folder where the shell would find another."""
    ours = Path(sys.executable).with_name(name)
    found = shutil.which(name)
    return name if found and Path(found) == ours else shlex.quote(os.path.relpath(ours))
