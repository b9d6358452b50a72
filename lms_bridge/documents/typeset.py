"""Sets one document: ``python typeset.py FOLDER`` writes the PDF of ``house.typ`` in that folder to standard output.

A program of its own, run for each document: what it needs is given back when it ends, and a document that would need
more memory than it may takes no web worker along. It imports nothing of lms_bridge, so that it starts in 30 ms.
"""

from __future__ import annotations

import datetime as dt
import resource
import sys

import typst

MOST_MEMORY = 1 << 30
"""Bytes; 2,000 rows need 150 MB."""


def main() -> int:
    """Set the document; a fault is one line on standard error."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    folder, moment = sys.argv[1], dt.datetime.fromtimestamp(int(sys.argv[2]), dt.UTC)
    try:
        pdf = typst.compile(f"{folder}/house.typ", root=folder, ignore_system_fonts=True, timestamp=moment)
    except typst.TypstError as error:
        print(error, file=sys.stderr)
        return 1
    sys.stdout.buffer.write(pdf)
    return 0


if __name__ == "__main__":
    sys.exit(main())
