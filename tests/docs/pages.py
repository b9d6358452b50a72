"""Reading the documentation: its pages, headings, tables and code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_BLOCK = re.compile(
    r"(?:^`(?P<file>[^`\n]+)`\n\n)?^```(?P<language>[\w+-]+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A block of code; ``file`` is the name that stands above it."""

    language: str
    text: str
    file: str | None


def read(page: str) -> str:
    """Return the text of a page."""
    return (DOCS / page).read_text("utf-8")


def blocks(page: str) -> list[Block]:
    """Return the code of a page, in its order."""
    return [Block(found["language"], found["text"], found["file"]) for found in _BLOCK.finditer(read(page))]


def headings(page: str, level: int = 2) -> list[str]:
    """Return the headings of a page, without the marks of code."""
    return [title.strip("`") for title in re.findall(rf"^{'#' * level} (.+)$", read(page), re.MULTILINE)]


def first_cells(page: str) -> list[str]:
    """Return what stands as code in the first cell of each table row of a page."""
    return re.findall(r"^\| `([^`]+)` \|", read(page), re.MULTILINE)
