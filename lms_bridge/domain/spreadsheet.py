"""Text on its way into a spreadsheet and back: a cell must never act when somebody opens the file."""

from __future__ import annotations

from typing import TypeVar

# What Excel, LibreOffice and Google Sheets take for the start of a formula, the full-width forms among them
# (OWASP, CSV injection).
_ACTS = frozenset("=+-@\t\r\n＝＋－＠")
Cell = TypeVar("Cell")


def safe_cell(value: Cell) -> Cell | str:
    """Return what may be written into a cell of an XLSX or CSV file: text that would act gets an apostrophe in front.

    Numbers and dates stay what they are. For every export: whoever wrote the text may not be whoever opens it.
    """
    if isinstance(value, str) and value.lstrip(" ")[:1] in _ACTS and value.strip(" "):
        return f"'{value}"
    return value


def plain_cell(text: str) -> str:
    """Return the text of a cell as it was before :func:`safe_cell`."""
    return text[1:] if text.startswith("'") and safe_cell(text[1:]) == text else text
