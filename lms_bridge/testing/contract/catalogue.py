"""Whether a package's Indonesian catalogue has all that the package says."""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo

_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2")]
_KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}


def untranslated(package: Path) -> list[str]:
    """Return the texts of a package that its compiled catalogue lacks. English is the source."""
    used = Catalog()
    for _file, _line, message, _comments, context in extract_from_dir(str(package), _METHODS, keywords=_KEYWORDS):
        used.add(message, context=context)
    compiled = package / "translations" / "id" / "LC_MESSAGES" / "messages.mo"
    known = Catalog()
    if compiled.exists():
        with compiled.open("rb") as stream:
            known = read_mo(stream)
    return [_first(message.id) for message in used if message.id and not _translated(known, _first(message.id))]


def _first(message: str | list[str] | tuple[str, ...]) -> str:
    """Return the singular of a text with a plural."""
    return message if isinstance(message, str) else message[0]


def _translated(known: Catalog, message: str) -> bool:
    found = known.get(message)
    return found is not None and bool(found.string) and all(found.string or ())
