"""Any table from outside: taken in under a limit, told apart by what it is, read row by row."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lms_bridge.domain.spreadsheet import plain_cell
from lms_bridge.spreadsheets.delimited import delimited_rows
from lms_bridge.spreadsheets.faults import LIMIT_MEGABYTES, FileRefused
from lms_bridge.spreadsheets.workbook import workbook_rows

BLOCK = 2**16
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not blank; ``number`` is what the spreadsheet program shows at its left."""

    number: int
    cells: list[str]


def keep_upload(stream: IO[bytes], target: IO[bytes], *, limit: int = LIMIT_MEGABYTES * 2**20) -> int:
    """Copy what is sent, block by block, and stop at the limit; returns the number of bytes.

    :raises FileRefused: more came than the limit allows.
    """
    size = 0
    while block := stream.read(BLOCK):
        size += len(block)
        if size > limit:
            raise FileRefused("too-large")
        target.write(block)
    target.flush()
    return size


def read_upload(stream: IO[bytes], *, name: str = "", limit: int = LIMIT_MEGABYTES * 2**20) -> list[Row]:
    """Return all rows of an XLSX or CSV file as it is sent; for lists of some thousand rows.

    :param limit: bytes that are taken.
    :raises FileRefused: it is larger, or cannot be read; the reason says why.
    """
    with tempfile.NamedTemporaryFile(prefix="lms-bridge-upload-") as kept:
        keep_upload(stream, kept.file, limit=limit)
        return list(read_rows(Path(kept.name), name=name))


def read_rows(path: Path, *, name: str = "") -> Iterator[Row]:
    """Yield the rows of an XLSX or CSV file that are not blank, cells as text without the apostrophe of an export.

    :param name: name under which it was sent; only ``.xlsm`` matters, the rest is told by the content.
    :raises FileRefused: it cannot be read; the reason says why.
    """
    if path.stat().st_size > LIMIT_MEGABYTES * 2**20:
        raise FileRefused("too-large")
    if name.lower().endswith((".xlsm", ".xltm", ".xlam")):
        raise FileRefused("macros")
    with path.open("rb") as file:
        start = file.read(2**10)
        if start.startswith(_OLE):
            raise FileRefused("password" if _ENCRYPTED in start + file.read(2**16) else "old-excel")
    if not start.strip():
        raise FileRefused("empty")
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<html", b"<!doctype", b"<table", b"<?xml")):
        raise FileRefused("web-page")
    if not start.startswith(_ZIP) and start.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff")):
        raise FileRefused("not-a-table")
    rows = workbook_rows(path) if start.startswith(_ZIP) else delimited_rows(path)
    for number, cells in rows:
        if any(cells):
            yield Row(number, [plain_cell(cell) for cell in cells])
