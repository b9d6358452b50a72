"""One step of an import, by whoever holds its lease: the worker, or the command line."""

from __future__ import annotations

import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError

from lms_bridge.database_faults import Fault, fault_of
from lms_bridge.db import acting_as, db, now
from lms_bridge.engine import only_reading
from lms_bridge.imports.applying import apply_rows, refresh_statistics
from lms_bridge.imports.errors import UndoRefused
from lms_bridge.imports.staging import Told, read_headings, stage
from lms_bridge.imports.store import LeaseLost, forget_file, get_import, hold, kind_of, release
from lms_bridge.imports.undoing import undo_rows
from lms_bridge.models import ImportState
from lms_bridge.services.unit_tree import UnitCircle

TRIES = 3
"""How often applying begins again when somebody else makes one of the rows at the same moment."""
_AFTER_FAILURE = {
    ImportState.UPLOADED: ImportState.REFUSED,
    ImportState.STAGING: ImportState.REFUSED,
    ImportState.APPLYING: ImportState.READY,
    ImportState.UNDOING: ImportState.DONE,
}
log = structlog.get_logger("lms_bridge.imports")


class LetGo(RuntimeError):
    """Raised by whoever is told of the progress, to stop here: the import goes on later where it was."""


def run_step(import_id: int, agency_id: int, lease: str, *, told: Told = lambda done, total: None) -> None:
    """Do what the state of an import asks for, and leave it in the next one."""
    with acting_as(agency_id):
        with only_reading():
            state = get_import(import_id).state
            db.session.rollback()
        try:
            if state == ImportState.UPLOADED:
                read_headings(import_id, lease)
            elif state == ImportState.STAGING:
                stage(import_id, lease, told=told)
            elif state == ImportState.APPLYING:
                _apply(import_id, lease)
            elif state == ImportState.UNDOING:
                _undo(import_id, lease)
        except LeaseLost:
            log.info("import taken over", import_id=import_id)
            return
        except LetGo:
            db.session.rollback()
            release(import_id, lease, state)
            db.session.commit()
            return
        except Exception as error:
            db.session.rollback()
            if isinstance(error, DBAPIError) and fault_of(error) is not Fault.STATEMENT:
                raise
            # It would fail again and again: whoever began it is told, and the log knows why.
            log.exception("import failed", import_id=import_id, kind=type(error).__name__)
            release(import_id, lease, _AFTER_FAILURE[state], refusal="unexpected")
            db.session.commit()
            return
    log.info("import step done", import_id=import_id, state=state.value)


def _apply(import_id: int, lease: str) -> None:
    for attempt in range(TRIES):
        try:
            hold(import_id, lease)  # and its row: however long it takes, nobody takes it over meanwhile
            kind = kind_of(get_import(import_id))
            new, changed = apply_rows(import_id, kind)
            forget_file(import_id)
            applied = {"rows_new": new, "rows_changed": changed, "applied_at": now()}
            release(import_id, lease, ImportState.DONE, **applied)
            db.session.commit()
            refresh_statistics(kind.table)
            return
        except (IntegrityError, UnitCircle):
            db.session.rollback()
            if attempt == TRIES - 1:
                # What a row refers to is gone, or it breaks a rule of the table: a fresh check names the row.
                release(import_id, lease, ImportState.MAPPING)
                db.session.commit()


def _undo(import_id: int, lease: str) -> None:
    try:
        hold(import_id, lease)
        undo_rows(import_id, kind_of(get_import(import_id)))
        release(import_id, lease, ImportState.UNDONE, undone_at=now())
    except UndoRefused as error:
        db.session.rollback()
        release(import_id, lease, ImportState.DONE, refusal=error.reason, refused_at=error.what[:255])
    db.session.commit()
