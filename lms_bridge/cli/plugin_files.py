"""The files of plugins, watched while somebody writes them."""

from __future__ import annotations

from pathlib import Path

from lms_bridge.plugin_host.discovery import discover

Stamps = dict[Path, int]


def stamp_plugins(instance: Path) -> Stamps:
    """Return every file of the installed and the dropped-in plugins, with the time when it was written."""
    stamps = {}
    for found in discover(instance):
        for file in found.files():
            try:
                stamps[file] = file.stat().st_mtime_ns
            except OSError:
                continue  # An editor has just put another one in its place, or taken it away.
    return stamps


def changed_files(before: Stamps, after: Stamps) -> list[str]:
    """Return the names of files that are new, written again or gone."""
    return sorted({file.name for file, _time in before.items() ^ after.items()})
