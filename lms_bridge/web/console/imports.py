"""Lists of units, posts, people and what hangs on them: sent, understood, looked at, applied, and taken back."""

from __future__ import annotations

import io
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response as BaseResponse

from lms_bridge.context import current
from lms_bridge.db import db, now
from lms_bridge.errors import NotFound, load
from lms_bridge.imports import store, views
from lms_bridge.imports.error_file import write_error_file
from lms_bridge.imports.errors import undo_sentence
from lms_bridge.imports.lists import KINDS
from lms_bridge.imports.template import write_template
from lms_bridge.models import Import, ImportState
from lms_bridge.spreadsheets import FileRefused, keep_upload
from lms_bridge.spreadsheets.faults import LIMIT_COLUMNS, LIMIT_MEGABYTES, next_step, sentence
from lms_bridge.web.downloads import XLSX, download

bp = Blueprint("imports", __name__)
ROOM = 2**16
"""Bytes of a form beside its file."""
STATES: dict[ImportState, tuple[str, Any]] = {
    ImportState.UPLOADED: ("info", _l("Reading the headings")),
    ImportState.MAPPING: ("warn", _l("Waits for its columns")),
    ImportState.STAGING: ("info", _l("Checking the rows")),
    ImportState.READY: ("warn", _l("Waits for your decision")),
    ImportState.APPLYING: ("info", _l("Being applied")),
    ImportState.DONE: ("ok", _l("Applied")),
    ImportState.UNDOING: ("info", _l("Being taken back")),
    ImportState.UNDONE: ("off", _l("Undone")),
    ImportState.DISCARDED: ("off", _l("Thrown away")),
    ImportState.REFUSED: ("bad", _l("Not readable")),
}
"""The light of a state and its word."""


class UploadSchema(Schema):
    """What the form beside the file says."""

    kind = fields.String(required=True, validate=validate.OneOf(list(KINDS)))


class ColumnsSchema(Schema):
    """What each column is, in the order of the file."""

    columns = fields.List(fields.String(validate=validate.Length(max=64)), validate=validate.Length(max=LIMIT_COLUMNS))


@bp.before_request
def make_room() -> None:
    """Let a list be larger than other forms."""
    if request.endpoint == "console.imports.send":
        request.max_content_length = LIMIT_MEGABYTES * 2**20 + ROOM


@bp.get("")
def index() -> str:
    """Show the form for a list, the templates, and what was imported so far."""
    return render_template("console/imports.html", kinds=KINDS, history=views.history(), states=STATES)


@bp.post("")
def send() -> BaseResponse:
    """Keep the list that was sent, for the worker to read."""
    kind = load(UploadSchema, {"kind": request.form.get("kind", "")})["kind"]
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise FileRefused("empty")
    by = current.person.id if current.person.ids else None
    with closing(sent), tempfile.NamedTemporaryFile(prefix="lms-bridge-upload-") as kept:
        keep_upload(sent.stream, kept.file)
        number = store.begin_import(Path(kept.name), kind=kind, file_name=sent.filename, by=by, now=now())
    db.session.commit()
    return redirect(url_for(".show", import_id=number), code=303)


@bp.get("/<int:import_id>")
def show(import_id: int) -> str:
    """Show an import where it stands, and what can be done now."""
    row = store.get_import(import_id)
    return render_template("console/import.html", **_about(row))


@bp.get("/<int:import_id>/progress")
def progress(import_id: int) -> Response:
    """Return how far the worker has come; the page asks again and again, and is drawn anew at the end."""
    row = store.get_import(import_id)
    answer = make_response(render_template("console/import_progress.html", **_about(row, rows=False)))
    if row.state not in store.WORK:
        answer.headers["HX-Refresh"] = "true"
    return answer


@bp.post("/<int:import_id>/columns")
def choose(import_id: int) -> BaseResponse:
    """Take what each column is, and let the worker check the rows."""
    row = store.get_import(import_id)
    chosen = load(ColumnsSchema, {"columns": request.form.getlist("columns")})["columns"]
    known = {"", *(column.field for column in store.kind_of(row).columns)}
    if len(chosen) != len(row.headings) or not known.issuperset(chosen):
        raise NotFound(reason="columns of another list")
    store.choose_columns(import_id, chosen)
    return _done(import_id)


@bp.post("/<int:import_id>/apply")
def apply(import_id: int) -> BaseResponse:
    """Let the worker apply the good rows."""
    store.want_apply(import_id)
    return _done(import_id)


@bp.post("/<int:import_id>/undo")
def undo(import_id: int) -> BaseResponse:
    """Let the worker take everything back."""
    store.want_undo(import_id)
    return _done(import_id)


@bp.post("/<int:import_id>/discard")
def discard(import_id: int) -> BaseResponse:
    """Throw the import away."""
    store.discard(import_id)
    db.session.commit()
    flash(_("The list was thrown away. Nothing had been changed by it."))
    return redirect(url_for(".index"), code=303)


@bp.get("/<int:import_id>/errors.xlsx")
def errors(import_id: int) -> Response:
    """Send the rows with faults, each with its reasons."""
    file = io.BytesIO()
    write_error_file(import_id, file)
    return download(file, name=_("errors-%(number)s.xlsx", number=import_id), mimetype=XLSX)


@bp.get("/template/<kind>.xlsx")
def template(kind: str) -> Response:
    """Send the template of a list."""
    if kind not in KINDS:
        raise NotFound(reason="no such kind of list")
    file = io.BytesIO()
    write_template(KINDS[kind], file)
    return download(file, name=f"{kind}.xlsx", mimetype=XLSX)


def _done(import_id: int) -> BaseResponse:
    db.session.commit()
    return redirect(url_for(".show", import_id=import_id), code=303)


def _about(row: Import, *, rows: bool = True) -> dict[str, Any]:
    kind = store.kind_of(row)
    looked_at = rows and row.state in {ImportState.READY, ImportState.DONE}
    return {
        "row": row,
        "kind": kind,
        "state": row.state.value,
        "light": STATES[row.state],
        "working": row.state in store.WORK,
        "faulty": views.faulty_rows(row) if looked_at else [],
        "good": views.good_rows(row) if rows and row.state is ImportState.READY else [],
        "refusal": _refusal(row),
        "next_step": next_step(row.refusal) if row.state is ImportState.REFUSED and row.refusal else "",
    }


def _refusal(row: Import) -> str:
    if not row.refusal:
        return ""
    if row.state is ImportState.REFUSED:
        return sentence(row.refusal, row.refused_at or "")
    return undo_sentence(row.refusal, row.refused_at or "")
