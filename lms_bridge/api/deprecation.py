"""Old names of the public surface: they work on, with a warning, until the version that removes them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lms_bridge.contributions import API_VERSION, version_text


class ApiDeprecated(DeprecationWarning):
    """A plugin uses a name that a later version of the API will not have."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """What to use in place of an old name, the version that warns first, and the one without the old name."""

    new: str
    since: tuple[int, int]
    removed_in: tuple[int, int]


RENAMED: dict[str, Renamed] = {}
"""Old names. One that is due to be removed, by ``API_VERSION``, fails a test until it is."""


def resolve(name: str, surface: Mapping[str, Any], renamed: Mapping[str, Renamed] = RENAMED) -> Any:
    """Return what an old name stands for, and warn at the line that uses it.

    :raises AttributeError: the API has no such name.
    """
    if name not in renamed:
        raise AttributeError(f"API {version_text(API_VERSION)} has no {name!r}")
    row = renamed[name]
    warnings.warn(
        f"lms_bridge.api.{name} is deprecated since API {version_text(row.since)} and will be removed in "
        f"{version_text(row.removed_in)}; use {row.new}",
        ApiDeprecated,
        # This function and the module's __getattr__ stand between the warning and the plugin's line.
        stacklevel=3,
    )
    return surface[row.new]
