"""The pages of ``docs/`` with the parts that are made from the code."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.reference.kinds import KINDS, Kind

DOCS = Path(__file__).parents[2] / "docs"
_PART = re.compile(r"<!-- generated: (?P<kind>\w+) (?P<names>.+?) -->\n(?P<text>.*?)<!-- end -->\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a page: what it shows, and how it reads now."""

    kind: Kind
    names: tuple[str, ...]
    text: str

    @property
    def renewed(self) -> str:
        """How it reads from the code. What is gone from the code is left out."""
        known = self.kind.entries()
        return self.kind.render([known[name] for name in self.names if name in known])


@dataclass(frozen=True, slots=True)
class Page:
    """A page and its text."""

    file: Path
    text: str

    def parts(self) -> Iterator[Part]:
        """Yield the parts that are made from the code."""
        for found in _PART.finditer(self.text):
            yield _part(found)

    def renewed(self) -> str:
        """Return the page as the code would have it."""

        def replace(found: re.Match[str]) -> str:
            opening = found[0].partition("\n")[0]
            return f"{opening}\n{_part(found).renewed}<!-- end -->\n"

        return _PART.sub(replace, self.text)


def pages() -> list[Page]:
    """Return every page."""
    return [Page(file, file.read_text("utf-8")) for file in sorted(DOCS.rglob("*.md"))]


def faults(pages: Iterable[Page]) -> list[str]:
    """Say what the code has and no page shows, what a page shows and the code has not, and which page is old."""
    pages = list(pages)
    found = [f"{page.file.name} is not up to date: python -m tools.reference" for page in pages if _is_old(page)]
    for word, kind in KINDS.items():
        shown = [name for page in pages for part in page.parts() if part.kind is kind for name in part.names]
        found += [f"{word} {name!r} is in no page of docs/" for name in kind.entries() if name not in shown]
        found += [f"{word} {name!r} is documented but gone" for name in shown if name not in kind.entries()]
        found += [f"{word} {name!r} is documented twice" for name in {one for one in shown if shown.count(one) > 1}]
    return found


def _is_old(page: Page) -> bool:
    return page.text != page.renewed()


def _part(found: re.Match[str]) -> Part:
    kind = KINDS[found["kind"]]
    names = _names(found["names"])
    return Part(kind, tuple(kind.entries()) if names == ("*",) else names, found["text"])


@cache
def _names(text: str) -> tuple[str, ...]:
    return tuple(shlex.split(text))
