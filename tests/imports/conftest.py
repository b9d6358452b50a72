"""Importing lists into the demo agency, without a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lms_bridge.db import acting_as, db, now
from lms_bridge.imports.running import run_step
from lms_bridge.imports.store import begin_import, choose_columns, claim, get_import, want_apply, want_undo
from lms_bridge.models import Agency, Import
from lms_bridge.testing.instance import make_app
from tests.spreadsheets import files


@pytest.fixture
def app(database: str, tmp_path: Path) -> Iterator[Flask]:
    """The bridge on the test's database, working for the demo agency."""
    app = make_app(tmp_path / "instance", database, None)
    with app.app_context():
        agency = db.session.scalar(select(Agency.id).where(Agency.code == "demo"))
        with acting_as(agency):
            yield app
        db.session.remove()
        db.engine.dispose()


def work() -> int:
    """Do what a worker would do with the imports that wait; returns the number of steps."""
    steps = 0
    while claimed := claim():
        run_step(*claimed)
        steps += 1
    db.session.rollback()
    return steps


@pytest.fixture
def upload(app: Flask, tmp_path: Path) -> Callable[..., Import]:
    """Send rows as an XLSX file, and let the worker read its headings."""

    def upload(kind: str, rows: list[list[Any]], *, file_name: str = "daftar.xlsx") -> Import:
        path = files.workbook(tmp_path / "upload", rows)
        return upload_file(kind, path, file_name=file_name)

    return upload


def upload_file(kind: str, path: Path, *, file_name: str = "daftar.xlsx") -> Import:
    """Send a file, and let the worker read its headings."""
    import_id = begin_import(path, kind=kind, file_name=file_name, by=None, now=now())
    db.session.commit()
    work()
    return get_import(import_id)


def check(row: Import, columns: list[str] | None = None) -> Import:
    """Confirm the columns, and let the worker check the rows."""
    choose_columns(row.id, columns or row.columns)
    db.session.commit()
    work()
    return get_import(row.id)


def applied(row: Import) -> Import:
    """Let the worker apply an import."""
    want_apply(row.id)
    db.session.commit()
    work()
    return get_import(row.id)


def undone(row: Import) -> Import:
    """Let the worker undo an import."""
    want_undo(row.id)
    db.session.commit()
    work()
    return get_import(row.id)
