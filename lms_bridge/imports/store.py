"""Imports as rows: begun, decided upon, taken by one worker at a time, thrown away."""

from __future__ import annotations

import datetime as dt
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, insert, or_, select, update

from lms_bridge.db import changed_rows, current_agency, db, now, upsert
from lms_bridge.errors import NotFound
from lms_bridge.imports.cells import folded
from lms_bridge.imports.errors import ColumnsMissing, ImportNotThere, UndoRefused
from lms_bridge.imports.headings import missing_columns
from lms_bridge.imports.kinds import Kind
from lms_bridge.imports.lists import KINDS
from lms_bridge.models import Import, ImportFile, ImportMapping, ImportRow, ImportState
from lms_bridge.services.audit import audit

LEASE = dt.timedelta(seconds=60)
PART = 2**20
KEPT = dt.timedelta(days=90)
"""How long an import can be undone; then its rows, which hold personal data, are deleted."""
ABANDONED = dt.timedelta(days=14)
"""After which an import that nobody decided upon is thrown away."""
WORK = (ImportState.UPLOADED, ImportState.STAGING, ImportState.APPLYING, ImportState.UNDOING)
"""States in which a worker acts."""
OPEN = (ImportState.UPLOADED, ImportState.MAPPING, ImportState.STAGING, ImportState.READY, ImportState.REFUSED)
"""States in which nothing but the staged rows exists, so that it can be thrown away."""
_I, _F, _R, _M = Import.__table__, ImportFile.__table__, ImportRow.__table__, ImportMapping.__table__


class LeaseLost(RuntimeError):
    """Another worker has taken the import over: what this one was about to store must not be stored."""


def begin_import(path: Path, *, kind: str, file_name: str, by: int | None, now: dt.datetime) -> int:
    """Keep a file as a new import, for a worker to read; returns its id."""
    row = Import(kind=KINDS[kind].name, file_name=file_name[-255:], created_by_id=by, created_at=now)
    db.session.add(row)
    db.session.flush()
    with path.open("rb") as file:
        number = 0
        while part := file.read(PART):
            values = {"import_id": row.id, "number": number, "content": part, "agency_id": current_agency()}
            db.session.execute(insert(_F), values)
            number += 1
    return row.id


def get_import(import_id: int) -> Import:
    """Return an import of the agency.

    :raises NotFound: there is none with this id.
    """
    row = db.session.scalar(select(Import).where(Import.id == import_id))
    if row is None:
        raise NotFound(_("There is no such import."))
    return row


def kind_of(row: Import) -> Kind:
    """Return what an import brings."""
    return KINDS[row.kind]


@contextmanager
def kept_file(import_id: int) -> Iterator[Path]:
    """Put the file of an import together again, for as long as it is read."""
    with tempfile.NamedTemporaryFile(prefix="lms-bridge-import-") as file:
        number = 0
        while (part := _part(import_id, number)) is not None:
            file.write(part)
            number += 1
        file.flush()
        yield Path(file.name)


def _part(import_id: int, number: int) -> bytes | None:
    return db.session.execute(
        select(_F.c.content).where(_F.c.import_id == import_id, _F.c.number == number)
    ).scalar_one_or_none()


def remembered_columns(kind: str) -> dict[str, str]:
    """Return what the agency's headings meant last time."""
    return db.session.scalar(select(ImportMapping.fields).where(ImportMapping.kind == kind)) or {}


def choose_columns(import_id: int, columns: Sequence[str]) -> None:
    """Say what each column is, remember it for the agency, and let the worker read the rows.

    :raises ColumnsMissing: a column that this kind of list needs is none of them.
    :raises ImportNotThere: the rows are being read already.
    """
    row = get_import(import_id)
    kind = kind_of(row)
    if missing := missing_columns(columns, kind):
        raise ColumnsMissing([str(column.title) for column in kind.columns if column.field in missing])
    _go(row, ImportState.STAGING, since=(ImportState.MAPPING, ImportState.READY), columns=list(columns))
    forget_rows(import_id)
    told = {folded(heading): field for heading, field in zip(row.headings, columns, strict=True) if heading}
    fields = {**remembered_columns(row.kind), **told}
    upsert(_M, key={"agency_id": current_agency(), "kind": row.kind}, values={"fields": fields})


def want_apply(import_id: int) -> None:
    """Let the worker apply the good rows.

    :raises ImportNotThere: it is not ready, or applied already.
    """
    _go(get_import(import_id), ImportState.APPLYING, since=(ImportState.READY,), refusal=None)


def want_undo(import_id: int) -> None:
    """Let the worker take everything back.

    :raises ImportNotThere: it was not applied, or is undone already.
    :raises UndoRefused: its rows are no longer kept.
    """
    row = get_import(import_id)
    if row.applied_at is not None and row.applied_at < now() - KEPT:
        raise UndoRefused("too-late", "")
    _go(row, ImportState.UNDOING, since=(ImportState.DONE,), refusal=None, refused_at=None)


def discard(import_id: int) -> None:
    """Throw away an import that was not applied, with its file and rows.

    :raises ImportNotThere: it is applied, or just being so.
    """
    row = get_import(import_id)
    _go(row, ImportState.DISCARDED, since=OPEN)
    forget_rows(import_id)
    forget_file(import_id)


def _go(row: Import, state: ImportState, *, since: Sequence[ImportState], **values: object) -> None:
    # By one statement, so that of two clicks at once one wins.
    mine = update(_I).where(_I.c.id == row.id, _I.c.state.in_(since))
    if not changed_rows(mine.values(state=state, lease=None, lease_until=None, **values)):
        raise ImportNotThere(row.state)
    audit(f"import.{state.value}", list=row.id, holds=row.kind)
    db.session.expire(row)


def forget_rows(import_id: int) -> None:
    """Delete the staged rows and begin their count anew."""
    db.session.execute(delete(_R).where(_R.c.import_id == import_id))
    counts = ("rows_read", "rows_faulty", "rows_new", "rows_changed", "last_row")
    db.session.execute(update(_I).where(_I.c.id == import_id).values(**dict.fromkeys(counts, 0)))


def forget_file(import_id: int) -> None:
    """Delete the file: it holds personal data, and nothing needs it any more."""
    db.session.execute(delete(_F).where(_F.c.import_id == import_id))


def forget_old(moment: dt.datetime) -> None:
    """Delete rows that can no longer be undone, and imports that were left lying; of all agencies."""
    left = select(_I.c.id).where(_I.c.state.in_(OPEN), _I.c.created_at < moment - ABANDONED)
    over = select(_I.c.id).where(or_(_I.c.applied_at < moment - KEPT, _I.c.id.in_(left)))
    db.session.execute(delete(_R).where(_R.c.import_id.in_(over)))
    db.session.execute(delete(_F).where(_F.c.import_id.in_(over)))
    db.session.execute(update(_I).where(_I.c.id.in_(left)).values(state=ImportState.DISCARDED, lease=None))


def waiting() -> bool:
    """Say whether an import of any agency waits for a worker."""
    return db.session.execute(_wanted(now()).limit(1)).first() is not None


def claim(import_id: int | None = None) -> tuple[int, int, str] | None:
    """Take an import that waits for a worker, of any agency: returns its id, its agency and the lease."""
    moment, lease = now(), secrets.token_hex(8)
    wanted = _wanted(moment)
    if import_id is not None:
        wanted = wanted.where(_I.c.id == import_id)
    found = db.session.execute(wanted.order_by(_I.c.id).limit(1).with_for_update(skip_locked=True)).first()
    if found is None:
        db.session.rollback()
        return None
    db.session.execute(update(_I).where(_I.c.id == found.id).values(lease=lease, lease_until=moment + LEASE))
    db.session.commit()
    return found.id, found.agency_id, lease


def _wanted(moment: dt.datetime) -> Any:
    free = or_(_I.c.lease_until.is_(None), _I.c.lease_until < moment)
    return select(_I.c.id, _I.c.agency_id).where(_I.c.state.in_(WORK), free)


def hold(import_id: int, lease: str, **progress: object) -> None:
    """Write progress, and hold the import for another while.

    :raises LeaseLost: another worker, or somebody who threw it away, has it.
    """
    _write(import_id, lease, {**progress, "lease_until": now() + LEASE})


def release(import_id: int, lease: str, state: ImportState, **values: object) -> None:
    """Let go of an import in its next state.

    :raises LeaseLost: as :func:`hold`.
    """
    _write(import_id, lease, {**values, "state": state, "lease": None, "lease_until": None})


def _write(import_id: int, lease: str, values: dict[str, object]) -> None:
    if not changed_rows(update(_I).where(_I.c.id == import_id, _I.c.lease == lease).values(**values)):
        db.session.rollback()
        raise LeaseLost
