"""Servers with plugins that a test writes: files dropped into the instance, and installed distributions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from lms_bridge.db import METADATA, db, plugin_base
from lms_bridge.plugin_host import PluginState
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.testing.browser import Browser
from lms_bridge.testing.instance import make_app, register_platform

NEIGHBOUR = """
    from lms_bridge.api import Card, Plugin, hookimpl

    @hookimpl
    def plugin():
        return Plugin("neighbour", "Neighbour", "1")

    @hookimpl
    def home_cards(context):
        return [Card("The neighbour answers", "")]
"""


class Server:
    """A bridge with the plugins of a test, and a browser."""

    def __init__(self, app: Flask, platform: PracticeDriver) -> None:
        self.app = app
        self.platform = platform

    def state(self, name: str) -> PluginState:
        """Return what became of a plugin."""
        return self.app.extensions["lms_bridge.plugins"].states[name]

    def launch_home(self) -> TestResponse:
        """Launch without a module; returns the home page."""
        return self.browser().page

    def browser(self, **options: Any) -> Browser:
        """Launch without a module, or as the options say; returns the browser on its first page."""
        browser = Browser(self.app)
        browser.launch(self.platform, **options)
        return browser


@pytest.fixture
def drop_in(database: str, tmp_path: Path) -> Callable[[str, str], None]:
    """Drop a plugin's file into the instance; ``drop_in(name, source)``."""
    folder = tmp_path / "instance" / "plugins"
    folder.mkdir(exist_ok=True)

    def write(name: str, source: str) -> None:
        (folder / f"{name}.py").write_text(dedent(source), "utf-8")

    return write


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Install a plugin as a distribution; ``install(name, source, **migrations)`` returns its package's folder."""
    tables, modules = set(METADATA.tables), set(sys.modules)
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)

    def write(name: str, source: str, **migrations: str) -> Path:
        package = site / f"zoo_{name}"
        package.mkdir()
        if migrations:
            (package / "migrations").mkdir()
        (package / "__init__.py").write_text(dedent(source), "utf-8")
        for revision, text in migrations.items():
            (package / "migrations" / f"{revision}.py").write_text(dedent(text), "utf-8")
        about = site / f"zoo_{name}-1.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: zoo-{name}\nVersion: 1\n", "utf-8")
        (about / "entry_points.txt").write_text(f"[lms_bridge]\n{name} = zoo_{name}\n", "utf-8")
        return package

    yield write
    for name in [path.name.removeprefix("zoo_") for path in site.glob("zoo_*") if path.suffix != ".dist-info"]:
        plugin_base(name).registry.dispose()
    for table in set(METADATA.tables) - tables:
        METADATA.remove(METADATA.tables[table])
    for module in set(sys.modules) - modules:
        if module.startswith("zoo_"):
            del sys.modules[module]


@pytest.fixture
def start(database: str, tmp_path: Path, practice_platform: PracticeDriver) -> Iterator[Callable[..., Server]]:
    """Start the bridge with whatever was dropped in and installed, beside a neighbour that works."""
    started: list[Flask] = []

    def build(**settings: str) -> Server:
        lines = [f'{name} = "{value}"' for name, value in settings.items()]
        (tmp_path / "instance" / "lms_bridge.toml").write_text("\n".join(lines), "utf-8")
        app = make_app(tmp_path / "instance", database, practice_platform)
        started.append(app)
        with app.app_context():
            register_platform(practice_platform)
        return Server(app, practice_platform)

    yield build
    for app in started:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def neighbour(drop_in: Callable[[str, str], None]) -> None:
    """A plugin that works, dropped in beside the bad one."""
    drop_in("neighbour", NEIGHBOUR)
