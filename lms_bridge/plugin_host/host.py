"""The plugin host: loads plugins one by one and sets aside, with the reason, each one that is not fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pluggy
import structlog
from flask import Flask, current_app

from lms_bridge import hookspecs
from lms_bridge.contributions import EventHandler, Module, Permission, Plugin
from lms_bridge.db import METADATA, plugin_base
from lms_bridge.events import CORE_EVENTS, Event
from lms_bridge.plugin_host.discovery import Found, discover
from lms_bridge.plugin_host.failures import remember_failure
from lms_bridge.plugin_host.fitness import (
    Unfit,
    check_declaration,
    check_hooks,
    check_name,
    check_tables,
    check_translations,
    check_views,
    drop_tables,
    reason_of,
)
from lms_bridge.plugin_host.trace import traced

log = structlog.get_logger("lms_bridge.plugins")


@dataclass(slots=True)
class PluginState:
    """What became of a plugin: its declaration when it is loaded, the reason when it is quarantined."""

    found: Found
    declaration: Plugin | None = None
    reason: str = ""
    hint: str = ""
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def state(self) -> str:
        """``loaded`` or ``quarantined``."""
        return "loaded" if self.declaration else "quarantined"


class PluginHost:
    """All plugins of one application."""

    def __init__(
        self,
        instance: Path,
        *,
        only: Iterable[str] | None = None,
        disabled: Iterable[str] = (),
        safe_mode: bool = False,
        trace: bool = False,
    ) -> None:
        self.instance = instance
        self.safe_mode = safe_mode
        self.trace = trace
        self.only = None if only is None else frozenset(only)
        self.disabled = frozenset(disabled)
        self.manager = pluggy.PluginManager("lms_bridge")
        self.manager.add_hookspecs(hookspecs)
        self.states: dict[str, PluginState] = {}

    def load(self) -> None:
        """Find and load plugins, in safe mode none. A bad one is quarantined; the others and the server go on."""
        if self.safe_mode:
            return
        for found in discover(self.instance):
            if found.name in self.disabled or (self.only is not None and found.name not in self.only):
                continue
            if found.name in self.states:
                self.quarantine(found.name, "DuplicateName", f"two plugins are called {found.name}; remove one")
                continue
            self.states[found.name] = PluginState(found)
            try:
                self._register(found)
            except (Exception, SystemExit) as error:
                self.reject(found.name, error)
        self._check_hooks()
        for name in [name for name, state in self.states.items() if not state.reason]:
            try:
                self.states[name].declaration = self._declaration(name)
            except (Exception, SystemExit) as error:
                self.reject(name, error)
        self._name_missing()

    def quarantine(self, name: str, reason: str, hint: str, *, error: BaseException | None = None) -> None:
        """Set a plugin aside: it is asked nothing and serves nothing until the reason is gone."""
        state = self.states[name]
        state.declaration, state.reason, state.hint = None, reason, hint
        if self.manager.has_plugin(name):
            self.manager.unregister(name=name)
        log.error("plugin quarantined", plugin=name, reason=reason, hint=hint, exc_info=error)

    def reject(self, name: str, error: BaseException) -> None:
        """Set a plugin aside because of what it raised; the log holds the whole error."""
        self.quarantine(name, type(error).__name__, reason_of(error), error=error)

    def call(self, hook: str, plugin: str, function: Callable[..., Any], *given: Any) -> Any:
        """Ask one plugin, traced where the settings want it. Whatever it raises comes through."""
        return traced(function, *given, hook=hook, plugin=plugin) if self.trace else function(*given)

    def note_failure(self, name: str, place: str, error: BaseException) -> None:
        """Remember that a plugin failed in a hook or on a page; shown by ``doctor``."""
        self.states[name].failures[place] += 1
        remember_failure(self.instance, name, place, error)
        log.error("plugin failed", plugin=name, place=place, kind=type(error).__name__, exc_info=error)

    def _register(self, found: Found) -> None:
        check_name(found)
        before = set(METADATA.tables)
        try:
            module = found.load()
            check_tables(found, set(METADATA.tables) - before, module)
        except (Exception, SystemExit):
            drop_tables({table for table in set(METADATA.tables) - before if not table.startswith(f"{found.name}_")})
            raise
        plugin_base(found.name).registry.configure(cascade=True)
        check_hooks(module)
        self.manager.register(module, name=found.name)

    def _check_hooks(self) -> None:
        while True:
            try:
                return self.manager.check_pending()
            except pluggy.PluginValidationError as error:
                name = self.manager.get_name(error.plugin)
                if name is None:
                    raise
                self.reject(name, error)

    def _declaration(self, name: str) -> Plugin:
        answers = [impl for impl in self.manager.hook.plugin.get_hookimpls() if impl.plugin_name == name]
        if not answers:
            raise Unfit("the hook plugin() is missing")
        declared = check_declaration(self.call("plugin", name, answers[0].function), name)
        check_views(declared)
        check_translations(self.states[name].found)
        return declared

    def _name_missing(self) -> None:
        """Show plugins that the settings ask for and that are not there: a name misspelt, or not installed."""
        known = ", ".join(sorted({found.name for found in discover(self.instance)})) or "none"
        for name in sorted((self.only or frozenset()) - set(self.states) - self.disabled):
            self.states[name] = PluginState(Found(name, ""))
            hint = f"LMS_BRIDGE_LOAD_PLUGINS asks for it, but it is not installed. Installed: {known}"
            self.quarantine(name, "NotInstalled", hint)

    @property
    def declarations(self) -> list[Plugin]:
        """The declarations of all plugins that are loaded."""
        return [state.declaration for state in self.states.values() if state.declaration]

    def module(self, key: str | None) -> Module | None:
        """Return a module by its key ``<plugin>.<name>``, or nothing when no loaded plugin has it."""
        name, _, rest = (key or "").partition(".")
        declared = self.states[name].declaration if name in self.states else None
        return next((module for module in declared.modules if module.name == rest), None) if declared else None

    def permission(self, action: str) -> Permission | None:
        """Return the declaration of an action."""
        return next((p for declared in self.declarations for p in declared.permissions if p.action == action), None)

    def handlers(self, event: str) -> list[tuple[str, str, EventHandler]]:
        """Return (handler name, plugin, handler) for everyone who wants to be told of an event."""
        return [
            (f"{declared.name}:{handler.handle.__name__}", declared.name, handler)
            for declared in self.declarations
            for handler in declared.event_handlers
            if handler.event == event
        ]

    def event_type(self, name: str) -> type[Event] | None:
        """Return the class of an event by its name."""
        types = [*CORE_EVENTS, *(kind for declared in self.declarations for kind in declared.event_types)]
        return next((kind for kind in types if kind.name == name), None)


def host() -> PluginHost:
    """Return the plugin host of the current application."""
    return current_app.extensions["lms_bridge.plugins"]


def init_plugins(app: Flask, plugins: PluginHost) -> None:
    """Register the blueprints of loaded plugins under ``/p/<name>/``; one that cannot be registered is quarantined."""
    app.extensions["lms_bridge.plugins"] = plugins
    for declared in plugins.declarations:
        try:
            for blueprint in declared.blueprints:
                app.register_blueprint(blueprint, url_prefix=f"/p/{declared.name}")
        except Exception as error:
            plugins.reject(declared.name, error)
