"""The last failure of each plugin, kept in the instance path for ``doctor``, which is a process of its own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import structlog

from lms_bridge.db import now
from lms_bridge.plugin_host.discovery import Found

RECENT = dt.timedelta(days=1)
log = structlog.get_logger("lms_bridge.plugins")


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a plugin failed (a hook or a page), with which kind of error, and when."""

    place: str
    kind: str
    at: dt.datetime


def remember_failure(instance: Path, plugin: str, place: str, error: BaseException) -> None:
    """Write down where and how a plugin failed; neither what it said nor for whom."""
    file = _file(instance, plugin)
    try:
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{place} {type(error).__name__} {now().isoformat()}\n", "utf-8")
    except OSError as refused:
        log.warning("failure of a plugin not kept", plugin=plugin, kind=type(refused).__name__)


def recent_failure(instance: Path, found: Found) -> Failure | None:
    """Return the last failure of a plugin, unless it is a day old or the code was changed after it."""
    try:
        place, kind, at = _file(instance, found.name).read_text("utf-8").split()
        failure = Failure(place, kind, dt.datetime.fromisoformat(at))
    except (OSError, ValueError):
        return None
    changed = max((file.stat().st_mtime for file in found.files()), default=0.0)
    return failure if failure.at > now() - RECENT and failure.at.timestamp() > changed else None


def forget_failures(instance: Path, plugin: str) -> None:
    """Forget that a plugin failed."""
    _file(instance, plugin).unlink(missing_ok=True)


def _file(instance: Path, plugin: str) -> Path:
    return instance / "plugin-failures" / plugin
