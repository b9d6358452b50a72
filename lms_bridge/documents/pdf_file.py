"""PDF in the house style of Indonesian offices: letterhead, A4 or F4, "halaman x dari y", a block for signatures."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms_bridge.documents.csv_file import stamp_sentence
from lms_bridge.documents.document import Block, Document, Facts, Grid, Heading, Paragraph, Signature
from lms_bridge.documents.table import NUMBERS, Column, ColumnKind, Stamp, Table, TooManyRows, Value
from lms_bridge.domain.nip import spaced_nip
from lms_bridge.errors import BridgeError
from lms_bridge.services.letterhead import LetterheadView
from lms_bridge.web.formats import day, number

HERE = Path(__file__).parent
LIMIT_ROWS = 2_000
"""Rows of all tables of one document: some 50 pages, half a second and 150 MB of the program that sets it."""
LONGEST = 5_000
"""Characters of one text."""
PATIENCE = 30
"""Seconds; a document of 2,000 rows takes half of one."""
_LANDSCAPE_FROM = 7


class DocumentFailed(BridgeError):
    """A PDF could not be made, most often because the logo of the letterhead cannot be read.

    What helps: Take the page away by its Print button; the administrator gives another logo.
    """

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "document-failed"
    title = _l("This document could not be made")
    steps = (
        _l("Use the Print button of the page instead."),
        _l("Ask the HR analyst to look at the letterhead in the console: its logo may not be readable."),
    )


def write_table(table: Table, stamp: Stamp, letterhead: LetterheadView, target: IO[bytes]) -> int:
    """Write a table as a document; returns the number of its rows.

    :raises TooManyRows: it has more than paper takes.
    :raises DocumentFailed: the typesetter cannot.
    """
    columns = table.shown_columns()
    rows = []
    for row in table.shown_rows():
        rows.append(row)
        if len(rows) > LIMIT_ROWS:
            raise _too_many()
    document = Document(
        name=table.name,
        title=table.title,
        blocks=(Grid(columns, rows),),
        scope=table.scope,
        subtitles=(table.scope,),
        notes=(*(f"{one.heading}: {one.meaning}" for one in table.columns if str(one.meaning)), *table.notes),
        data_date=table.data_date,
        landscape=len(columns) >= _LANDSCAPE_FROM,
    )
    write_document(document, stamp, letterhead, target)
    return len(rows)


def write_document(document: Document, stamp: Stamp, letterhead: LetterheadView, target: IO[bytes]) -> None:
    """Write a document.

    :raises TooManyRows: its tables have more rows than paper takes.
    :raises DocumentFailed: the typesetter cannot.
    """
    if sum(len(block.rows) for block in document.blocks if isinstance(block, Grid)) > LIMIT_ROWS:
        raise _too_many()
    with tempfile.TemporaryDirectory(prefix="lms-bridge-pdf-") as folder:
        place = Path(folder)
        (place / "house.typ").write_bytes((HERE / "house.typ").read_bytes())
        if letterhead.logo:
            (place / f"logo.{letterhead.logo_kind}").write_bytes(letterhead.logo)
        content = _content(document, stamp, letterhead)
        (place / "document.json").write_text(json.dumps(content, ensure_ascii=False), "utf-8")
        target.write(_typeset(folder, stamp))


def _typeset(folder: str, stamp: Stamp) -> bytes:
    """Run the typesetter on a folder. Its time is the stamp's, so that the same document is the same file."""
    program = [sys.executable, "-I", str(HERE / "typeset.py"), folder, str(int(stamp.moment.timestamp()))]
    try:
        done = subprocess.run(program, capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        raise DocumentFailed(_("It takes too long. Choose a smaller unit or period."), reason="time") from error
    if done.returncode:
        # What the typesetter says quotes the template, never the data.
        raise DocumentFailed(_("The typesetter refused it."), reason=done.stderr.decode(errors="replace")[:200])
    return done.stdout


def _too_many() -> TooManyRows:
    return TooManyRows(_("A PDF holds at most %(limit)s rows.", limit=number(LIMIT_ROWS, 0)))


def _content(document: Document, stamp: Stamp, letterhead: LetterheadView) -> dict[str, Any]:
    """Return the document as the template reads it: texts, lists and sizes."""
    subtitles = [str(line) for line in document.subtitles]
    if document.data_date:
        subtitles.append(_("Data as of %(day)s", day=day(document.data_date)))
    dateline = ", ".join(filter(None, (letterhead.city, day(stamp.moment, zone=stamp.zone))))
    subject = str(document.subject)
    letter = [(_("Letter number"), "........................"), (_("Attachment"), "-"), (_("Subject"), subject)]
    return {
        "title": str(document.title),
        "subtitles": subtitles,
        "language": "en" if str(get_locale()).startswith("en") else "id",
        "author": stamp.person,
        "paper": letterhead.paper.millimetres,
        "landscape": document.landscape,
        "words": {"page": _("page"), "of": _("of")},
        "stamp": stamp_sentence(document.scope, stamp),
        "letterhead": {
            "name": stamp.agency,
            "lines": list(letterhead.lines),
            "logo": f"logo.{letterhead.logo_kind}" if letterhead.logo else None,
        },
        "letter": letter if subject else [],
        "dateline": dateline,
        "blocks": [_block(block, stamp) for block in document.blocks],
        "notes": [str(note) for note in document.notes],
        "signatures": [_signature(one, dateline) for one in document.signatures],
    }


def _signature(one: Signature, dateline: str) -> dict[str, Any]:
    return {
        "role": str(one.role),
        "name": one.name,
        "lines": [str(line) for line in one.lines],
        "dateline": dateline if one.dated else "",
    }


def _block(block: Block, stamp: Stamp) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"kind": "heading", "text": str(block.text)}
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": str(block.text)[:LONGEST]}
    if isinstance(block, Facts):
        return {"kind": "facts", "pairs": [[str(name), str(told)[:LONGEST]] for name, told in block.pairs]}
    columns = block.columns
    rows = [[_cell(column, value, stamp) for column, value in zip(columns, row, strict=True)] for row in block.rows]
    return {
        "kind": "table",
        "headings": [str(column.heading) for column in columns],
        "sides": [_side(column) for column in columns],
        "widths": _widths(columns, rows),
        "rows": rows,
    }


def _side(column: Column) -> str:
    if column.kind in NUMBERS:
        return "right"
    return "left" if column.kind is ColumnKind.TEXT else "center"


def _widths(columns: Any, rows: list[list[str]]) -> list[int]:
    """Return how the columns share the line: by their longest text, within bounds."""
    longest = [max([len(row[place]) for row in rows], default=0) for place in range(len(columns))]
    words = [max(map(len, str(column.heading).split() or [""])) for column in columns]
    return [min(max(word + 2, text, 5), 45) for word, text in zip(words, longest, strict=True)]


def _cell(column: Column, value: Value, stamp: Stamp) -> str:
    if value is None:
        return ""
    if isinstance(value, (int, float, Decimal)) and column.kind in NUMBERS:
        shown = number(value, 0 if column.kind is ColumnKind.WHOLE else column.digits)
        return f"{shown}%" if column.kind is ColumnKind.PERCENT else shown
    if column.kind is ColumnKind.DATE and not isinstance(value, (str, int, float, Decimal)):
        return f"{stamp.day(value):%d-%m-%Y}"
    text = str(value)[:LONGEST]
    return spaced_nip(text) if column.kind is ColumnKind.NIP else text
