"""A plugin's page from which a table is taken away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, render_template_string

BUTTONS = '{% from "bridge/ui.html" import exports %}{{ exports(csv="a.csv", xlsx="a.xlsx", pdf="a.pdf") }}'


@pytest.fixture
def serve(bridge_app: Flask) -> Callable[..., None]:
    """Open an address of a plugin: ``serve("/table.csv", lambda: export_table(...))``."""

    def add(path: str, answer: Callable[..., Any], **options: Any) -> None:
        blueprint = Blueprint(f"probe{path.count('') + len(bridge_app.blueprints)}", __name__)
        blueprint.add_url_rule(path, "page", answer, **options)
        bridge_app._got_first_request = False
        bridge_app.register_blueprint(blueprint, url_prefix="/p/probe")

    return add


@pytest.fixture
def buttons() -> Callable[[], str]:
    """The page with the buttons."""
    return lambda: render_template_string(BUTTONS)
