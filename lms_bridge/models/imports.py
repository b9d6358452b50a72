"""Imports: a file of rows, staged, checked, applied at once, and exactly undone."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms_bridge.db import AgencyOwned, Code, Model, Name


class ImportState(Enum):
    """Where an import stands. The worker acts on four of them; in the others it waits for somebody or is over."""

    UPLOADED = "uploaded"
    """The worker reads the headings."""
    MAPPING = "mapping"
    """Somebody says which column is what."""
    STAGING = "staging"
    """The worker reads and checks the rows, in chunks; nothing else changes yet."""
    READY = "ready"
    """Somebody looks at the preview and decides."""
    APPLYING = "applying"
    """The worker applies all good rows in one transaction."""
    DONE = "done"
    UNDOING = "undoing"
    """The worker takes everything back in one transaction."""
    UNDONE = "undone"
    DISCARDED = "discarded"
    REFUSED = "refused"
    """The file could not be read; ``refusal`` says why."""


class Import(Model, AgencyOwned):
    """One file on its way into the agency's data. Kept as history; its rows go when it can no longer be undone."""

    __tablename__ = "core_import"
    __table_args__ = (Index(None, "state", "lease_until"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Code]
    file_name: Mapped[Name]
    state: Mapped[ImportState] = mapped_column(default=ImportState.UPLOADED)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id", ondelete="SET NULL"), index=True)
    """Nobody where the operator imported on the command line."""
    created_at: Mapped[dt.datetime]
    applied_at: Mapped[dt.datetime | None]
    undone_at: Mapped[dt.datetime | None]
    heading_row: Mapped[int] = mapped_column(default=0)
    headings: Mapped[list[str]] = mapped_column(default=list)
    columns: Mapped[list[str]] = mapped_column(default=list)
    """What each column is, by its place; empty where it is left out."""
    rows_total: Mapped[int] = mapped_column(default=0)
    rows_read: Mapped[int] = mapped_column(default=0)
    rows_faulty: Mapped[int] = mapped_column(default=0)
    rows_new: Mapped[int] = mapped_column(default=0)
    rows_changed: Mapped[int] = mapped_column(default=0)
    last_row: Mapped[int] = mapped_column(default=0)
    """Number of the last row staged: whoever takes over goes on behind it."""
    refusal: Mapped[Code | None]
    """Why the file was refused, or why an undoing was."""
    refused_at: Mapped[Name | None]
    """The place in the file, or what stands in the way of an undoing."""
    lease: Mapped[Code | None]
    lease_until: Mapped[dt.datetime | None]


class ImportFile(Model, AgencyOwned):
    """A part of the file, so that any worker on any host can read it; gone as soon as nothing needs it."""

    __tablename__ = "core_import_file"
    import_id: Mapped[int] = mapped_column(ForeignKey("core_import.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(deferred=True)


class ImportRow(Model, AgencyOwned):
    """One row of the file, checked. What it did, or would do, and what was there before: enough to undo it."""

    __tablename__ = "core_import_row"
    import_id: Mapped[int] = mapped_column(ForeignKey("core_import.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """As the spreadsheet program shows it."""
    values: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """Columns of the table and what they shall hold; references are ids already. Nothing for a faulty row."""
    cells: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """The original row, kept where it is faulty."""
    faults: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """``field:code:argument``."""
    change: Mapped[Code | None]
    """``new`` or ``changed`` once it is applied; nothing where all was so already."""
    target_id: Mapped[int | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class ImportMapping(Model, AgencyOwned):
    """What the columns of an agency's own lists are: remembered by heading."""

    __tablename__ = "core_import_mapping"
    __table_args__ = (UniqueConstraint("agency_id", "kind"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Code]
    fields: Mapped[dict[str, Any]]
    """Heading, lower case, to field; an empty field is a column to leave out."""
