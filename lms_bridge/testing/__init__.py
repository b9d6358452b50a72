"""Fixtures and helpers for tests of the bridge and of plugins; the fixtures are in ``pytest_plugin``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lms_bridge.testing.contract import PluginContract

__all__ = ["PluginContract"]


def __getattr__(name: str) -> Any:
    """Import the contract where it is asked for: every run of pytest loads this package, with the bridge or without."""
    if name == "PluginContract":
        from lms_bridge.testing.contract import PluginContract

        return PluginContract
    raise AttributeError(name)
