"""Docstrings as Markdown."""

from __future__ import annotations

import inspect
import re


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a docstring, each on one line."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", inspect.cleandoc(text)) if part.strip()]


def prose(text: str) -> str:
    """Return words of a docstring as Markdown has them."""
    return text.replace("``", "`")


def cell(thing: object) -> str:
    """Return the first paragraph of a thing's docstring for a table."""
    return prose(paragraphs(inspect.getdoc(thing) or "")[0]).rstrip(".")


def described(docstring: str) -> str:
    """Return a docstring as Markdown: its paragraphs, with the word before a colon in bold, then its fields."""
    body, _mark, listed = docstring.partition("\n:")
    told = [re.sub(r"^(When|May assume|On failure): ", r"**\1** ", prose(part)) for part in paragraphs(body)]
    for field in f":{listed}".split("\n:") if listed else ():
        name, _colon, text = field.lstrip(":").partition(": ")
        told.append(f"{_FIELDS[name.split()[0]].format(*name.split()[1:])} {prose(' '.join(text.split()))}")
    return "\n\n".join(told)


_FIELDS = {"param": "**`{}`**", "returns": "**Return**", "raises": "**Raises `{}`**"}
