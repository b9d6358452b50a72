"""Files that people add as proof; they lie in the database, so that one copy of it holds everything."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.db import AgencyOwned, Code, Model, Name


class Attachment(Model, AgencyOwned):
    """A file about somebody, at a place that a plugin names, such as ``competency.claim:12``."""

    __tablename__ = "core_attachment"
    __table_args__ = (Index("ix_core_attachment_place", "agency_id", "place"), CheckConstraint("size > 0", name="size"))
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), index=True)
    """Whom it is about; it goes when they are erased."""
    by_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"), index=True)
    """Who added it."""
    place: Mapped[Name]
    name: Mapped[Name]
    media_type: Mapped[Code]
    size: Mapped[int]
    """In bytes."""
    added_at: Mapped[dt.datetime]


class AttachmentContent(Model, AgencyOwned):
    """The bytes of a file, kept apart so that lists of files do not read them."""

    __tablename__ = "core_attachment_content"
    attachment_id: Mapped[int] = mapped_column(ForeignKey("core_attachment.id", ondelete="CASCADE"), primary_key=True)
    content: Mapped[bytes]
