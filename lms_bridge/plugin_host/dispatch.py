"""Asking plugins. One that fails is left out, and what it half did is undone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from flask import g, has_request_context
from pluggy import HookImpl
from sqlalchemy import bindparam, select

from lms_bridge import hookspecs
from lms_bridge.contributions import Plugin
from lms_bridge.db import current_agency, guest, run
from lms_bridge.models import PluginSetting
from lms_bridge.plugin_host.host import host


@dataclass(frozen=True, slots=True)
class Contribution:
    """An answer and the plugin that gave it."""

    plugin: str
    value: Any


_SETTING = PluginSetting.__table__.c
_DISABLED = select(_SETTING.plugin).where(_SETTING.agency_id == bindparam("agency"), _SETTING.enabled.is_(False))


def disabled_plugins() -> frozenset[str]:
    """Return the plugins that the chosen agency has switched off; a visit knows those of its own."""
    if not has_request_context():
        return _disabled()
    known: dict[int, frozenset[str]] = g.setdefault("disabled_plugins", {})
    agency = current_agency()
    if agency not in known:
        known[agency] = _disabled()
    return known[agency]


def _disabled() -> frozenset[str]:
    return frozenset(run(_DISABLED, {"agency": current_agency()}).scalars())


def enabled_declarations() -> list[Plugin]:
    """Return the declarations of the plugins that the chosen agency uses."""
    off = disabled_plugins()
    return [declared for declared in host().declarations if declared.name not in off]


def collect(hook: str, **asked: Any) -> list[Contribution]:
    """Ask every plugin that the agency uses, in the order of their names.

    Each answers in a savepoint of its own. A plugin that raises, returns something else than the hook promises, or
    tries to end the transaction, is left out and noted.
    """
    plugins = host()
    found: list[Contribution] = []
    off = disabled_plugins()
    for impl in reversed(getattr(plugins.manager.hook, hook).get_hookimpls()):
        if impl.plugin_name in off:
            continue
        try:
            parts = _ask(impl, hook, asked)
        except (Exception, SystemExit) as error:
            plugins.note_failure(impl.plugin_name, hook, error)
        else:
            found += [Contribution(impl.plugin_name, part) for part in parts]
    return found


def ask_one(plugin: str, hook: str, **asked: Any) -> list[Any] | None:
    """Ask one plugin, such as for a duty; what it raises comes through. None where it does not answer this hook."""
    plugins = host()
    for impl in getattr(plugins.manager.hook, hook).get_hookimpls():
        if impl.plugin_name == plugin:
            return _ask(impl, hook, asked)
    return None


def _ask(impl: HookImpl, hook: str, asked: dict[str, Any]) -> list[Any]:
    with guest(impl.plugin_name):
        return _checked(
            hook, host().call(hook, impl.plugin_name, impl.function, *(asked[name] for name in impl.argnames))
        )


@cache
def _promise(hook: str) -> tuple[bool, type]:
    """Return what a hook promises, from its specification: whether a list, and of what."""
    answer = get_type_hints(getattr(hookspecs, hook))["return"]
    return (True, get_args(answer)[0]) if get_origin(answer) is list else (False, answer)


def _checked(hook: str, value: Any) -> list[Any]:
    many, kind = _promise(hook)
    if many and not isinstance(value, list):
        raise TypeError(f"{hook} must return a list")
    parts = value if many else [value]
    if not all(isinstance(part, kind) for part in parts):
        raise TypeError(f"{hook} must return {'a list of ' if many else ''}{kind.__name__}")
    return parts
