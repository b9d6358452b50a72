"""Renew and check the message catalogues: ``python tools/translations.py [--check]``. English is the source."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
PRACTICE = ROOT / "lms_bridge" / "practice"
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}


def packages() -> list[Path]:
    """Return every package with a catalogue of its own: core, the practice LMS and each plugin."""
    return [ROOT / "lms_bridge", PRACTICE, *sorted((ROOT / "plugins").glob("*/src/*/"))]


def template(package: Path) -> Catalog:
    """Return the messages that a package uses."""
    catalog = Catalog(project="lms_bridge", charset="utf-8")
    found = extract_from_dir(str(package), METHODS, keywords=KEYWORDS)
    for file, _line, message, comments, context in sorted(found, key=lambda row: (row[0], row[1])):
        elsewhere = package != PRACTICE and file.startswith("practice/")
        if "/build/" not in file and not elsewhere:
            catalog.add(message, locations=[(file, 0)], auto_comments=comments, context=context)
    return catalog


def po_file(package: Path) -> Path:
    """Return the Indonesian catalogue of a package."""
    return package / "translations" / "id" / "LC_MESSAGES" / "messages.po"


def load(file: Path) -> Catalog:
    """Read a catalogue, or begin one."""
    if not file.exists():
        return Catalog(locale="id", domain="messages")
    with file.open("rb") as stream:
        return read_po(stream, locale="id", domain="messages")


def missing(package: Path) -> list[str]:
    """Return what lacks a translation, or is fuzzy, or whose compiled form is stale."""
    catalog = load(po_file(package))
    faults = []
    for message in template(package):
        if not message.id:
            continue
        known = catalog.get(message.id)
        if known is None or known.fuzzy or not all(known.string if isinstance(known.string, tuple) else [known.string]):
            faults.append(f"{package.name}: {message.id!r}")
    compiled = po_file(package).with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != compile_mo(catalog):
        faults.append(f"{package.name}: {compiled.name} is stale")
    return faults


def compile_mo(catalog: Catalog) -> bytes:
    """Return the compiled form of a catalogue."""
    stream = io.BytesIO()
    write_mo(stream, catalog)
    return stream.getvalue()


def renew(package: Path) -> None:
    """Bring a catalogue to the messages in use, and compile it."""
    file = po_file(package)
    catalog = load(file)
    # A date that changes with every run would only make branches collide.
    catalog.update(template(package), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:
        write_po(stream, catalog, no_location=True, omit_header=False, width=100)
    file.with_suffix(".mo").write_bytes(compile_mo(load(file)))


def main() -> int:
    """Renew the catalogues, or with ``--check`` only say what is missing."""
    if "--check" not in sys.argv:
        for package in packages():
            renew(package)
    faults = [fault for package in packages() for fault in missing(package)]
    print("\n".join(faults) or "complete")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
