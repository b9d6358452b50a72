"""A file with a dictionary: Moodle's, or our own sheet as XLSX or CSV."""

from __future__ import annotations

import io
from typing import IO

from lms_bridge.api import FileRefused, read_upload
from lms_bridge_competency.dictionary.moodle import looks_like_moodle, read_moodle
from lms_bridge_competency.dictionary.reading import ReadDictionary
from lms_bridge_competency.dictionary.sheet import read_sheet

LIMIT_BYTES = 16 * 2**20
"""The largest file; 10,000 competencies with all levels in two languages need some 12 MB as CSV."""


def read_file(stream: IO[bytes], *, name: str) -> ReadDictionary:
    """Return what a file holds, with every fault.

    :raises FileRefused: it is too large, cannot be read, or has neither Moodle's columns nor ours.
    """
    content = stream.read(LIMIT_BYTES + 1)
    if len(content) > LIMIT_BYTES:
        raise FileRefused("too-large")
    if looks_like_moodle(content):
        return read_moodle(content)
    read = read_sheet(read_upload(io.BytesIO(content), name=name, limit=LIMIT_BYTES))
    if read is None:
        raise FileRefused("no-headings")
    if not read.entries:
        raise FileRefused("empty")
    return read
