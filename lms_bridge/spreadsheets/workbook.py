"""XLSX. What the archive holds is looked at, streamed, before anything opens it whole."""

from __future__ import annotations

import copy
import datetime as dt
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from xml.etree import ElementTree

from lms_bridge.spreadsheets.faults import LIMIT_COLUMNS, LIMIT_ROWS, FileRefused

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

LIMIT_UNPACKED = 300 * 2**20
LIMIT_MEMBERS = 2_000
BLOCK = 2**18
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_PLACE = re.compile(rb"""\br\s*=\s*["'](?:([A-Z]{2,})(\d+)|[A-Z]?(\d{6,}))["']""")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_DOCTYPE = re.compile(rb"<!DOCTYPE", re.IGNORECASE)
_EXACT = 10**15
"""Excel keeps fifteen digits of a number; the rest has become zeros before we see it."""


def workbook_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of the first visible sheet that has any: number as Excel shows it, and text cells.

    :raises FileRefused: macros, a bomb, a formula without its result, a password, a damaged or foreign file.
    """
    # Loaded when it is used: every web worker would hold it, and few ever read a list.
    from python_calamine import CalamineError, CalamineWorkbook

    formulas = _inspect(path)
    try:
        with CalamineWorkbook.from_path(path) as book:
            sheet = _first_sheet(book)
            if sheet is None or sheet.start is None:
                raise FileRefused("empty")
            if formulas:
                _refuse_missing_results(path, sheet, [each.name for each in book.sheets_metadata])
            # Rows come from the first of the sheet on, columns only from the first that is filled.
            left = [""] * sheet.start[1]
            for number, cells in enumerate(sheet.iter_rows(), start=1):
                yield number, [*left, *map(cell_text, cells)]
    except (CalamineError, ElementTree.ParseError, KeyError, zipfile.BadZipFile) as error:
        raise FileRefused("damaged") from error


def cell_text(value: Any) -> str:
    """Return the text of a cell; a number beyond Excel's precision comes as ``1.97809E+17``, which it has become."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        if abs(value) >= _EXACT:
            return f"{value:.5E}"
        return str(int(value)) if value == int(value) else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else str(value)


def _first_sheet(book: CalamineWorkbook) -> CalamineSheet | None:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    for index, about in enumerate(book.sheets_metadata):
        if about.visible == SheetVisibleEnum.Visible and about.typ == SheetTypeEnum.WorkSheet:
            sheet = book.get_sheet_by_index(index)
            if sheet.height:
                return sheet
    return None


def _inspect(path: Path) -> bool:
    """Refuse what must not be opened; return whether any sheet holds a formula."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _refuse_by_names([member.filename for member in members])
            # The directory may lie about sizes, so that each stream is counted as well; but an honest bomb stops here.
            if len(members) > LIMIT_MEMBERS or sum(member.file_size for member in members) > LIMIT_UNPACKED:
                raise FileRefused("unpacks-too-large")
            left, formulas = LIMIT_UNPACKED, False
            for member in members:
                unpacked, has_formula = _inspect_member(archive, member, left)
                left -= unpacked
                formulas = formulas or has_formula
            return formulas
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise FileRefused("damaged") from error


def _refuse_by_names(names: list[str]) -> None:
    lower = {name.lower() for name in names}
    if any("vbaproject" in name or name.startswith("xl/macrosheets/") for name in lower):
        raise FileRefused("macros")
    if "xl/workbook.bin" in lower or "mimetype" in lower:
        raise FileRefused("other-format")
    if not any(_SHEET.fullmatch(name) for name in lower):
        raise FileRefused("not-a-table")


def _inspect_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> tuple[int, bool]:
    told = member.file_size
    honest = copy.copy(member)
    honest.file_size = left + BLOCK  # reads to the true end of the stream, whatever the directory says
    is_sheet, formula, size, tail = bool(_SHEET.fullmatch(member.filename)), False, 0, b""
    with archive.open(honest) as stream:
        while block := stream.read(BLOCK):
            size += len(block)
            if size > min(left, told):
                raise FileRefused("unpacks-too-large")
            text = tail + block
            if _DOCTYPE.search(text):
                raise FileRefused("damaged")
            if is_sheet:
                _refuse_far_cells(text)
                formula = formula or bool(_FORMULA.search(text))
            tail = text[-64:]
    return size, formula


def _refuse_far_cells(text: bytes) -> None:
    """Refuse a cell far out: the whole rectangle up to it would be made in memory."""
    for column, row, lone_row in _PLACE.findall(text):
        if int(row or lone_row) > LIMIT_ROWS:
            raise FileRefused("too-many-rows")
        if column and _column_number(column.decode()) > LIMIT_COLUMNS:
            raise FileRefused("too-many-columns")


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _refuse_missing_results(path: Path, sheet: CalamineSheet, names: list[str]) -> None:
    """Refuse a sheet in which a formula has no stored result: programs other than Excel write such files."""
    with zipfile.ZipFile(path) as archive, archive.open(_part_of(archive, sheet.name)) as stream:
        cells = list(_cells_without_result(stream))
    if cells:
        raise FileRefused("formula", ", ".join(cells[:5]) + (" …" if len(cells) > 5 else ""))


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the name of the part that holds a sheet, as the workbook and its relations say."""
    identity = ""
    # A document type, by which XML attacks, was refused already.
    for element in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():  # noqa: S314
        if element.tag.endswith("}sheet") and element.get("name") == sheet:
            identity = next(value for name, value in element.attrib.items() if name.endswith("}id"))
    for element in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels")):  # noqa: S314
        if element.get("Id") == identity:
            target = element.get("Target", "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise FileRefused("damaged")


def _cells_without_result(stream: IO[bytes]) -> Iterator[str]:
    for _event, element in ElementTree.iterparse(stream):  # noqa: S314
        tag = element.tag.rpartition("}")[2]
        if tag == "c":
            parts = {part.tag.rpartition("}")[2]: part for part in element}
            result = "v" in parts and (parts["v"].text or element.get("t") == "str") and element.get("t") != "e"
            if "f" in parts and not result:
                yield element.get("r", "?")
        elif tag == "row":
            element.clear()
