"""How the documents of an agency look."""

from __future__ import annotations

import datetime as dt
from enum import Enum

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column

from lms_bridge.db import AgencyOwned, Code, Model, Name


class Paper(Enum):
    """The paper of an office: A4, or F4, which most Indonesian offices still print on."""

    A4 = "a4"
    F4 = "f4"

    @property
    def millimetres(self) -> tuple[int, int]:
        """Width and height, upright."""
        return (210, 297) if self is Paper.A4 else (215, 330)


class Letterhead(Model, AgencyOwned):
    """The head of an agency's documents (kop surat), chosen by its analyst; one at most."""

    __tablename__ = "core_letterhead"
    __table_args__ = (UniqueConstraint("agency_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    lines: Mapped[str]
    """What stands below the agency's name: address, telephone, web site; one a line."""
    city: Mapped[Name]
    """Stands before the day of a document: Nusaraya, 3 November 2026."""
    paper: Mapped[Paper] = mapped_column(default=Paper.A4)
    logo: Mapped[bytes | None] = deferred(mapped_column())
    logo_kind: Mapped[Code | None]
    """``png`` or ``jpg``."""
    changed_at: Mapped[dt.datetime]
