"""Plugins: what is installed and how it fares, whether the agency uses it, and what it has set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from lms_bridge.db import db
from lms_bridge.errors import Invalid, NotFound
from lms_bridge.plugin_host import PluginState, disabled_plugins, host
from lms_bridge.services.audit import audit
from lms_bridge.services.plugin_settings import choose_settings, chosen_values, switch_plugin
from lms_bridge.web.shell import plugin_title

bp = Blueprint("plugins", __name__)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a settings form, as the macro ``field`` of ``ui.html`` takes it."""

    name: str
    label: Any
    hint: Any
    type: str
    value: str
    choices: list[tuple[str, Any]]
    maximum: int | None


@bp.get("")
def index() -> str:
    """List the plugins of the server with state, version and the switch of this agency."""
    return render_template(
        "console/plugins.html", states=host().states, off=disabled_plugins(), safe_mode=host().safe_mode
    )


@bp.get("/<name>")
def show(name: str) -> str:
    """Show one plugin: what it brings, why it is set aside, its settings."""
    return _page(name, chosen_values(name), {})


def _page(name: str, values: dict[str, str], problems: dict[str, Any]) -> str:
    state = _state(name)
    schema = state.declaration.settings if state.declaration else None
    form = settings_form(schema, values) if schema else []
    return render_template(
        "console/plugin.html",
        name=name,
        state=state,
        off=disabled_plugins(),
        form=form,
        labels={one.name: one.label for one in form},
        problems=problems,
    )


def _state(name: str) -> PluginState:
    if name not in host().states:
        raise NotFound(reason=f"plugin {name}")
    return host().states[name]


@bp.post("/<name>")
def change(name: str) -> Response | tuple[str, int]:
    """Store the settings."""
    try:
        choose_settings(name, request.form)
        audit("plugin.settings", plugin=name)
    except Invalid as error:
        return _page(name, dict(request.form), dict(error.problems)), error.status
    db.session.commit()
    flash(_("The settings are saved."))
    return redirect(url_for(".show", name=name), code=303)


@bp.post("/<name>/switch")
def switch(name: str) -> Response:
    """Let the agency use the plugin, or no longer."""
    on = request.form.get("on") == "1"
    switch_plugin(name, on=on)
    audit("plugin.switched", plugin=name, on=on)
    db.session.commit()
    title = plugin_title(name)
    flash(_("%(plugin)s is switched on.", plugin=title) if on else _("%(plugin)s is switched off.", plugin=title))
    return redirect(url_for(".index"), code=303)


def settings_form(schema: type[Schema], values: dict[str, str]) -> list[Field]:
    """Return the fields of a plugin's settings, filled with what was chosen, else with the defaults."""
    return [_field(name, one, values) for name, one in schema().fields.items()]


def _field(name: str, field: fields.Field[Any], values: dict[str, str]) -> Field:
    value = values.get(name)
    if value is None:
        default = field.load_default() if callable(field.load_default) else field.load_default
        value = "" if default is None else str(default).lower() if isinstance(default, bool) else str(default)
    rules = [field.validate] if callable(field.validate) else list(field.validate or ())
    choices = next((_choices(rule) for rule in rules if isinstance(rule, validate.OneOf)), [])
    kind = "number" if isinstance(field, fields.Integer) else "date" if isinstance(field, fields.Date) else "text"
    if isinstance(field, fields.Boolean):
        choices = [("true", _("Yes")), ("false", _("No"))]
        value = "true" if value in {str(word).lower() for word in fields.Boolean.truthy} else "false"
    longest = next((rule.max for rule in rules if isinstance(rule, validate.Length) and rule.max is not None), None)
    return Field(
        name=name,
        label=field.metadata.get("title", name),
        hint=field.metadata.get("hint", ""),
        type="select" if choices else "textarea" if (longest or 0) > 255 else kind,
        value=value,
        choices=choices,
        maximum=longest,
    )


def _choices(rule: validate.OneOf) -> list[tuple[str, Any]]:
    labels = list(rule.labels) or list(rule.choices)
    return [(str(choice), label) for choice, label in zip(rule.choices, labels, strict=False)]
