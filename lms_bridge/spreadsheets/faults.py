"""Why a file is refused, in words that its owner can act on."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask_babel import lazy_gettext as _l

from lms_bridge.errors import BridgeError

LIMIT_MEGABYTES = 32
"""The largest file; 100,000 people with twelve columns need about 8 MB."""
LIMIT_ROWS = 200_000
LIMIT_COLUMNS = 64

_SENTENCES: dict[str, Any] = {
    "too-large": _l("The file is larger than %(limit)s MB.", limit=LIMIT_MEGABYTES),
    "too-many-rows": _l("The sheet has cells below row %(limit)s.", limit=LIMIT_ROWS),
    "too-many-columns": _l("The sheet has more than %(limit)s columns.", limit=LIMIT_COLUMNS),
    "empty": _l("The file has no rows below its headings."),
    "not-a-table": _l("This is neither an XLSX nor a CSV file."),
    "old-excel": _l("This is an old Excel file (.xls), whatever its name ends with."),
    "password": _l("The file is protected by a password."),
    "web-page": _l("This is a web page that was named like a spreadsheet, as some applications export it."),
    "other-format": _l("This is a spreadsheet of another format (such as .ods or .xlsb)."),
    "macros": _l("The file contains macros (.xlsm). Programs inside a file are never accepted."),
    "unpacks-too-large": _l("The file unpacks to a size that no real list has."),
    "damaged": _l("The file is damaged: it cannot be unpacked."),
    "formula": _l("These cells hold a formula without its result: %(what)s."),
    "encoding": _l("The text of the file is in an encoding that is not known, or it is no text."),
    "quotes": _l("A quotation mark that is never closed begins in row %(what)s."),
    "duplicate-headings": _l("These headings occur more than once: %(what)s."),
    "unexpected": _l("Something went wrong on our side; the operator of the server finds the cause in the log."),
    "no-headings": _l("No row with headings was found among the first rows."),
}
_STEPS: dict[str, Any] = {
    "too-large": _l("Take out pictures and other sheets, or divide the list into several files."),
    "too-many-rows": _l("Delete the empty rows below the list, or divide it into several files."),
    "too-many-columns": _l("Delete the columns to the right of the list."),
    "empty": _l("Fill in the template's first sheet and send it again."),
    "password": _l("Open it in Excel, remove the password, save it and send it again."),
    "formula": _l("Copy the cells, paste them as values, save the file and send it again."),
    "encoding": _l("Save it as XLSX, or as “CSV UTF-8”, and send it again."),
    "quotes": _l("Save it as XLSX and send it again."),
    "duplicate-headings": _l("Give each column a heading of its own, or delete one of them."),
    "no-headings": _l("Put the headings of the template into one row above the list."),
    "damaged": _l("Open it in Excel, save it as a new file and send that one."),
    "unpacks-too-large": _l("Copy the list into the template and send that file."),
}
_SAVE_AS = _l("Open it in Excel, choose “Save as”, take “Excel Workbook (.xlsx)”, and send the new file.")


class FileRefused(BridgeError):
    """A file that cannot be read; ``reason`` is a stable word and ``what`` names the place.

    A file is no XLSX or CSV, too large, damaged, protected, with macros, or with formulas that have no result; the
    page says which.

    What helps: Do what the page says: usually copy the list into the template and send that.
    """

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "file-refused"
    title = _l("This file cannot be read")

    def __init__(self, reason: str, what: str = "") -> None:
        super().__init__(sentence(reason, what), steps=(next_step(reason),), reason=reason)
        self.what = what


def sentence(reason: str, what: str = "") -> str:
    """Return what is wrong with a file, in the language of the reader."""
    return str(_SENTENCES[reason]).replace("%(what)s", what)


def next_step(reason: str) -> Any:
    """Return what to do about it."""
    return _STEPS.get(reason, _SAVE_AS)
