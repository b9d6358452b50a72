"""A document of an office, described once: a letterhead, paragraphs, facts and tables, and who signs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lms_bridge.documents.table import Column, Value, saved_as
from lms_bridge.services.audit import Fact


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading between the parts of a document."""

    text: Any


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Plain text; nothing in it is markup."""

    text: Any


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what is told of each, one below the other, as "Nama : Ani Lestari"."""

    pairs: Sequence[tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table within a document; its cells are written as those of a ``Table``."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]


Block = Heading | Paragraph | Facts | Grid


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs: in which role, by which name with degrees, and below it rank and NIP.

    ``dated`` puts city and day above the role, as the last of several signatures has it.
    """

    role: Any
    name: str
    lines: Sequence[Any] = ()
    dated: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A document to take away as PDF.

    ``name`` is its code with the plugin's name in front, such as ``competency.rapor``. ``subtitles`` stand below the
    title. With ``subject`` it is a letter: Nomor (left blank for the office to fill in), Lampiran and Hal stand on top.
    ``scope`` says in words whom it is about and which filters hold, ``facts`` the same in ids and codes for the audit
    log. ``data_date`` is the day as of which the figures hold. ``landscape`` is for wide tables.
    """

    name: str
    title: Any
    blocks: Sequence[Block]
    scope: Any
    facts: Mapping[str, Fact] = field(default_factory=dict)
    subtitles: Sequence[Any] = ()
    subject: Any = ""
    notes: Sequence[Any] = ()
    signatures: Sequence[Signature] = ()
    data_date: dt.date | None = None
    landscape: bool = False

    def file_name(self, day: dt.date) -> str:
        """Return under which name the document is saved: ``rapor-ani-2026-11-25.pdf``."""
        return saved_as(self.title, day, "pdf")
