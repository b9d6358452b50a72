"""Files that people add as proof: taken in under limits, told apart by what they are, and handed out safely."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import PurePath
from typing import IO, Any

from flask import Response, send_file
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from lms_bridge.context import PersonRef
from lms_bridge.db import db
from lms_bridge.errors import BridgeError, NotFound
from lms_bridge.models import Attachment, AttachmentContent

LIMIT_BYTES = 2 * 2**20
"""Bytes of one file."""
MOST_EACH = 5
"""Files at one place."""
_STARTS = {"application/pdf": b"%PDF-", "image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_ENDINGS = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}
_REASONS: dict[str, Any] = {
    "empty": _l("The file is empty. Choose another one."),
    "too-large": _l("The file is larger than %(most)s MB. Save it smaller, or send the pages that matter.", most=2),
    "type": _l("Only PDF, PNG and JPEG files can be added. Save or scan it as PDF."),
    "too-many": _l("There are %(most)s files already. Remove one first.", most=MOST_EACH),
}


class AttachmentRefused(BridgeError):
    """A file that cannot be added: empty, too large, of another type, or one too many; the page says which.

    What helps: Do what the page says: usually save or scan it as a smaller PDF.
    """

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "attachment-refused"
    title = _l("This file cannot be added")

    def __init__(self, reason: str) -> None:
        super().__init__(_REASONS[reason], reason=reason)


def attachment_limit() -> int:
    """Return how many bytes a file may have; a page that takes one lets its request be a little larger."""
    return LIMIT_BYTES


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """A file at a place: its name, size in bytes, whom it is about, who added it and when."""

    id: int
    person_id: int
    by_id: int | None
    place: str
    name: str
    size: int
    added_at: dt.datetime


def add_attachment(
    stream: IO[bytes], *, place: str, name: str, person: PersonRef, by: PersonRef, now: dt.datetime
) -> AttachmentView:
    """Keep a file about somebody at a place; what it is, is told by its content, not by its name.

    :param place: the plugin's name with whatever it finds the file by, such as ``competency.claim:12``.
    :raises AttachmentRefused: it is empty, larger than 2 MB, no PDF, PNG or JPEG, or the sixth there.
    """
    content = stream.read(LIMIT_BYTES + 1)
    media_type = next((kind for kind, start in _STARTS.items() if content.startswith(start)), None)
    reason = "empty" if not content else "too-large" if len(content) > LIMIT_BYTES else None if media_type else "type"
    if reason or media_type is None:
        raise AttachmentRefused(reason or "type")
    there = db.session.scalar(select(func.count()).select_from(Attachment).where(Attachment.place == place)) or 0
    if there >= MOST_EACH:
        raise AttachmentRefused("too-many")
    row = Attachment(
        person_id=person.id,
        by_id=by.id,
        place=place,
        name=_plain_name(name, media_type),
        media_type=media_type,
        size=len(content),
        added_at=now,
    )
    db.session.add(row)
    db.session.flush()
    db.session.add(AttachmentContent(attachment_id=row.id, content=content))
    db.session.flush()
    return _view(row)


def _plain_name(name: str, media_type: str) -> str:
    """Return a name without folders and control characters, with the ending of what the file is."""
    kept = "".join(one for one in PurePath(name.replace("\\", "/")).stem if one.isprintable()).strip()
    return f"{kept[:200] or 'file'}{_ENDINGS[media_type]}"


def attachments_at(places: Iterable[str]) -> dict[str, list[AttachmentView]]:
    """Return the files at each of these places, the oldest first; places without a file are left out."""
    rows = db.session.scalars(select(Attachment).where(Attachment.place.in_(set(places))).order_by(Attachment.id))
    found: dict[str, list[AttachmentView]] = {}
    for row in rows:
        found.setdefault(row.place, []).append(_view(row))
    return found


def attachment(attachment_id: int) -> AttachmentView:
    """Return a file of the agency; who may see it, its plugin decides.

    :raises NotFound: there is none.
    """
    return _view(_row(attachment_id))


def send_attachment(attachment_id: int) -> Response:
    """Return a file as a download that no browser opens within the bridge.

    :raises NotFound: there is none.
    """
    row = _row(attachment_id)
    content = db.session.scalars(select(AttachmentContent.content).where(AttachmentContent.attachment_id == row.id))
    answer = send_file(
        io.BytesIO(content.one()), mimetype=row.media_type, as_attachment=True, download_name=row.name, max_age=0
    )
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


def remove_attachment(attachment_id: int) -> None:
    """Delete a file.

    :raises NotFound: there is none.
    """
    row = _row(attachment_id)
    content = db.session.get(AttachmentContent, row.id)
    if content is not None:
        db.session.delete(content)
        db.session.flush()
    db.session.delete(row)
    db.session.flush()


def remove_attachments(place: str) -> int:
    """Delete all files at a place and at those whose names go on from it; returns how many.

    :param place: such as ``competency.rating:12:``, with the mark that ends the name.
    """
    ids = db.session.scalars(select(Attachment.id).where(Attachment.place.startswith(place, autoescape=True))).all()
    for attachment_id in ids:
        remove_attachment(attachment_id)
    return len(ids)


def _row(attachment_id: int) -> Attachment:
    row = db.session.get(Attachment, attachment_id)
    if row is None:
        raise NotFound(_("This file does not exist."))
    return row


def _view(row: Attachment) -> AttachmentView:
    return AttachmentView(row.id, row.person_id, row.by_id, row.place, row.name, row.size, row.added_at)
