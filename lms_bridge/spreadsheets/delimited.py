"""CSV, as spreadsheet programs and databases of agencies write it."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from pathlib import Path

from lms_bridge.spreadsheets.faults import LIMIT_COLUMNS, LIMIT_ROWS, FileRefused

BLOCK = 2**18
SAMPLE = 2**14
DELIMITERS = (";", ",", "\t")
_BINARY = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LONGEST = 32_768
"""Characters in one cell; Excel's own limit."""


def delimited_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file: number of the row, and cells. Delimited by semicolon, comma or tab.

    :raises FileRefused: not UTF-8, UTF-16 or cp1252, not text, or a quotation mark that is never closed.
    """
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(SAMPLE)
        file.seek(0)
        delimiter = _delimiter(sample)
        told = sample.lower().startswith("sep=")
        csv.field_size_limit(_LONGEST)
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        number = 0
        try:
            for number, cells in enumerate(reader, start=1):
                if number > LIMIT_ROWS:
                    raise FileRefused("too-many-rows")
                if len(cells) > LIMIT_COLUMNS:
                    raise FileRefused("too-many-columns")
                if number > 1 or not told:
                    yield number, [cell.strip() for cell in cells]
        except csv.Error as error:
            raise FileRefused("quotes", str(number + 1)) from error


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    for mark, name in _MARKS:
        if start.startswith(mark):
            candidates: tuple[str, ...] = (name,)
            break
    else:
        candidates = ("utf-8", "cp1252")
    for name in candidates:
        if _is_text(path, name):
            return name
    raise FileRefused("encoding")


def _is_text(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                if _BINARY.search(decoder.decode(block)):
                    return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(sample: str) -> str:
    first, _, rest = sample.partition("\n")
    if first.lower().startswith("sep=") and first.strip()[4:] in DELIMITERS:
        return first.strip()[4:]
    # The one that divides most lines: titles above the headings have none, and names hold commas before degrees.
    lines = (first + "\n" + rest).splitlines()[:30]
    return max(DELIMITERS, key=lambda mark: (sum(mark in line for line in lines), -DELIMITERS.index(mark)))
