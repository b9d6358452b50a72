"""Tables from outside, XLSX and CSV: refused clearly, or read as text cells."""

from __future__ import annotations

from lms_bridge.spreadsheets.faults import FileRefused
from lms_bridge.spreadsheets.reading import Row, keep_upload, read_rows, read_upload

__all__ = ["FileRefused", "Row", "keep_upload", "read_rows", "read_upload"]
