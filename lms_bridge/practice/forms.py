"""Reading forms out of pages, as a browser without eyes does it: to register a tool, and to answer a launch."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class PageForm:
    """A form of a page: where it goes, how, and the fields that it already holds."""

    action: str
    method: str
    name: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.words: list[str] = []
        self._open: PageForm | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = PageForm(given.get("action", ""), given.get("method", "get").lower(), given.get("id", ""))
            self.forms.append(self._open)
        elif tag == "input" and self._open is not None and given.get("name"):
            if given.get("type", "text") in {"checkbox", "radio"} and "checked" not in given:
                return
            if given.get("type") not in {"submit", "button", "image", "reset"}:
                self._open.fields[given["name"]] = given.get("value", "")
        elif tag in {"script", "style", "title"}:
            self._silent += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag in {"script", "style", "title"}:
            self._silent = max(0, self._silent - 1)

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.words.append(" ".join(data.split()))


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader


def forms_of(page: str) -> list[PageForm]:
    """Return the forms of a page."""
    return _read(page).forms


def words_of(page: str, *, most: int = 300) -> str:
    """Return what a page says, without its markup."""
    return " ".join(_read(page).words)[:most]
