"""What an agency has set for a plugin: whether it uses it at all, and the values of the plugin's own form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g, has_request_context
from marshmallow import ValidationError
from sqlalchemy import select

from lms_bridge.db import current_agency, db, now, upsert
from lms_bridge.errors import NotFound, load
from lms_bridge.events import SettingsChosen
from lms_bridge.models import PluginSetting
from lms_bridge.plugin_host import host
from lms_bridge.services.outbox import publish, resume_deliveries


def agency_settings(plugin: str) -> Any:
    """Return the plugin's settings of the chosen agency, as its schema makes them; defaults where none were chosen.

    :raises NotFound: the plugin is not loaded or declares no settings.
    """
    schema = _schema(plugin)
    try:
        return schema().load(chosen_values(plugin))
    except ValidationError:
        # Chosen under an older version of the plugin, which knew other settings.
        return schema().load({})


def chosen_values(plugin: str) -> dict[str, str]:
    """Return what the agency typed into the form of a plugin, as far as it chose; a request asks once."""
    known = _known()
    if (current_agency(), plugin) not in known:
        found = db.session.scalar(select(PluginSetting.chosen).where(PluginSetting.plugin == plugin))
        known[current_agency(), plugin] = dict(found or {})
    return dict(known[current_agency(), plugin])


def _known() -> dict[tuple[int, str], dict[str, str]]:
    """Return what was asked in this request; nothing outside one."""
    if not has_request_context():
        return {}
    known: dict[tuple[int, str], dict[str, str]] = g.setdefault("lms_bridge_chosen_settings", {})
    return known


def choose_settings(plugin: str, given: Mapping[str, str]) -> None:
    """Store the values of a plugin's form, and tell by an event; an empty field goes back to its default.

    :raises Invalid: with all problems, each beside its field.
    :raises NotFound: the plugin is not loaded or declares no settings.
    """
    names = _schema(plugin)().fields
    chosen = {name: value.strip() for name, value in given.items() if name in names and value.strip()}
    load(_schema(plugin), chosen)
    if chosen != chosen_values(plugin):
        _store(plugin, chosen=chosen)
        publish(SettingsChosen(plugin=plugin))


def switch_plugin(plugin: str, *, on: bool) -> None:
    """Let the chosen agency use a plugin, or no longer. Nothing is deleted, and events wait for it meanwhile.

    :raises NotFound: the server has no such plugin.
    """
    if plugin not in host().states:
        raise NotFound(reason=f"plugin {plugin}")
    _store(plugin, enabled=on)
    if on:
        resume_deliveries(plugin, now=now())


def _store(plugin: str, **values: Any) -> None:
    key = {"agency_id": current_agency(), "plugin": plugin}
    first = {"enabled": True, "chosen": None}
    _known().pop((current_agency(), plugin), None)
    upsert(PluginSetting.__table__, key=key, values=first | values, keep=tuple(first.keys() - values.keys()))


def _schema(plugin: str) -> Any:
    declared = next((one for one in host().declarations if one.name == plugin), None)
    if declared is None or declared.settings is None:
        raise NotFound(reason=f"settings of {plugin}")
    return declared.settings
