"""A table on its way out, described once for every format, and the stamp that it carries."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l

from lms_bridge.errors import BridgeError
from lms_bridge.services.audit import Fact

Value = str | int | float | Decimal | dt.date | None


class ColumnKind(Enum):
    """What the cells of a column hold.

    ``PERCENT`` counts to 100: 88.89 is 88.89 %. ``DATE`` takes a moment as well, as its day in the agency's zone.
    ``NIP`` is text of 18 digits, more than a spreadsheet program keeps of a number.
    """

    TEXT = "text"
    WHOLE = "whole number"
    DECIMAL = "decimal"
    PERCENT = "percent"
    DATE = "date"
    NIP = "nip"


NUMBERS = frozenset({ColumnKind.WHOLE, ColumnKind.DECIMAL, ColumnKind.PERCENT})


class TooManyRows(BridgeError):
    """Somebody takes away as XLSX what is longer than a sheet can be, or as PDF what is longer than paper.

    What helps: Take the CSV file, or filter the list.
    """

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "too-many-rows"
    title = _l("This list is too long for this kind of file")
    steps = (_l("Take the CSV file instead, which has no limit."), _l("Or choose a smaller unit or period."))


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, what its cells hold, and in ``meaning`` its definition with formula or source.

    ``digits`` are the decimals that are shown.
    """

    heading: Any
    kind: ColumnKind = ColumnKind.TEXT
    meaning: Any = ""
    digits: int = 2


@dataclass(frozen=True, slots=True)
class Table:
    """A table to take away.

    ``name`` is its code with the plugin's name in front, such as ``competency.gap-matrix``. ``rows`` may be a generator
    and are walked through once. A cell that is empty is None; text in a column of numbers is written as it is, for
    figures that are not shown. ``scope`` says in words whom the rows are about and which filters hold, ``facts`` the
    same in ids and codes for the audit log. ``notes`` explain: formulas, rules, sources. ``data_date`` is the day as of
    which the figures hold. ``numbered`` puts a column *No* in front.
    """

    name: str
    title: Any
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]
    scope: Any
    facts: Mapping[str, Fact] = field(default_factory=dict)
    notes: Sequence[Any] = ()
    data_date: dt.date | None = None
    numbered: bool = False

    def shown_columns(self) -> list[Column]:
        """Return the columns as they are written, the number first."""
        return [*([Column("No", ColumnKind.WHOLE)] if self.numbered else []), *self.columns]

    def shown_rows(self) -> Iterator[Sequence[Value]]:
        """Walk through the rows as they are written, the number first.

        :raises ValueError: a row has more or fewer cells than there are columns.
        """
        for number, row in enumerate(self.rows, start=1):
            if len(row) != len(self.columns):
                raise ValueError(f"row {number} of {self.name} has {len(row)} cells for {len(self.columns)} columns")
            yield (number, *row) if self.numbered else row

    def file_name(self, day: dt.date, ending: str) -> str:
        """Return under which name the table is saved: ``gap-matrix-2026-11-25.xlsx``."""
        return saved_as(self.title, day, ending)


def saved_as(title: Any, day: dt.date, ending: str) -> str:
    """Return a file's name made of a title and a day, in letters that every system takes."""
    plain = unicodedata.normalize("NFKD", str(title)).encode("ascii", "ignore").decode().lower()
    words = "".join(letter if letter.isalnum() else " " for letter in plain).split()
    return f"{'-'.join(words)[:80] or 'table'}-{day}.{ending}"


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who took something away, when (UTC), and in which agency; its zone decides days and times."""

    agency: str
    person: str
    moment: dt.datetime
    zone: ZoneInfo

    def day(self, value: dt.date) -> dt.date:
        """Return a day as it is, and of a moment its day in the agency's zone."""
        return value.astimezone(self.zone).date() if isinstance(value, dt.datetime) else value
