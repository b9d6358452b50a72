"""The pages of dictionaries for analysts: the list, one of them, one competency, and files that come and go."""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import replace
from typing import Any

from flask import Response, request

from lms_bridge.api import (
    CompetencyText,
    FrameworkState,
    FrameworkText,
    FrameworkView,
    Invalid,
    _,
    approve_framework,
    competency_text,
    create_framework,
    current,
    db,
    dictionary_entries,
    discard_framework,
    export_table,
    flash,
    framework,
    frameworks,
    load,
    may_approve_own,
    next_version,
    now,
    put_competency,
    redirect,
    remove_competency,
    render_template,
    replace_entries,
    require_permission,
    url_for,
)
from lms_bridge_competency.dictionary.moodle import left_out, write_moodle
from lms_bridge_competency.dictionary.reading import ReadDictionary
from lms_bridge_competency.dictionary.schemas import EntrySchema, FrameworkSchema, VersionSchema
from lms_bridge_competency.dictionary.sheet import sheet_table
from lms_bridge_competency.dictionary.upload import LIMIT_BYTES, read_file
from lms_bridge_competency.views import bp

EDIT = "competency.dictionary"
_SHOWN = 500
"""Entries of a tree on one page; longer dictionaries are looked at in their file."""
_FAULTS_SHOWN = 200


@bp.before_request
def _make_room() -> None:
    """Let a dictionary be larger than other forms."""
    if request.endpoint == "competency.import_dictionary":
        request.max_content_length = LIMIT_BYTES + 2**16


@bp.get("/dictionary")
@require_permission(EDIT)
def dictionaries() -> str:
    """List the dictionaries of the agency, and offer to begin or import one."""
    return _list()


def _list(*, read: ReadDictionary | None = None) -> str:
    faults = read.faults if read else ()
    return render_template(
        "competency/dictionary/list.html",
        frameworks=frameworks(),
        state_words=_states(),
        faults=faults[:_FAULTS_SHOWN],
        fault_count=len(faults),
    )


def _states() -> dict[FrameworkState, tuple[str, str]]:
    return {
        FrameworkState.DRAFT: (_("Draft"), "warn"),
        FrameworkState.APPROVED: (_("Approved"), "ok"),
        FrameworkState.FROZEN: (_("In use, fixed"), "info"),
    }


@bp.post("/dictionary")
@require_permission(EDIT)
def begin_dictionary() -> Any:
    """Begin an empty draft."""
    text: FrameworkText = load(FrameworkSchema, request.form)
    _need_names(text)
    made = create_framework(text, author=current.person)
    db.session.commit()
    return redirect(url_for("competency.dictionary", framework_id=made.id), 303)


def _need_names(text: FrameworkText) -> None:
    missing = [name for name in ("family", "version", "title_id") if not getattr(text, name)]
    if missing:
        raise Invalid({name: [_("Please fill this in.")] for name in missing})


@bp.post("/dictionary/import")
@require_permission(EDIT)
def import_dictionary() -> Any:
    """Store the dictionary of a file as a draft, or list every fault of it and store nothing."""
    asked: FrameworkText = load(FrameworkSchema, request.form)
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid({"file": [_("Choose a file.")]})
    with closing(sent):
        read = read_file(sent.stream, name=sent.filename)
    if read.faults:
        return _list(read=read), 422
    text = _together(asked, read.framework)
    _need_names(text)
    made = create_framework(text, author=current.person)
    replace_entries(made.id, read.entries)
    db.session.commit()
    flash(
        _("%(count)s competencies are in a draft. Nothing is in force before it is approved.", count=len(read.entries))
    )
    return redirect(url_for("competency.dictionary", framework_id=made.id), 303)


def _together(asked: FrameworkText, told: FrameworkText | None) -> FrameworkText:
    """Return what the form says, and where it says nothing, what the file does."""
    if told is None:
        return asked
    names = ("family", "version", "title_id", "title_en", "source", "valid_from")
    return replace(told, **{name: getattr(asked, name) for name in names if getattr(asked, name)})


@bp.get("/dictionary/<int:framework_id>")
@require_permission(EDIT)
def dictionary(framework_id: int) -> str:
    """Show a dictionary as a tree, and what can be done with it."""
    view = framework(framework_id)
    entries = dictionary_entries(framework_id)
    return render_template(
        "competency/dictionary/one.html",
        framework=view,
        rows=_tree(entries)[:_SHOWN],
        shown=_SHOWN,
        leaves=len(entries) - len({entry.parent for entry in entries if entry.parent}),
        behaviours=sum(len(level.indicators) for entry in entries for level in entry.levels),
        state=_states()[view.state],
        draft=view.state is FrameworkState.DRAFT,
        own=view.author in current.person.ids,
        alone=view.state is FrameworkState.DRAFT and may_approve_own(),
        left_out=left_out(entries),
    )


def _tree(entries: list[CompetencyText]) -> list[tuple[int, CompetencyText]]:
    """Return entries below their parents, each with its depth."""
    below: dict[str | None, list[CompetencyText]] = {}
    for entry in entries:
        below.setdefault(entry.parent, []).append(entry)
    rows: list[tuple[int, CompetencyText]] = []
    waiting = [(0, entry) for entry in reversed(below.get(None, []))]
    while waiting:
        depth, entry = waiting.pop()
        rows.append((depth, entry))
        waiting += [(depth + 1, child) for child in reversed(below.get(entry.code, []))]
    return rows


@bp.post("/dictionary/<int:framework_id>/approve")
@require_permission(EDIT)
def approve_dictionary(framework_id: int) -> Any:
    """Put a draft in force."""
    approve_framework(framework_id, by=current.person, now=now())
    db.session.commit()
    flash(_("The dictionary is approved."))
    return redirect(url_for("competency.dictionary", framework_id=framework_id), 303)


@bp.post("/dictionary/<int:framework_id>/version")
@require_permission(EDIT)
def new_dictionary_version(framework_id: int) -> Any:
    """Begin the next version, which holds all that this one does."""
    made = next_version(framework_id, load(VersionSchema, request.form)["version"], author=current.person)
    db.session.commit()
    return redirect(url_for("competency.dictionary", framework_id=made.id), 303)


@bp.post("/dictionary/<int:framework_id>/discard")
@require_permission(EDIT)
def discard_dictionary(framework_id: int) -> Any:
    """Throw a draft away."""
    discard_framework(framework_id)
    db.session.commit()
    flash(_("The draft is gone."))
    return redirect(url_for("competency.dictionaries"), 303)


@bp.get("/dictionary/<int:framework_id>/entry")
@require_permission(EDIT)
def new_entry(framework_id: int) -> str:
    """Ask for a new competency."""
    return _entry_page(framework(framework_id), None)


@bp.get("/dictionary/<int:framework_id>/entry/<code>")
@require_permission(EDIT)
def entry(framework_id: int, code: str) -> str:
    """Show a competency with both languages side by side; in a draft it can be changed."""
    return _entry_page(framework(framework_id), competency_text(framework_id, code))


def _entry_page(view: FrameworkView, text: CompetencyText | None) -> str:
    return render_template(
        "competency/dictionary/entry.html",
        framework=view,
        entry=text,
        levels={one.level: one for one in text.levels} if text else {},
        draft=view.state is FrameworkState.DRAFT,
    )


@bp.post("/dictionary/<int:framework_id>/entry")
@require_permission(EDIT)
def add_entry(framework_id: int) -> Any:
    """Add a competency to a draft."""
    put_competency(framework_id, load(EntrySchema, request.form))
    return _stored(framework_id)


@bp.post("/dictionary/<int:framework_id>/entry/<code>")
@require_permission(EDIT)
def change_entry(framework_id: int, code: str) -> Any:
    """Change a competency of a draft; what its file said besides stays with it."""
    text: CompetencyText = load(EntrySchema, request.form)
    kept = competency_text(framework_id, code).interchange
    put_competency(framework_id, replace(text, interchange=kept), replacing=code)
    return _stored(framework_id)


@bp.post("/dictionary/<int:framework_id>/entry/<code>/remove")
@require_permission(EDIT)
def remove_entry(framework_id: int, code: str) -> Any:
    """Remove a competency from a draft."""
    remove_competency(framework_id, code)
    return _stored(framework_id)


def _stored(framework_id: int) -> Any:
    db.session.commit()
    flash(_("Stored."))
    return redirect(url_for("competency.dictionary", framework_id=framework_id), 303)


@bp.get("/dictionary/<int:framework_id>/export.<ending>")
@require_permission(EDIT)
def export_dictionary(framework_id: int, ending: str) -> Response:
    """Hand a dictionary over with levels and behaviours in both languages."""
    return export_table(sheet_table(framework(framework_id), dictionary_entries(framework_id)), ending)


@bp.get("/dictionary/<int:framework_id>/moodle.csv")
@require_permission(EDIT)
def export_moodle(framework_id: int) -> Response:
    """Hand a dictionary over as Moodle takes it."""
    view = framework(framework_id)
    text = FrameworkText(
        family=view.family,
        version=view.version,
        title_id=view.title_id,
        source=view.source,
        interchange=view.interchange,
    )
    content = write_moodle(text, dictionary_entries(framework_id))
    answer = Response(io.BytesIO(content), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{view.code}-moodle.csv")
    return answer
