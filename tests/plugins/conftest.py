"""Servers with plugins that a test writes: files dropped into the instance, and installed distributions."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from lms_bridge.cli.database import upgrade_all
from lms_bridge.cli.doctor import Finding, examine
from lms_bridge.db import METADATA, db, plugin_base
from lms_bridge.plugin_host import PluginState
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.services import schema
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

    def doctor(self, check: str) -> Finding:
        """Return what the doctor finds when it looks at one thing."""
        (finding,) = [found for found in examine(self.app) if found.check == check]
        return finding

    def upgrade(self) -> dict[str, str]:
        """Bring the database up to date; returns the branches that failed."""
        with self.app.app_context():
            failed = upgrade_all()
            db.session.remove()
        return failed

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
    tables = set(METADATA.tables)
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)

    def write(name: str, source: str, **migrations: str) -> Path:
        package = site / f"zoo_{name}"
        package.mkdir(exist_ok=True)
        if migrations:
            (package / "migrations").mkdir(exist_ok=True)
        (package / "__init__.py").write_text(dedent(source), "utf-8")
        for revision, text in migrations.items():
            (package / "migrations" / f"{revision}.py").write_text(dedent(text), "utf-8")
        about = site / f"zoo_{name}-1.dist-info"
        about.mkdir(exist_ok=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: zoo-{name}\nVersion: 1\n", "utf-8")
        (about / "entry_points.txt").write_text(f"[lms_bridge]\n{name} = zoo_{name}\n", "utf-8")
        return package

    yield write
    leave_process(tables)


def leave_process(tables: set[str]) -> None:
    """Forget the installed plugins and all tables but some, as the end of a process would."""
    for module in [module for module in sys.modules if module.startswith("zoo_")]:
        plugin_base(module.removeprefix("zoo_")).registry.dispose()
        del sys.modules[module]
    for table in set(METADATA.tables) - tables:
        METADATA.remove(METADATA.tables[table])
    importlib.invalidate_caches()
    # Models made on core's own base are known to it until they are collected.
    gc.collect()


@pytest.fixture
def start(database: str, tmp_path: Path, practice_platform: PracticeDriver) -> Iterator[Callable[..., Server]]:
    """Start the bridge with whatever was dropped in and installed, beside a neighbour that works.

    Called again, the server is another process: nothing of the plugins as they were before is left.
    """
    started: list[Flask] = []
    tables = set(METADATA.tables)

    def build(**settings: str) -> Server:
        lines = [f'{name} = "{value}"' for name, value in settings.items()]
        (tmp_path / "instance" / "lms_bridge.toml").write_text("\n".join(lines), "utf-8")
        if started:
            leave_process(tables)
        schema._heads.cache_clear()
        app = make_app(tmp_path / "instance", database, practice_platform)
        if not started:
            with app.app_context():
                register_platform(practice_platform)
        started.append(app)
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
