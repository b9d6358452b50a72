"""What a page holds, read from its markup: language, words, links, forms, and code that the content policy refuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

_TYPED = {
    "email": "orang@contoh.example",
    "number": "1",
    "range": "1",
    "date": "2026-01-15",
    "url": "https://contoh.example/",
}
WRITTEN, REWRITTEN = "Contoh", "Ditulis ulang"
_CLOSED = {"submit", "button", "image", "reset", "file"}
_LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src"}


@dataclass
class Form:
    """A form, filled in: what it holds already, else the first choice or a short text."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    """Another value for each field where one can choose or write."""

    def changed(self) -> dict[str, str]:
        """Return what is sent by somebody who answers everything differently."""
        return self.fields | self.others

    def choose(self, name: str, value: str, *, chosen: bool) -> None:
        """Take note of a choice: the first one counts unless another is marked."""
        if chosen or name not in self.fields:
            if name in self.fields:
                self.others[name] = self.fields[name]
            self.fields[name] = value
        else:
            self.others[name] = value

    def write(self, name: str, value: str) -> None:
        """Take note of a field for text."""
        self.fields[name] = value or WRITTEN
        self.others[name] = REWRITTEN


class Outline(HTMLParser):
    """Read a page once: ``Outline(text)``."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.language = ""
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.refused: list[str] = []
        self.words: list[str] = []
        """What stands in ``main``, or in the whole page where there is none."""
        self._main = "<main" not in page
        self._silent = False
        self._select = self._textarea = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._check(tag, given)
        if tag == "html":
            self.language = given.get("lang", "")
        elif tag == "main":
            self._main = True
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").upper()))
        elif tag in {"script", "style"}:
            self._silent = True
        elif self.forms:
            self._field(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self._silent = False
        elif tag == "main":
            self._main = False
        elif tag == "textarea" and self._textarea:
            self._textarea = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._textarea and data.strip():
            self.forms[-1].write(self._textarea, data.strip())
        if self._main and not self._silent:
            self.words += data.split()

    def _field(self, tag: str, given: dict[str, str]) -> None:
        form, name = self.forms[-1], given.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._textarea = name
            form.write(name, "")
        elif tag == "option" and self._select and (value := given.get("value", "")):
            form.choose(self._select, value, chosen="selected" in given)
        elif tag == "input" and name and (kind := given.get("type", "text")) not in _CLOSED:
            if kind in {"radio", "checkbox"}:
                form.choose(name, given.get("value", "on"), chosen="checked" in given)
            elif kind in {"text", "search"}:
                form.write(name, given.get("value", ""))
            else:
                form.fields[name] = given.get("value") or _TYPED.get(kind, WRITTEN)

    def _check(self, tag: str, given: dict[str, str]) -> None:
        code = given.get("type", "") in {"", "module", "text/javascript"}
        if tag == "script" and "src" not in given and code:
            self.refused.append("a script in the page")
        if tag == "style":
            self.refused.append("a style sheet in the page")
        for name in given:
            if name == "style" or name.startswith("on"):
                self.refused.append(f"the attribute {name} of <{tag}>")
        source = urlsplit(given.get(_LOADED.get(tag, ""), ""))
        if source.netloc and tag in _LOADED:
            self.refused.append(f"<{tag}> from {source.netloc}")
        if given.get("href", "").startswith("javascript:"):
            self.refused.append("a link with script")
