"""Spreadsheets for tests, good ones and such as nobody should open."""

from __future__ import annotations

import html
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import xlsxwriter


def workbook(path: Path, rows: list[list[Any]], *, formulas: dict[str, tuple[str, Any]] | None = None) -> Path:
    """Write rows as an XLSX file; ``formulas`` are cells such as ``{"B2": ("=A1", 3)}``, with their results."""
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "dd-mm-yyyy"})
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if hasattr(value, "year"):
                sheet.write_datetime(number, column, value, day)
            elif value is not None:
                sheet.write(number, column, value)
    for cell, (formula, value) in (formulas or {}).items():
        sheet.write_formula(cell, formula, None, value)
    book.close()
    return path


def changed_archive(path: Path, *, add: dict[str, bytes], drop: str = "") -> Path:
    """Rewrite an archive with members added and one dropped."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if name != drop}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**members, **add}.items():
            archive.writestr(name, content)
    return path


def lying_bomb(path: Path, *, real: int, told: int) -> Path:
    """Make a workbook whose sheet unpacks to ``real`` bytes while the directory tells of ``told``."""
    workbook(path, [["NIP"], ["x"]])
    changed_archive(path, add={"xl/worksheets/sheet1.xml": b"<worksheet>" + b" " * real + b"</worksheet>"})
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    patched = bytes(data).replace(size.to_bytes(4, "little"), told.to_bytes(4, "little"))
    path.write_bytes(patched)
    return path


def formulas(content: bytes) -> list[str]:
    """Return the formulas of a workbook's cells."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    return [text for sheet in sheets for text in re.findall(r"<f>(.*?)</f>", sheet.decode())]


def texts(content: bytes) -> set[str]:
    """Return the texts of a workbook's cells as they are stored, which is not always as they are read."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")]
    return {html.unescape(text) for part in parts for text in re.findall(r"<t(?: [^>]*)?>(.*?)</t>", part)}


def validations(content: bytes) -> list[str]:
    """Return the sources of a workbook's drop-down lists."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return re.findall(r"<formula1>(.*?)</formula1>", archive.read("xl/worksheets/sheet1.xml").decode())
