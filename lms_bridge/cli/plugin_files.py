"""The files of plugins, watched while somebody writes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lms_bridge.plugin_host.discovery import discover

Stamps = dict[Path, int]


def stamp_plugins(instance: Path) -> Stamps:
    """Return every file of the installed and the dropped-in plugins, with the time when it was written."""
    stamps = {}
    for found in discover(instance):
        for file in _files(found.file or found.package):
            try:
                stamps[file] = file.stat().st_mtime_ns
            except OSError:
                continue  # An editor has just put another one in its place, or taken it away.
    return stamps


def changed_files(before: Stamps, after: Stamps) -> list[str]:
    """Return the names of files that are new, written again or gone."""
    return sorted({file.name for file, _time in before.items() ^ after.items()})


def _files(place: Path | None) -> Iterator[Path]:
    if place is None:
        return
    if place.is_file():
        yield place
    for file in place.rglob("*"):
        if "__pycache__" not in file.parts and file.is_file():
            yield file
