"""Renew the pages, or with ``--check`` only say what is wrong."""

from __future__ import annotations

import sys

from tools.reference.pages import faults, pages


def main() -> int:
    """Renew every page; returns 1 when something has no place, or is gone, or with ``--check`` is not up to date."""
    for page in pages() if "--check" not in sys.argv else ():
        page.file.write_text(page.renewed(), "utf-8")
    found = faults(pages())
    print("\n".join(found) or "complete")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
