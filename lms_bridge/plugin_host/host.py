"""The plugin host: loads plugins one by one and sets aside, with the reason, each one that is not fit."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pluggy
import structlog
from flask import Flask, current_app
from sqlalchemy.orm import DeclarativeBase

from lms_bridge import hookspecs
from lms_bridge.contributions import API_VERSION, RELATIONS, EventHandler, Module, Permission, Plugin
from lms_bridge.db import METADATA, plugin_base
from lms_bridge.events import CORE_EVENTS, Event
from lms_bridge.plugin_host.discovery import Found, discover

log = structlog.get_logger("lms_bridge.plugins")
_NAME = re.compile(r"[a-z][a-z0-9]{1,30}")
_RESERVED = frozenset({"core", "bridge", "home", "session", "lti", "static", "health"})


class Unfit(Exception):
    """A plugin breaks a rule of the house. The message names the rule and what to change."""


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

    def __init__(self, instance: Path, *, only: Iterable[str] | None = None, disabled: Iterable[str] = ()) -> None:
        self.instance = instance
        self.only = None if only is None else frozenset(only)
        self.disabled = frozenset(disabled)
        self.manager = pluggy.PluginManager("lms_bridge")
        self.manager.add_hookspecs(hookspecs)
        self.states: dict[str, PluginState] = {}

    def load(self) -> None:
        """Find and load plugins. A bad one is quarantined; the others and the server go on."""
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
                self.quarantine(found.name, type(error).__name__, _hint(error))
        self._check_hooks()
        for name in [name for name, state in self.states.items() if not state.reason]:
            try:
                self.states[name].declaration = self._declaration(name)
            except (Exception, SystemExit) as error:
                self.quarantine(name, type(error).__name__, _hint(error))

    def quarantine(self, name: str, reason: str, hint: str) -> None:
        """Set a plugin aside: it is asked nothing and serves nothing until the reason is gone."""
        state = self.states[name]
        state.declaration, state.reason, state.hint = None, reason, hint
        if self.manager.has_plugin(name):
            self.manager.unregister(name=name)
        log.error("plugin quarantined", plugin=name, reason=reason)

    def note_failure(self, name: str, hook: str, error: BaseException) -> None:
        """Remember that a plugin failed to answer; shown by ``doctor``."""
        self.states[name].failures[hook] += 1
        log.error("plugin failed in a hook", plugin=name, hook=hook, kind=type(error).__name__, exc_info=error)

    def _register(self, found: Found) -> None:
        if not _NAME.fullmatch(found.name) or found.name in _RESERVED:
            raise Unfit(f"the name {found.name!r} is reserved or not of lower-case letters and digits")
        before = set(METADATA.tables)
        module = found.load()
        _check_tables(found, set(METADATA.tables) - before, module)
        plugin_base(found.name).registry.configure(cascade=True)
        for function in filter(inspect.isfunction, vars(module).values()):
            options = getattr(function, "lms_bridge_impl", None) or {}
            if options.get("wrapper") or options.get("hookwrapper"):
                raise Unfit("hook wrappers are not supported; answer the hook instead")
        self.manager.register(module, name=found.name)

    def _check_hooks(self) -> None:
        while True:
            try:
                return self.manager.check_pending()
            except pluggy.PluginValidationError as error:
                name = self.manager.get_name(error.plugin)
                if name is None:
                    raise
                self.quarantine(name, "UnknownHook", "a function is marked @hookimpl but core has no such hook")

    def _declaration(self, name: str) -> Plugin:
        answers = [impl for impl in self.manager.hook.plugin.get_hookimpls() if impl.plugin_name == name]
        if not answers:
            raise Unfit("the hook plugin() is missing")
        declared = answers[0].function()
        if not isinstance(declared, Plugin):
            raise Unfit("plugin() must return a Plugin")
        if declared.name != name:
            raise Unfit(f"plugin() calls itself {declared.name!r} but its entry point is {name!r}")
        if declared.requires_api[0] != API_VERSION[0] or declared.requires_api > API_VERSION:
            raise Unfit(f"it needs API {declared.requires_api}, this server has {API_VERSION}")
        for permission in declared.permissions:
            if not permission.action.startswith(f"{name}.") or not permission.relations <= RELATIONS:
                raise Unfit(f"permission {permission.action!r} must start with {name}. and use known relations")
        for blueprint in declared.blueprints:
            if blueprint.name != name:
                raise Unfit(f"blueprint {blueprint.name!r} must be called {name!r}")
        return declared

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
            missing = [m.endpoint for m in declared.modules if m.endpoint not in app.view_functions]
            if missing:
                raise Unfit(f"module endpoints without a view: {', '.join(missing)}")
        except Exception as error:
            plugins.quarantine(declared.name, type(error).__name__, _hint(error))


def _check_tables(found: Found, tables: set[str], module: ModuleType) -> None:
    for table in tables:
        if not table.startswith(f"{found.name}_"):
            METADATA.remove(METADATA.tables[table])
            raise Unfit(f"table {table} must start with {found.name}_")
        if found.file is not None:
            raise Unfit("a dropped-in file cannot bring tables; package the plugin instead")
    bases = {value for value in vars(module).values() if isinstance(value, type) and issubclass(value, DeclarativeBase)}
    if any(base.registry is not plugin_base(found.name).registry for base in bases if base is not DeclarativeBase):
        raise Unfit(f"models must use plugin_base({found.name!r})")


def _hint(error: BaseException) -> str:
    """Return what may be shown of an error: our own sentences, and the first line of an import or syntax error."""
    if isinstance(error, (Unfit, ImportError, SyntaxError)):
        return str(error).splitlines()[0][:300]
    if isinstance(error, SystemExit):
        return "the plugin tried to end the server while it was loaded"
    return "see the log for the details"
