"""Finding, loading, asking and containing plugins."""

from __future__ import annotations

from lms_bridge.plugin_host.dispatch import (
    Contribution,
    ask_one,
    collect,
    disabled_plugins,
    enabled_declarations,
)
from lms_bridge.plugin_host.host import PluginHost, PluginState, host

__all__ = [
    "Contribution",
    "PluginHost",
    "PluginState",
    "ask_one",
    "collect",
    "disabled_plugins",
    "enabled_declarations",
    "host",
]
