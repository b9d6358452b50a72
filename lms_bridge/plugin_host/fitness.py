"""The rules of the house: what makes a plugin fit to be loaded, and the words for one that is not."""

from __future__ import annotations

import inspect
import struct
from gettext import GNUTranslations
from types import ModuleType
from typing import Any

import pluggy
from flask import Blueprint, Flask
from marshmallow import Schema, ValidationError, fields
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, InvalidRequestError
from sqlalchemy.orm import Mapper
from werkzeug.routing import BuildError

from lms_bridge.contributions import (
    API_VERSION,
    PLUGIN_RELATIONS,
    RELATIONS,
    EventHandler,
    Module,
    NavigationItem,
    Permission,
    Plugin,
    Relation,
    Retention,
    version_text,
)
from lms_bridge.db import METADATA, db, plugin_base
from lms_bridge.events import Event
from lms_bridge.plugin_host.discovery import Found
from lms_bridge.plugin_host.names import LONGEST_NAME, is_plugin_name

SETTING_FIELDS = (fields.String, fields.Integer, fields.Float, fields.Decimal, fields.Boolean, fields.Date)
_ABOUT_CODE = (ImportError, SyntaxError, NameError, AttributeError, TypeError, InvalidRequestError, ArgumentError)
"""Errors whose text names what is wrong in the code; others may hold values."""
_KINDS = {
    "blueprints": Blueprint,
    "modules": Module,
    "permissions": Permission,
    "relations": Relation,
    "retention": Retention,
    "event_handlers": EventHandler,
    "navigation": NavigationItem,
}
_NEWER = "Upgrade lms-bridge, or install a release of the plugin for this version"
_OLDER = "Install a newer release of the plugin; for its author: UPGRADING.md"


class Unfit(Exception):
    """A plugin breaks a rule of the house. The message names the rule and what to change."""


def reason_of(error: BaseException) -> str:
    """Return what an operator may read of an error: our own sentences, and what names a fault in the plugin's code."""
    if isinstance(error, SystemExit):
        return "the plugin tried to end the server while it was loaded"
    if isinstance(error, pluggy.PluginValidationError):
        # Without the module that pluggy adds, and on one line.
        return " ".join(str(error).partition(" in plugin ")[0].split())[:300]
    if isinstance(error, ImportError) and error.name == "lms_bridge.api":
        # Most likely a name of a newer version, which the plugin cannot tell by its declaration: it is not loaded.
        missing = str(error).partition(" from ")[0]
        return f"{missing} from lms_bridge.api {version_text(API_VERSION)}. If it is a newer one's: {_NEWER}"
    if isinstance(error, (Unfit, *_ABOUT_CODE)) and str(error).strip():
        return str(error).strip().splitlines()[0][:300]
    return "see the log for the details"


def check_name(found: Found) -> None:
    """Refuse a name that is core's or cannot be part of table names and addresses."""
    if not is_plugin_name(found.name):
        raise Unfit(f"the name {found.name!r} is reserved, or not of 2 to {LONGEST_NAME} lower-case letters and digits")


@event.listens_for(Mapper, "instrument_class")
def _check_base(mapper: Mapper[Any], model: type) -> None:
    """Refuse a plugin's model on core's base before it is mapped: a fault in it would break every query of core."""
    if issubclass(model, db.Model) and model.__module__.partition(".")[0] != "lms_bridge":
        raise Unfit(f"the model {model.__name__} must use plugin_base(NAME OF THE PLUGIN) in place of db.Model")


def check_tables(found: Found, tables: set[str], module: ModuleType) -> None:
    """Refuse tables that are not the plugin's own, and models that the upgrade could not create."""
    if tables and found.file is not None:
        raise Unfit("a dropped-in file cannot bring tables; package the plugin instead")
    foreign = sorted(table for table in tables if not table.startswith(f"{found.name}_"))
    if foreign:
        raise Unfit(f"the table {foreign[0]} must start with {found.name}_")
    registries = {getattr(value, "registry", None) for value in vars(module).values() if inspect.isclass(value)}
    strange = [base for base in registries if base is not None and base is not plugin_base(found.name).registry]
    if strange and tables:
        raise Unfit(f"models must use plugin_base({found.name!r})")
    if tables and found.folder("migrations") is None:
        raise Unfit(f"it brings tables but no migrations. Its author runs: lms-bridge db makemigration {found.name}")


def drop_tables(tables: set[str]) -> None:
    """Forget the tables of a plugin that could not be loaded."""
    for table in tables:
        METADATA.remove(METADATA.tables[table])


def check_hooks(module: ModuleType) -> None:
    """Refuse hook wrappers, which could change what others answer."""
    for function in filter(inspect.isfunction, vars(module).values()):
        options = getattr(function, "lms_bridge_impl", None) or {}
        if options.get("wrapper") or options.get("hookwrapper"):
            raise Unfit("hook wrappers are not supported; answer the hook instead")


def check_declaration(declared: object, name: str) -> Plugin:
    """Return what ``plugin()`` gave, when it is a declaration that keeps the rules."""
    if not isinstance(declared, Plugin):
        raise Unfit("plugin() must return a Plugin")
    if declared.name != name:
        raise Unfit(f"plugin() calls itself {declared.name!r} but its entry point is {name!r}")
    wanted = declared.requires_api
    if not (isinstance(wanted, tuple) and len(wanted) == 2 and all(isinstance(part, int) for part in wanted)):
        raise Unfit("requires_api must be a pair of whole numbers, such as (1, 0)")
    if wanted > API_VERSION or wanted[0] < API_VERSION[0]:
        here, way_out = version_text(API_VERSION), _NEWER if wanted > API_VERSION else _OLDER
        raise Unfit(f"it is written for API {version_text(wanted)}, this server has {here}. {way_out}")
    for field, kind in _KINDS.items():
        given = getattr(declared, field)
        if not isinstance(given, tuple) or not all(isinstance(part, kind) for part in given):
            raise Unfit(f"{field} must be a tuple of {kind.__name__}")
    events = declared.event_types
    if not isinstance(events, tuple) or not all(inspect.isclass(kind) and issubclass(kind, Event) for kind in events):
        raise Unfit("event_types must be a tuple of subclasses of Event")
    if declared.settings is not None:
        check_settings(declared.settings)
    for permission in declared.permissions:
        if not permission.action.startswith(f"{name}.") or not permission.relations <= RELATIONS:
            raise Unfit(f"permission {permission.action!r} must start with {name}. and use known relations")
    actions = {"", *(permission.action for permission in declared.permissions)}
    if unknown := next((module for module in declared.modules if module.action not in actions), None):
        raise Unfit(f"the module {unknown.name!r} needs {unknown.action!r}, which is none of its permissions")
    for relation in declared.relations:
        if relation.name not in PLUGIN_RELATIONS:
            raise Unfit(f"the relation {relation.name!r} is not one of {', '.join(sorted(PLUGIN_RELATIONS))}")
    for blueprint in declared.blueprints:
        if blueprint.name != name:
            raise Unfit(f"blueprint {blueprint.name!r} must be called {name!r}")
    return declared


def check_settings(schema: object) -> None:
    """Refuse settings that cannot be shown as a form, or that an agency which set nothing could not use."""
    if not (inspect.isclass(schema) and issubclass(schema, Schema)):
        raise Unfit("settings must be a marshmallow Schema class")
    strange = [name for name, field in schema().fields.items() if not isinstance(field, SETTING_FIELDS)]
    if strange:
        raise Unfit(f"the setting {strange[0]!r} must be a String, Integer, Float, Decimal, Boolean or Date")
    try:
        schema().load({})
    except ValidationError as error:
        raise Unfit(f"the settings {sorted(error.normalized_messages())} need a load_default") from error


def check_translations(found: Found) -> None:
    """Refuse a compiled catalogue that cannot be read: all catalogues are one, so every page would fail."""
    folder = found.folder("translations")
    if folder is None:
        return
    for file in sorted(folder.glob("*/LC_MESSAGES/messages.mo")):
        try:
            with file.open("rb") as stream:
                GNUTranslations(stream)
        except (OSError, ValueError, struct.error) as error:
            raise Unfit(
                f"translations/{file.relative_to(folder)} cannot be read. Its author runs: pybabel compile"
            ) from error


def check_views(declared: Plugin) -> None:
    """Refuse modules and menu entries without a page.

    The blueprints are tried on an application that is thrown away, so that an unfit plugin leaves no page behind.
    """
    trial = Flask("lms_bridge", static_folder=None)
    for blueprint in declared.blueprints:
        trial.register_blueprint(blueprint, url_prefix=f"/p/{declared.name}")
    for endpoint in [*(m.endpoint for m in declared.modules), *(item.endpoint for item in declared.navigation)]:
        try:
            trial.url_map.bind("").build(endpoint)
        except BuildError as error:
            raise Unfit(f"{endpoint} is no page that opens without further values") from error
