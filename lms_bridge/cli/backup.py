"""``lms-bridge db backup|restore``: a whole copy of the database in one file, while the server runs, and back."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
from flask import current_app
from sqlalchemy import inspect

from lms_bridge.cli.common import Unusable, with_bare_app
from lms_bridge.cli.database import back_up, db_group
from lms_bridge.db import db, now
from lms_bridge.services.schema import pending_branches

PAGES = 500
"""Pages of SQLite that are copied between two looks at the progress bar; writers get in between."""


@db_group.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@with_bare_app
def backup(file: Path | None) -> None:
    """Copy the database into FILE, by default into the folder backups of the instance path. The server may run.

    The secret key and the settings are not in it: keep them too, and apart from it.

    Example: lms-bridge db backup /var/backups/lms_bridge.backup
    """
    file = file or Path(current_app.config["INSTANCE_PATH"]) / "backups" / f"lms_bridge-{now():%Y%m%d-%H%M%S}.backup"
    if file.exists():
        raise Unusable(f"{file} exists. Name another file; a backup is never overwritten.")
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    try:
        # Whoever can read the copy can read everything in it.
        part.touch(mode=0o600)
        if db.engine.dialect.name == "sqlite":
            _copy_sqlite(_sqlite_file(), part)
        else:
            _run("pg_dump", "--format=custom", f"--file={part}")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    click.echo(str(file))


@db_group.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--check", is_flag=True, help="Only look whether FILE can be restored.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@with_bare_app
def restore(file: Path, check: bool, yes: bool) -> None:
    """Put the database back as it was when FILE was made. Stop the server and the workers before.

    What was stored since is gone here. Afterwards run: lms-bridge db upgrade, lms-bridge doctor

    Example: lms-bridge db restore --check /var/backups/lms_bridge.backup
    """
    sqlite = db.engine.dialect.name == "sqlite"
    _check_sqlite(file) if sqlite else _check_dump(file)
    if check:
        click.echo(f"{file} can be restored.")
        return
    if not yes:
        click.confirm("Everything that is in the database now is replaced. Go on?", abort=True, err=True)
    db.session.remove()
    if sqlite:
        back_up()
        _copy_sqlite(file, _sqlite_file())
    else:
        _run("pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", str(file))
    db.engine.dispose()
    behind = ", ".join(sorted(pending_branches()))
    click.echo(f"Restored from {file}.")
    if behind:
        click.echo(f"Its tables are older than this release ({behind}). Run: lms-bridge db upgrade", err=True)


def _sqlite_file() -> Path:
    # The engine knows where the file lies; the setting may name it relative to the instance path.
    return Path(db.engine.url.database or "")


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copy by SQLite's own means: a copied file would lack what was written last, which lies in the log beside it."""
    with (
        click.progressbar(length=1, label="Copying", file=sys.stderr) as bar,
        closing(sqlite3.connect(source, timeout=10)) as read,
        closing(sqlite3.connect(target, timeout=10)) as written,
    ):

        def show(_status: int, remaining: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(max(total - remaining - bar.pos, 0))

        read.backup(written, pages=PAGES, progress=show)


def _check_sqlite(file: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{file.absolute()}?mode=ro", uri=True)) as opened:
            sound = opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            found = {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        raise Unusable(f"{file} is no backup of an SQLite database ({error}).") from error
    if not sound or "core_schema_ledger" not in found:
        raise Unusable(f"{file} is damaged." if not sound else f"{file} holds no database of lms_bridge.")


def _check_dump(file: Path) -> None:
    listed = _run("pg_restore", "--list", str(file), connect=False)
    tables = {line.split()[5] for line in listed.splitlines() if " TABLE public " in line}
    if "core_schema_ledger" not in tables:
        raise Unusable(f"{file} holds no database of lms_bridge.")
    # pg_restore replaces what is in the file and leaves the rest, which would then not fit.
    if left := sorted(set(inspect(db.engine).get_table_names()) - tables):
        raise Unusable(f"The database has tables that {file} lacks, such as {left[0]}. Restore into an empty database.")


def _run(program: str, *arguments: str, connect: bool = True) -> str:
    """Run a program of PostgreSQL on the database. The password goes by the environment: arguments can be seen."""
    if shutil.which(program) is None:
        raise Unusable(
            f"{program} is not installed here. On Debian or Ubuntu: apt install postgresql-client; or let the "
            "administrator of the PostgreSQL server do it."
        )
    url = db.engine.url
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    place = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    command = [program, *(["--dbname", place] if connect else []), *arguments]
    with _label(f"{program} runs"):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it did not say why"]
        raise Unusable(f"{program} failed: {said[0]}")
    return done.stdout


@contextmanager
def _label(words: str) -> Iterator[None]:
    """Say what takes a while, where somebody looks on."""
    if sys.stderr.isatty():
        click.echo(f"{words} …", err=True)
    yield
