"""Asking plugins. One that fails is left out, and what it half did is undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from lms_bridge.db import db, guest
from lms_bridge.models import PluginSetting
from lms_bridge.plugin_host.host import host


@dataclass(frozen=True, slots=True)
class Contribution:
    """An answer and the plugin that gave it."""

    plugin: str
    value: Any


def disabled_plugins() -> frozenset[str]:
    """Return the plugins that the chosen agency has switched off."""
    return frozenset(db.session.scalars(select(PluginSetting.plugin).where(PluginSetting.enabled.is_(False))))


def collect(hook: str, **asked: Any) -> list[Contribution]:
    """Ask every plugin that the agency uses, in the order of their names.

    Each answers in a savepoint of its own. A plugin that raises, returns something that is no list where the hook
    promises one, or tries to end the transaction, is left out and noted.
    """
    plugins = host()
    found: list[Contribution] = []
    off = disabled_plugins()
    for impl in reversed(getattr(plugins.manager.hook, hook).get_hookimpls()):
        if impl.plugin_name in off:
            continue
        try:
            with guest(impl.plugin_name):
                value = impl.function(*(asked[name] for name in impl.argnames))
                if not isinstance(value, list):
                    raise TypeError(f"{hook} must return a list")
        except (Exception, SystemExit) as error:
            plugins.note_failure(impl.plugin_name, hook, error)
        else:
            found += [Contribution(impl.plugin_name, part) for part in value]
    return found
