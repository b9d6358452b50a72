"""Imports in every state in which somebody looks at them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from sqlalchemy import update

from lms_bridge.db import db, now
from lms_bridge.imports import store
from lms_bridge.imports.running import run_step
from lms_bridge.models import Import, ImportState
from tests.imports import messy
from tests.spreadsheets import files

STATES = ("mapping", "staging", "ready", "done", "refused")


def import_lists(folder: Path) -> dict[str, int]:
    """Begin an import for each state, in the agency that is chosen, and bring it there; returns their ids."""
    return {state: _bring_to(state, folder / f"{state}.xlsx", place * 10) for place, state in enumerate(STATES)}


def _bring_to(state: str, path: Path, first: int) -> int:
    rows = [messy.good_row(first + 1), messy.good_row(first + 2), messy.faulty_row(first + 3, "nip-number-format")]
    files.workbook(path, [list(messy.HEADINGS), *rows])
    if state == "refused":
        path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    number = store.begin_import(path, kind="people", file_name="Daftar pegawai Dinas 2026.xlsx", by=None, now=now())
    _work(number)
    if state in {"staging", "ready", "done"}:
        store.choose_columns(number, store.get_import(number).columns)
        _work(number, until=ImportState(state))
    if state == "done":
        store.want_apply(number)
        _work(number)
    if state == "staging":
        # Somebody holds it for a while, so that no worker of a test goes on with it.
        held = {"lease": "another", "lease_until": now() + dt.timedelta(days=1), "rows_read": 1}
        db.session.execute(update(Import).where(Import.id == number).values(**held))
        db.session.commit()
    return number


def _work(number: int, *, until: ImportState | None = None) -> None:
    db.session.commit()
    if until is not ImportState.STAGING and (claimed := store.claim(number)):
        run_step(*claimed)
