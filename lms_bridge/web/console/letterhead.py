"""The letterhead of the agency's documents: address, city, paper and logo, with a document to look at."""

from __future__ import annotations

import dataclasses
import io
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema, fields, post_load, validate

from lms_bridge.db import db, now
from lms_bridge.documents.document import Document, Paragraph, Signature
from lms_bridge.documents.exporting import stamp_of_now
from lms_bridge.documents.pdf_file import DocumentFailed, write_document
from lms_bridge.errors import Invalid, load
from lms_bridge.models import Paper
from lms_bridge.services.letterhead import LetterheadView, choose_letterhead, letterhead, logo_kind
from lms_bridge.web.downloads import download

bp = Blueprint("letterhead", __name__)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the form sends beside the file."""

    lines: tuple[str, ...]
    city: str
    paper: Paper
    remove_logo: bool


class LetterheadSchema(Schema):
    """What the form sends beside the file."""

    lines = fields.String(load_default="", validate=validate.Length(max=400))
    city = fields.String(load_default="", validate=validate.Length(max=100))
    paper = fields.Enum(Paper, by_value=True, required=True)
    remove_logo = fields.Boolean(load_default=False)

    @post_load
    def parts(self, data: dict[str, Any], **kwargs: Any) -> Chosen:
        """Return the lines one by one.

        :raises Invalid: more than four.
        """
        lines = tuple(line.strip() for line in data["lines"].splitlines() if line.strip())
        if len(lines) > 4:
            raise Invalid({"lines": [_("At most four lines.")]})
        return Chosen(lines, data["city"].strip(), data["paper"], data["remove_logo"])


@bp.get("")
def index() -> str:
    """Show the letterhead and its form."""
    return _page()


@bp.post("")
def choose() -> Any:
    """Store the letterhead, once a document with it can be made."""
    try:
        chosen = load(LetterheadSchema, request.form)
        wanted = _with_logo(chosen)
        _sample(wanted)
    except DocumentFailed:
        problems = {"logo": [_("This picture cannot be read. Save it anew as PNG.")]}
        return _page(problems=problems, sent=request.form), 422
    except Invalid as error:
        return _page(problems=error.problems, sent=request.form), error.status
    choose_letterhead(wanted, now=now())
    db.session.commit()
    flash(_("The letterhead is saved."))
    return redirect(url_for(".index"), code=303)


@bp.get("/sample.pdf")
def sample() -> Response:
    """Hand out a document with the letterhead."""
    return download(_sample(letterhead()), name="kop-surat.pdf", mimetype="application/pdf")


def _with_logo(chosen: Chosen) -> LetterheadView:
    wanted = LetterheadView(chosen.lines, chosen.city, chosen.paper)
    sent = request.files.get("logo")
    content = sent.read() if sent else b""
    if content:
        return dataclasses.replace(wanted, logo=content, logo_kind=logo_kind(content))
    if chosen.remove_logo:
        return wanted
    present = letterhead()
    return dataclasses.replace(wanted, logo=present.logo, logo_kind=present.logo_kind)


def _sample(view: LetterheadView) -> io.BytesIO:
    stamp, file = stamp_of_now(), io.BytesIO()
    document = Document(
        name="core.letterhead",
        title=_("Sample of the letterhead"),
        subject=_("Sample of the letterhead"),
        blocks=(Paragraph(_("Every document that is taken away from these pages as PDF begins like this one.")),),
        scope=stamp.agency,
        signatures=(Signature(_("Head of the agency"), "________________", ("NIP",), dated=True),),
    )
    write_document(document, stamp, view, file)
    return file


def _page(*, problems: Any = None, sent: Any = None) -> str:
    view = letterhead()
    stored = {"lines": "\n".join(view.lines), "city": view.city, "paper": view.paper.value}
    return render_template(
        "console/letterhead.html", problems=problems or {}, sent=sent or stored, has_logo=view.logo is not None
    )
