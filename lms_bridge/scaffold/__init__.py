"""A new plugin to begin with: a distribution with a page, a table, a grade, both languages and tests."""

from __future__ import annotations

import importlib.util
import keyword
import re
from collections.abc import Collection
from io import BytesIO
from pathlib import Path
from string import Template

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from lms_bridge.plugin_host.names import LONGEST_NAME, NAME, RESERVED

_TEMPLATES = Path(__file__).parent / "plugin"
_SUFFIX = ".tmpl"
"""Keeps tools from taking a template for Python, for a page or for a catalogue of core."""


class BadName(ValueError):
    """A plugin cannot be called so; the message says why and what to do."""


def check_new_name(name: str, *, taken: Collection[str]) -> None:
    """Refuse a name that a new plugin cannot have.

    :param taken: the names of the plugins that this server knows.
    :raises BadName: with the reason and the next step.
    """
    if name in RESERVED:
        raise BadName(f"{name} is reserved: the bridge itself uses it. Choose another name.")
    if keyword.iskeyword(name):
        raise BadName(f"{name} is a word of the Python language. Choose another name.")
    if len(name) > LONGEST_NAME:
        raise BadName(f"{name} has {len(name)} characters. Choose a name of at most {LONGEST_NAME}.")
    if not NAME.fullmatch(name):
        plain = re.sub(r"[^a-z0-9]", "", name.lower()).lstrip("0123456789")
        better = plain if NAME.fullmatch(plain) else "attendance"
        raise BadName(
            f"{name!r} cannot be part of an address, a table and a Python package. "
            f"Use two or more lower-case letters and digits, a letter first, such as: {better}"
        )
    if name in taken or importlib.util.find_spec(f"lms_bridge_{name}"):
        raise BadName(
            f"There is a plugin called {name} on this server. Choose another name, or remove that plugin first."
        )


def write_plugin(name: str, folder: Path) -> list[Path]:
    """Write the distribution of a new plugin into a folder that is not there yet; returns its files.

    :raises FileExistsError: the folder is there.
    """
    folder.mkdir(parents=True)
    words = {"name": name, "title": name.capitalize()}
    written = []
    for template in sorted(_TEMPLATES.rglob(f"*{_SUFFIX}")):
        place = str(template.relative_to(_TEMPLATES)).removesuffix(_SUFFIX).replace("NAME", name)
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(Template(template.read_text("utf-8")).substitute(words), "utf-8")
        written.append(file)
    return written + [_compile(file) for file in written if file.suffix == ".po"]


def _compile(catalogue: Path) -> Path:
    """Write the compiled form of a message catalogue beside it."""
    compiled = catalogue.with_suffix(".mo")
    with catalogue.open("rb") as source, BytesIO() as target:
        write_mo(target, read_po(source))
        compiled.write_bytes(target.getvalue())
    return compiled
