"""``lms-bridge people``: lists of units, posts, people and what hangs on them, in and out again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click
from flask_babel import force_locale
from sqlalchemy import select

from lms_bridge.cli.common import Unusable, agency_of, with_app
from lms_bridge.db import acting_as, db, now
from lms_bridge.errors import BridgeError
from lms_bridge.imports import store
from lms_bridge.imports.error_file import write_error_file
from lms_bridge.imports.errors import undo_sentence
from lms_bridge.imports.headings import missing_columns
from lms_bridge.imports.lists import KINDS
from lms_bridge.imports.running import run_step
from lms_bridge.imports.template import write_template
from lms_bridge.models import Import, ImportState
from lms_bridge.spreadsheets.faults import next_step, sentence

KIND = click.Choice(list(KINDS))
_agency_option = click.option("--agency", "code", required=True, help="Code of the agency.")
_language_option = click.option(
    "--language", type=click.Choice(["id", "en"]), default="id", show_default=True, help="Language of the file."
)


@click.group("people")
def people_group() -> None:
    """Lists of units, posts, people, placements, superiors, programmes and who takes part."""


@people_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_agency_option
@click.option("--kind", type=KIND, default="people", show_default=True, help="What the list holds.")
@click.option("--column", "columns", multiple=True, metavar="HEADING=FIELD", help="What a column is; remembered.")
@click.option("--dry-run", is_flag=True, help="Check the list and say what would happen; change nothing.")
@click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the rows with faults.")
@_language_option
@with_app
def import_list(
    file: Path, code: str, kind: str, columns: tuple[str, ...], dry_run: bool, errors: Path | None, language: str
) -> None:
    """Import the XLSX or CSV list FILE. Good rows are applied all at once; rows with faults go to a file of their own.

    Example: lms-bridge people import pegawai.xlsx --agency demo --kind people --dry-run
    """
    with acting_as(agency_of(code).id), _plainly():
        import_id = store.begin_import(file, kind=kind, file_name=file.name, by=None, now=now())
        db.session.commit()
        row = _advance(import_id)
        if row.state == ImportState.REFUSED:
            store.discard(import_id)
            db.session.commit()
            raise Unusable(f"{sentence(row.refusal or '', row.refused_at or '')} {next_step(row.refusal or '')}")
        store.choose_columns(import_id, _chosen(row, columns))
        db.session.commit()
        row = _advance(import_id)
        faulty = row.rows_faulty
        if faulty:
            target = errors or file.with_name(f"{file.stem}-errors.xlsx")
            with target.open("wb") as opened, force_locale(language):
                write_error_file(import_id, opened)
            click.echo(f"{faulty} rows have faults; they are in {target}", err=True)
        if dry_run:
            click.echo(f"Would make {row.rows_new} and change {row.rows_changed} of {row.rows_read} rows.")
            store.discard(import_id)
        else:
            store.want_apply(import_id)
            db.session.commit()
            _tell(_advance(import_id))
    if faulty:
        raise SystemExit(1)


@people_group.command("imports")
@_agency_option
@with_app
def list_imports(code: str) -> None:
    """List the imports of an agency, the last first.

    Example: lms-bridge people imports --agency demo
    """
    with acting_as(agency_of(code).id):
        for row in db.session.scalars(select(Import).order_by(Import.id.desc())):
            counts = f"read {row.rows_read}, new {row.rows_new}, changed {row.rows_changed}, faulty {row.rows_faulty}"
            click.echo(f"{row.id}\t{row.created_at:%Y-%m-%d %H:%M}\t{row.kind}\t{row.state.value}\t{counts}")


@people_group.command("apply")
@click.argument("number", type=int)
@_agency_option
@with_app
def apply_import(number: int, code: str) -> None:
    """Go on with the import NUMBER where it was left, and apply its good rows.

    Example: lms-bridge people apply 7 --agency demo
    """
    with acting_as(agency_of(code).id), _plainly():
        row = _advance(number)
        if row.state == ImportState.MAPPING:
            store.choose_columns(number, row.columns)
            db.session.commit()
            row = _advance(number)
        store.want_apply(number)
        db.session.commit()
        _tell(_advance(number))


@people_group.command("undo")
@click.argument("number", type=int)
@_agency_option
@with_app
def undo_import(number: int, code: str) -> None:
    """Take back all that the import NUMBER did, or nothing where later work stands on it.

    Example: lms-bridge people undo 7 --agency demo
    """
    with acting_as(agency_of(code).id), _plainly():
        store.want_undo(number)
        db.session.commit()
        row = _advance(number)
        if row.state != ImportState.UNDONE:
            raise Unusable(undo_sentence(row.refusal or "unexpected", row.refused_at or ""))
        click.echo(f"Import {number} is undone.")


@people_group.command("discard")
@click.argument("number", type=int)
@_agency_option
@with_app
def discard_import(number: int, code: str) -> None:
    """Throw away the import NUMBER, which was not applied.

    Example: lms-bridge people discard 12 --agency demo
    """
    with acting_as(agency_of(code).id), _plainly():
        store.discard(number)
        click.echo(f"Import {number} is thrown away.")


@people_group.command("errors")
@click.argument("number", type=int)
@click.argument("file", type=click.File("wb"))
@_agency_option
@_language_option
@with_app
def write_errors(number: int, file: BinaryIO, code: str, language: str) -> None:
    """Write the faulty rows of the import NUMBER, each with its reason, to the XLSX file FILE.

    Example: lms-bridge people errors 12 faults.xlsx --agency demo
    """
    with acting_as(agency_of(code).id), _plainly(), force_locale(language):
        click.echo(f"{write_error_file(number, file)} rows.", err=True)


@people_group.command("template")
@click.argument("kind", type=KIND)
@click.argument("file", type=click.File("wb"))
@_agency_option
@_language_option
@with_app
def write_list_template(kind: str, file: BinaryIO, code: str, language: str) -> None:
    """Write the template of a list, with drop-down lists, to the XLSX file FILE.

    Example: lms-bridge people template people pegawai.xlsx --agency demo
    """
    with acting_as(agency_of(code).id), force_locale(language):
        write_template(KINDS[kind], file)


@contextmanager
def _plainly() -> Iterator[None]:
    """Tell a refusal in an English sentence, as all commands do, and without a traceback."""
    with force_locale("en"):
        try:
            yield
        except BridgeError as error:
            raise Unusable(" ".join([str(error.detail), *map(str, error.steps)])) from error


def _advance(import_id: int) -> Import:
    """Bring an import to where somebody decides, here or by watching the worker that has it; returns it."""
    row = store.get_import(import_id)
    if row.state not in store.WORK:
        return row
    progress: Any = click.progressbar(length=row.rows_total or 1, label=row.state.value.capitalize(), file=sys.stderr)
    with progress as bar:
        told = _moving(bar)
        while row.state in store.WORK:
            db.session.commit()
            if claimed := store.claim(import_id):
                run_step(*claimed, told=told)
            else:
                time.sleep(0.2)
            db.session.rollback()
            row = store.get_import(import_id)
            told(row.rows_read, row.rows_total)
    return row


def _moving(bar: Any) -> Callable[[int, int], None]:
    def told(done: int, total: int) -> None:
        bar.length = max(total, 1)
        bar.update(min(done, bar.length) - bar.pos)

    return told


def _chosen(row: Import, columns: tuple[str, ...]) -> list[str]:
    chosen, kind = list(row.columns), store.kind_of(row)
    for column in columns:
        heading, _, field = column.rpartition("=")
        if heading not in row.headings or (field and kind.column(field) is None):
            raise Unusable(
                f"{column}: headings are {', '.join(filter(None, row.headings))}; fields are {_fields(row)}."
            )
        chosen[row.headings.index(heading)] = field
    if missing := missing_columns(chosen, kind):
        store.discard(row.id)
        db.session.commit()
        raise Unusable(
            f"No column is {', '.join(missing)}. Headings are {_headings(row)}; "
            "say which is which by --column HEADING=FIELD."
        )
    return chosen


def _headings(row: Import) -> str:
    return ", ".join(filter(None, row.headings))


def _fields(row: Import) -> str:
    return ", ".join(column.field for column in store.kind_of(row).columns)


def _tell(row: Import) -> None:
    if row.state != ImportState.DONE:
        raise Unusable(f"Import {row.id} was not applied; it is {row.state.value}. See: lms-bridge people imports")
    click.echo(f"Import {row.id}: {row.rows_new} made, {row.rows_changed} changed, of {row.rows_read} rows.")
