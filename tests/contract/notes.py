"""A small plugin that keeps the contract, in pieces that a test can spoil one at a time."""

from __future__ import annotations

from lms_bridge.services.schema import migrations_folder

NEWEST = max(file.name[:9] for file in (migrations_folder() / "versions").glob("core_*.py"))
"""The newest revision of core: while the plugin's depends on it, Alembic does not mark it by itself."""

SOURCE = """
from flask import Blueprint, request
from sqlalchemy import ForeignKey, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.api import (
    AgencyOwned, ErasureReceipt, ExportPart, Module, NotFound, Permission, Plugin, _, _l, current, db, ensure, hookimpl,
    person_ref, plugin_base, redirect, render_template, require_permission, url_for,
)

Base = plugin_base("notes")


class Note(AgencyOwned, Base):
    __tablename__ = "notes_note"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), index=True)
    text: Mapped[str]


bp = Blueprint("notes", __name__, template_folder="templates")


@bp.get("/")
@require_permission("notes.write")
def index():
    mine = select(Note).where(Note.person_id.in_(current.person.ids)).order_by(Note.id)
    return render_template("notes/index.html", notes=db.session.scalars(mine).all())


@bp.post("/")
@require_permission("notes.write")
def write():
    db.session.add(Note(person_id=current.person.id, text=request.form["text"]))
    db.session.commit()
    return redirect(url_for("notes.index"), 303)


def found(note_id):
    note = db.session.scalar(select(Note).where(Note.id == note_id))
    if note is None:
        raise NotFound("none")
    ensure("notes.write", person_ref(note.person_id))
    return note


@bp.get("/<int:note_id>")
def show(note_id):
    return render_template("notes/show.html", note=found(note_id))


@bp.post("/<int:note_id>")
def change(note_id):
    found(note_id).text = request.form["text"]
    db.session.commit()
    return redirect(url_for("notes.index"), 303)


@hookimpl
def plugin():
    return Plugin(
        "notes",
        _l("Notes"),
        "1",
        blueprints=(bp,),
        modules=(Module("all", _l("Notes"), _l("Notes"), "notes.index"),),
        permissions=(Permission("notes.write", _l("Notes"), frozenset({"self"})),),
    )


@hookimpl
def export_person(person):
    rows = db.session.scalars(select(Note).where(Note.person_id.in_(person.ids)))
    return [ExportPart("notes", [{"text": row.text} for row in rows])]


@hookimpl
def erase_person(person):
    db.session.execute(delete(Note).where(Note.person_id.in_(person.ids)))
    return ErasureReceipt(deleted=1)
"""

INDEX = """{% extends "bridge/page.html" %}
{% block title %}{{ _("Notes") }}{% endblock %}
{% block content %}
<h1>{{ _("Notes") }}</h1>
<ul>{% for note in notes %}
<li><a href="{{ url_for('notes.show', note_id=note.id) }}">{{ note.text }}</a></li>{% endfor %}</ul>
<form method="post" class="lb-stack">
<label for="text">{{ _("New note") }}</label><input class="form-control" id="text" name="text">
<button class="btn btn-primary">{{ _("Write") }}</button>
</form>
{% endblock %}
"""

SHOW = """{% extends "bridge/page.html" %}
{% block title %}{{ _("Notes") }}{% endblock %}
{% block content %}
<h1>{{ _("Notes") }}</h1>
<form method="post" class="lb-stack">
<label for="text">{{ _("New note") }}</label><input class="form-control" id="text" name="text" value="{{ note.text }}">
<button class="btn btn-primary">{{ _("Write") }}</button>
</form>
{% endblock %}
"""

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "notes_0001"
down_revision = None
branch_labels = ("notes",)
depends_on = ("NEWEST",)


def upgrade():
    op.create_table(
        "notes_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["core_agency.id"], name="fk_notes_note_agency_id"),
        sa.ForeignKeyConstraint(["person_id"], ["core_person.id"], name="fk_notes_note_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_notes_note"),
    )
    op.create_index("ix_notes_note_agency_id", "notes_note", ["agency_id"])
    op.create_index("ix_notes_note_person_id", "notes_note", ["person_id"])


def downgrade():
    op.drop_table("notes_note")
""".replace("NEWEST", NEWEST)

README = "Notes that a learner writes and that nobody else reads. " * 8

INDONESIAN = {"Notes": "Catatan", "New note": "Catatan baru", "Write": "Tulis"}

GOOD = {"source": SOURCE, "index": INDEX, "show": SHOW, "migration": MIGRATION, "readme": README, "stray": ""}
