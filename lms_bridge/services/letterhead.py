"""The letterhead of an agency: what its documents begin with."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select

from lms_bridge.db import current_agency, db, upsert
from lms_bridge.errors import Invalid
from lms_bridge.models import Letterhead, Paper
from lms_bridge.services.audit import audit

LARGEST_LOGO = 200_000
"""Bytes; it is in every document."""
_KINDS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}


@dataclass(frozen=True, slots=True)
class LetterheadView:
    """How the documents of the chosen agency look."""

    lines: tuple[str, ...] = ()
    city: str = ""
    paper: Paper = Paper.A4
    logo: bytes | None = None
    logo_kind: str | None = None


def letterhead() -> LetterheadView:
    """Return the letterhead of the chosen agency; plain A4 with its name alone where none was chosen."""
    columns = (Letterhead.lines, Letterhead.city, Letterhead.paper, Letterhead.logo, Letterhead.logo_kind)
    found = db.session.execute(select(*columns)).one_or_none()
    if found is None:
        return LetterheadView()
    return LetterheadView(tuple(found.lines.splitlines()), found.city, found.paper, found.logo, found.logo_kind)


def logo_kind(logo: bytes) -> str:
    """Return what kind of picture a file is, by its content and not by its name.

    :raises Invalid: it is neither PNG nor JPEG, or too large.
    """
    if len(logo) > LARGEST_LOGO:
        raise Invalid({"logo": [_("The logo has more than 200 kB. Make it smaller.")]})
    kind = next((kind for mark, kind in _KINDS.items() if logo.startswith(mark)), None)
    if kind is None:
        raise Invalid({"logo": [_("Choose a PNG or JPEG picture.")]})
    return kind


def choose_letterhead(chosen: LetterheadView, *, now: dt.datetime) -> None:
    """Store the letterhead of the chosen agency, and note it in the audit log."""
    values = {
        "lines": "\n".join(chosen.lines),
        "city": chosen.city,
        "paper": chosen.paper,
        "logo": chosen.logo,
        "logo_kind": chosen.logo_kind,
        "changed_at": now,
    }
    upsert(Letterhead.__table__, key={"agency_id": current_agency()}, values=values)
    audit("letterhead.chosen", logo=chosen.logo is not None)
