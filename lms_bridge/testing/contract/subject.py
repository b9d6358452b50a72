"""The plugin under test: on a running bridge, used by a learner, walked through by everybody who may see its pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import pytest
from flask import Flask
from sqlalchemy import Table, select

from lms_bridge.contributions import Plugin
from lms_bridge.db import acting_as, db
from lms_bridge.models import Agency
from lms_bridge.plugin_host import PluginState, host
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.testing.browser import Browser
from lms_bridge.testing.contract.outline import Outline
from lms_bridge.testing.contract.rows import points_to_person, tables_of
from lms_bridge.testing.contract.walk import Walk
from lms_bridge.testing.people import MadePerson, PeopleMaker

OTHERS = ("dewi", "sari", "admin")
"""An analyst, a teacher and an administrator: they look for the pages that a learner may not see."""


class Launch:
    """What ``use`` is given: opens the plugin as its learner; ``launch()`` opens its first module."""

    def __init__(self, subject: Subject, person: MadePerson) -> None:
        self._subject = subject
        self.person = person
        self.modules = [f"{subject.plugin}.{module.name}" for module in subject.declaration.modules]

    def __call__(self, module: str | None = None, *, user: str | None = None, **options: Any) -> Browser:
        """Launch a module, with options as in the fixture ``launch_as``.

        :param module: key of the module; by default the first one, or home where the plugin has none.
        :param user: somebody of the practice LMS, such as ``rahmat``, in place of the learner.
        """
        first = next(iter(self.modules), None)
        return self._subject.launch(user or self.person.username, module=module or first, **options)


class Subject:
    """A plugin, the application that loaded it, and the people of its tests."""

    def __init__(self, plugin: str, app: Flask, platform: PracticeDriver, make_person: PeopleMaker) -> None:
        self.plugin, self.app, self.platform = plugin, app, platform
        self._make_person = make_person
        self._sessions: dict[tuple[str, str], Browser] = {}

    # What it is

    @cached_property
    def state(self) -> PluginState:
        """What became of the plugin when the bridge started."""
        with self.app.app_context():
            states = host().states
        if self.plugin not in states:
            fail(f"No plugin called {self.plugin} is installed here. In its folder: pip install --no-deps -e .")
        return states[self.plugin]

    @cached_property
    def declaration(self) -> Plugin:
        """What the plugin declares. A test of one that is not loaded ends here."""
        if self.state.declaration is None:
            fail(f"{self.plugin} is not loaded ({self.state.reason}): {self.state.hint}")
        return self.state.declaration

    @cached_property
    def package(self) -> Path:
        """The folder of its source."""
        package = self.state.found.package
        if package is None:
            pytest.skip(f"does not apply: {self.plugin} is a single file")
        return package

    @cached_property
    def tables(self) -> list[Table]:
        """Its tables; the tests of one that keeps nothing end here."""
        found = tables_of(self.declaration.name)
        if not found:
            pytest.skip(f"does not apply: {self.plugin} keeps no tables")
        return found

    @property
    def tables_about_people(self) -> list[Table]:
        """Those of its tables whose rows point to a person; a plugin without any has no duties to people."""
        return [table for table in self.tables if points_to_person(table)]

    @property
    def branch(self) -> str:
        """The branch of its migrations, where it has tables."""
        return self.plugin if self.tables else ""

    # Who uses it

    @cached_property
    def superior(self) -> MadePerson:
        """The superior of the learners."""
        return self._make_person("Wati Atasan", post_level="ADMINISTRATOR", post_type="JA", heads_unit=True)

    @cached_property
    def learner(self) -> MadePerson:
        """Somebody who uses the plugin."""
        return self._make_person("Ratna Pemakai", post_level="AHLI_MUDA", superior=self.superior)

    @cached_property
    def neighbour(self) -> MadePerson:
        """Somebody else of the same agency."""
        return self._make_person("Yusuf Tetangga", post_level="AHLI_MUDA", superior=self.superior)

    def launch(self, user: str, **options: Any) -> Browser:
        """Launch as somebody."""
        browser = Browser(self.app)
        browser.launch(self.platform, user, **options)
        return browser

    def session(self, user: str, *, locale: str = "id") -> Browser:
        """Return a session of somebody, begun at the first call."""
        if (user, locale) not in self._sessions:
            self._sessions[user, locale] = self.launch(user, locale=locale)
        return self._sessions[user, locale]

    @cached_property
    def agency_id(self) -> int:
        """The agency of all these people."""
        with self.app.app_context():
            return db.session.scalars(select(Agency.id).where(Agency.code == "demo")).one()

    def inside(self, act: Callable[..., Any], *values: Any) -> Any:
        """Do something in the database of the demo agency, and keep it."""
        with self.app.app_context():
            with acting_as(self.agency_id):
                answer = act(*values)
                db.session.commit()
            db.session.remove()
        return answer

    # Where it is

    def walk(self, examples: tuple[str, ...] = ()) -> Walk:
        """Return every address of the plugin, found as the learner, then as those who may see more.

        :param examples: addresses to which no page leads.
        """
        walk = Walk(self.app, self.plugin)
        with self.app.test_request_context():
            endpoints = [one.endpoint for one in self.declaration.modules]
            endpoints += [one.endpoint for one in self.declaration.navigation]
            starts = ["/", *map(self.app.url_for, endpoints), *examples]
        for user in (self.learner.username, self.superior.username, *OTHERS):
            walk.go(user, self.session(user), starts)
            if not walk.unseen():
                break
        return walk


def visit_modules(launch: Launch) -> None:
    """Use a plugin as far as one can who knows nothing of it: open each module and send the forms that are there."""
    for module in launch.modules:
        browser = launch(module)
        page = browser.page
        if page.status_code == 200 and page.mimetype == "text/html":
            own = f"{browser.prefix}/p/{module.partition('.')[0]}/"
            for form in Outline(page.text).forms:
                action = form.action or page.request.path
                if form.method == "POST" and action.startswith(own):
                    browser.post(action.removeprefix(browser.prefix), data=form.fields)


def fail(sentence: str) -> NoReturn:
    """End a test with a sentence for the author."""
    pytest.fail(sentence, pytrace=False)
