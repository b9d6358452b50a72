"""Grades of plugins: what the checks of the contract add up to, and the verdict that the instance keeps."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

GRADES = ("bronze", "silver", "gold")
"""Each includes those before it."""
NONE = "none"


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the contract: the grade it belongs to, its name, and what is missing; nothing when it passed."""

    grade: str
    name: str
    missing: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The grade of one version of a plugin, and what it lacks for the next one."""

    plugin: str
    version: str
    grade: str
    checked_at: str
    missing: tuple[str, ...] = ()

    @property
    def next_grade(self) -> str:
        """The grade above, or nothing above the last."""
        place = GRADES.index(self.grade) + 1 if self.grade in GRADES else 0
        return GRADES[place] if place < len(GRADES) else ""


def judge(plugin: str, version: str, checks: Iterable[Check], *, now: dt.datetime) -> Verdict:
    """Return the highest grade of which no check, nor any of a lower one, misses something.

    A grade without any check is not reached: nobody has looked.
    """
    listed, reached = list(checks), NONE
    for grade in GRADES:
        of_grade = [check for check in listed if check.grade == grade]
        missing = tuple(f"{check.name}: {check.missing}" for check in of_grade if check.missing)
        if missing or not of_grade:
            return Verdict(plugin, version, reached, now.isoformat(), missing or ("none of its checks was run",))
        reached = grade
    return Verdict(plugin, version, reached, now.isoformat())


def keep_verdict(verdict: Verdict, instance: Path) -> None:
    """Remember the newest verdict on a plugin in the instance folder, for ``plugin list``."""
    file = _file(verdict.plugin, instance)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(asdict(verdict), indent=1), "utf-8")


def forget_verdict(plugin: str, instance: Path) -> None:
    """Forget what was found of a plugin; another of its name has not been looked at."""
    _file(plugin, instance).unlink(missing_ok=True)


def kept_grade(plugin: str, version: str, instance: Path) -> str:
    """Return the grade of this version of a plugin; of another version, the grade with that version; else nothing."""
    try:
        kept = json.loads(_file(plugin, instance).read_text("utf-8"))
        grade, of_version = str(kept["grade"]), str(kept["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return grade if of_version == version else f"{grade} ({of_version})"


def _file(plugin: str, instance: Path) -> Path:
    return instance / "plugin_grades" / f"{plugin}.json"
