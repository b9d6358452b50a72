"""What the reference shows, kind by kind, read from the code."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click

import lms_bridge
from lms_bridge import hookspecs
from lms_bridge.cli import bridge
from lms_bridge.contributions import Permission, Plugin
from lms_bridge.errors import BridgeError
from lms_bridge.events import CORE_EVENTS
from lms_bridge.plugin_host.discovery import GROUP
from lms_bridge.services.permissions import CORE
from lms_bridge.settings import TABLE, Setting
from tools.reference import surface
from tools.reference.docstrings import cell, described, paragraphs, prose

PLUGINS = Path(__file__).parents[2] / "plugins"


@dataclass(frozen=True)
class Kind:
    """One kind of thing: all that the code has of it, by name, each as a page shows it; and what stands above."""

    entries: Callable[[], Mapping[str, str]]
    above: str = ""

    def render(self, entries: list[str]) -> str:
        """Return some of them as a page shows them."""
        between = "" if self.above else "\n"
        return self.above + between.join(entries)


def _table(*columns: str) -> str:
    return f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


@cache
def settings() -> Mapping[str, str]:
    """Return every setting."""
    return {one.name: _row(f"`{one.name}`", _default(one), one.help) for one in TABLE}


def _default(setting: Setting) -> str:
    if setting.default in ("", None, ()):
        return ""
    return f"`{int(setting.default) if isinstance(setting.default, bool) else setting.default}`"


@cache
def commands() -> Mapping[str, str]:
    """Return every command, by its words."""
    return {name: _command(name, command) for name, command in _commands(bridge)}


def _commands(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def _command(name: str, command: click.Command) -> str:
    usage = " ".join(command.collect_usage_pieces(click.Context(command)))
    told = [part for part in paragraphs(command.help or "") if not part.startswith("Example: ")]
    shown = [part.removeprefix("Example: ") for part in paragraphs(command.help or "") if part.startswith("Example: ")]
    lines = [f"### `{name}`", f"```text\nlms-bridge {name} {usage}".rstrip() + "\n```", *map(prose, told)]
    options = [param for param in command.params if isinstance(param, click.Option)]
    if options:
        lines.append("\n".join(_option(option) for option in options))
    lines += [f"Example: `{example}`" for example in shown]
    return "\n\n".join(lines) + "\n"


def _option(option: click.Option) -> str:
    takes = "" if option.is_flag else f" {option.make_metavar(click.Context(click.Command('')))}"
    told = (option.help or "").rstrip(".")
    if option.required:
        told += "; required"
    elif option.show_default:
        told += f"; by default `{option.default}`"
    return f"- `{option.opts[0]}{takes}`: {told}."


@cache
def hooks() -> Mapping[str, str]:
    """Return every hook; the heading is its signature."""
    specs = [value for value in vars(hookspecs).values() if hasattr(value, "lms_bridge_spec")]
    return {hook.__name__: _hook(hook) for hook in specs}


def _hook(hook: Any) -> str:
    heading = f"{hook.__name__}{surface.signature(hook)}"
    return f"## `{heading}`\n\n{described(inspect.getdoc(hook) or '')}\n"


@cache
def declarations() -> tuple[Plugin, ...]:
    """Return what our own plugins declare."""
    ours = {folder.name for folder in PLUGINS.iterdir()}
    return tuple(entry.load().plugin() for entry in entry_points(group=GROUP) if entry.name in ours)


@cache
def events() -> Mapping[str, str]:
    """Return every event of core and of our own plugins."""
    types = [*CORE_EVENTS, *(kind for declared in declarations() for kind in declared.event_types)]
    return {kind.name: _row(f"`{kind.name}`", cell(kind), _fields(kind)) for kind in types}


def _fields(kind: Any) -> str:
    return ", ".join(f"`{field.name}`" for field in fields(kind))


def declared_permissions() -> list[Permission]:
    """Return every action that core and our own plugins declare."""
    declared = [*CORE, *(permission for plugin in declarations() for permission in plugin.permissions)]
    return sorted(declared, key=lambda one: one.action)


@cache
def permissions() -> Mapping[str, str]:
    """Return every action."""
    return {
        one.action: _row(f"`{one.action}`", ", ".join(f"`{name}`" for name in sorted(one.relations)), str(one.title))
        for one in declared_permissions()
    }


@cache
def errors() -> Mapping[str, str]:
    """Return every refusal, by its code."""
    return {kind.code: _error(kind) for kind in refusals()}


@cache
def refusals() -> tuple[type[BridgeError], ...]:
    """Return every class of refusals that has a code of its own."""
    for package in (lms_bridge, *(importlib.import_module(entry.module) for entry in entry_points(group=GROUP))):
        for module in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{package.__name__}."):
            if not re.search(r"\.(_?migrations|testing|__main__)\b", module.name):
                importlib.import_module(module.name)
    kinds = sorted({BridgeError, *_below(BridgeError)}, key=lambda kind: kind.code)
    return tuple(kind for kind in kinds if "code" in vars(kind))


def _below(kind: type[BridgeError]) -> Iterator[type[BridgeError]]:
    for one in kind.__subclasses__():
        if one.__module__.startswith("lms_bridge"):
            yield one
            yield from _below(one)


def _error(kind: type[BridgeError]) -> str:
    told = paragraphs(inspect.getdoc(kind) or "")
    happened, helps = told[-2:] if len(told) > 1 else ("", "")
    return _row(f"`{kind.code}`", str(int(kind.status)), prose(happened), helps.removeprefix("What helps: "))


KINDS = {
    "setting": Kind(settings, _table("name", "default", "meaning")),
    "command": Kind(commands),
    "hook": Kind(hooks),
    "event": Kind(events, _table("event", "published when", "fields")),
    "permission": Kind(permissions, _table("action", "relations", "what it allows")),
    "error": Kind(errors, _table("code", "status", "what happened", "what helps")),
    "surface": Kind(surface.entries),
}
