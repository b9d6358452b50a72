"""pytest fixtures of the bridge. Imports happen inside, so that coverage and other plugins load first."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Browser as Chromium
    from playwright.sync_api import Page, Playwright

    from lms_bridge.practice.driver import PracticeDriver
    from lms_bridge.testing.agencies import OtherAgency
    from lms_bridge.testing.browser import Browser
    from lms_bridge.testing.chromium import Windows
    from lms_bridge.testing.people import PeopleMaker
    from lms_bridge.testing.postgres import KeptDatabase

DEFAULT_SERVER = "postgresql+psycopg://root@127.0.0.1:5432/postgres"


def pytest_configure(config: pytest.Config) -> None:
    """Name our markers, so that strict projects know them."""
    config.addinivalue_line("markers", "browser: needs Debian's Chromium (LMS_BRIDGE_CHROMIUM or /usr/bin/chromium)")
    config.addinivalue_line("markers", "grade(name): the grade of a plugin that a check of the contract belongs to")


def _server() -> str:
    url = os.environ.get("LMS_BRIDGE_TEST_DATABASE_URL") or DEFAULT_SERVER
    return (
        "postgresql+psycopg://" + url.partition("://")[2] if url.startswith(("postgres://", "postgresql://")) else url
    )


def _reachable(url: str) -> bool:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError

    engine = create_engine(url, connect_args={"connect_timeout": 3})
    try:
        with engine.connect():
            return True
    except SQLAlchemyError:
        return False
    finally:
        engine.dispose()


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An initialised instance: migrated SQLite database, keys, the demo agency."""
    from lms_bridge.testing.instance import prepare_instance

    folder = tmp_path_factory.mktemp("template")
    prepare_instance(folder, f"sqlite:///{folder / 'lms_bridge.sqlite'}")
    return folder


@pytest.fixture(scope="session")
def _postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptDatabase | None]:
    """A PostgreSQL database that each test finds prepared, dropped at the end; None where there is no server."""
    from lms_bridge.testing.instance import prepare_instance
    from lms_bridge.testing.postgres import KeptDatabase, copy_database, drop_database

    server = _server()
    if not _reachable(server):
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is required with CI=true; set LMS_BRIDGE_TEST_DATABASE_URL")
        yield None
        return
    name = f"lms_bridge_test_{os.getpid()}"
    url = copy_database(server, name, template=None)
    prepare_instance(tmp_path_factory.mktemp("postgres"), url)
    kept = KeptDatabase(server, url)
    yield kept
    kept.drop()
    drop_database(server, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, _template: Path) -> str:
    """The URL of a fresh database with the demo agency; a test that uses it runs on SQLite and on PostgreSQL."""
    instance = tmp_path / "instance"
    shutil.copytree(_template, instance)
    if request.param == "sqlite":
        return f"sqlite:///{instance / 'lms_bridge.sqlite'}"
    kept = request.getfixturevalue("_postgres")
    if kept is None:
        pytest.skip("no PostgreSQL server")
    return kept.fresh()


@pytest.fixture(scope="session")
def _platforms(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The file of a practice LMS that has the bridge among its tools, by profile."""
    from lms_bridge.testing.instance import prepare_platform

    @cache
    def prepared(profile: str) -> Path:
        file = tmp_path_factory.mktemp("practice") / f"{profile}.sqlite"
        prepare_platform(file, profile)
        return file

    return prepared


@pytest.fixture
def profile() -> str:
    """How the practice LMS behaves: as Moodle. Parametrise this name to have it ``plain``."""
    return "moodle"


@pytest.fixture
def practice_platform(profile: str, tmp_path: Path, _platforms: Callable[[str], Path]) -> Iterator[PracticeDriver]:
    """A practice LMS in this process with its people and courses, and the bridge among its tools."""
    from lms_bridge.testing.instance import open_platform

    file = tmp_path / "practice.sqlite"
    shutil.copy(_platforms(profile), file)
    platform = open_platform(file, profile)
    yield platform
    platform.close()


@pytest.fixture
def bridge_app(database: str, tmp_path: Path, practice_platform: PracticeDriver) -> Iterator[Flask]:
    """The bridge on the test's database, with the practice LMS registered and reachable in this process."""
    from lms_bridge.testing.instance import close_app, make_app, register_platform

    app = make_app(tmp_path / "instance", database, practice_platform)
    with app.app_context():
        register_platform(practice_platform)
    yield app
    close_app(app)


@pytest.fixture
def browser(bridge_app: Flask) -> Browser:
    """A browser that keeps cookies and has opened nothing yet."""
    from lms_bridge.testing.browser import Browser

    return Browser(bridge_app)


@pytest.fixture
def launch_as(bridge_app: Flask, practice_platform: PracticeDriver) -> Callable[..., Browser]:
    """Launch as a user of the practice LMS; returns the browser, its ``page`` the first page.

    ``launch_as("ani", role="learner", course=3, module="survey.fill", sub=None)``: the whole round trip, signed.
    Options that are not the launch's are claims that the message shall have instead; None takes one out.
    """
    from lms_bridge.testing.browser import Browser

    def launch(user: str = "ani", role: str | None = None, **options: Any) -> Browser:
        browser = Browser(bridge_app)
        browser.launch(practice_platform, user, role=role, **options)
        return browser

    return launch


@pytest.fixture
def outbox(bridge_app: Flask) -> Any:
    """The worker of this test: ``outbox.drain()`` delivers whatever is due."""
    from lms_bridge.testing.instance import Outbox

    return Outbox(bridge_app)


@pytest.fixture
def make_person(bridge_app: Flask, practice_platform: PracticeDriver) -> PeopleMaker:
    """Make people of the demo agency: ``make_person("Wati", post_level="AHLI_MUDA", unit="BANGKOM")``."""
    from lms_bridge.testing.people import PeopleMaker

    return PeopleMaker(bridge_app, practice_platform)


@pytest.fixture
def other_agency(
    bridge_app: Flask, profile: str, tmp_path: Path, _platforms: Callable[[str], Path]
) -> Iterator[OtherAgency]:
    """A second agency with a practice LMS of its own: ``other_agency.launch_as("ani")``."""
    from lms_bridge.testing.agencies import OtherAgency

    file = tmp_path / "other_practice.sqlite"
    shutil.copy(_platforms(profile), file)
    agency = OtherAgency(bridge_app, file, profile)
    yield agency
    agency.close()


@pytest.fixture(scope="session")
def _playwright() -> Iterator[Playwright]:
    """Playwright, where there is a Chromium to drive."""
    from lms_bridge.testing.chromium import missing

    if lacking := missing():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{lacking}. With CI=true the browser tests are required.")
        pytest.skip(f"browser tests left out, {lacking}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(_playwright: Playwright) -> Iterator[Chromium]:
    """Chromium, started once; without it the test is left out, or fails where ``CI=true``."""
    from lms_bridge.testing.chromium import start

    browser = start(_playwright)
    yield browser
    browser.close()


@pytest.fixture
def windows(chromium: Chromium) -> Iterator[Windows]:
    """Browser profiles for one test, which fails when any of its pages breaks the content policy or a script."""
    from lms_bridge.testing.chromium import Windows

    opened = Windows(chromium)
    yield opened
    opened.close()
    assert opened.complaints == []


@pytest.fixture
def open_page(bridge_app: Flask, windows: Windows) -> Iterator[Callable[..., Page]]:
    """Open a page of a launch in Chromium: ``open_page(launch_as("ani"), "/p/survey/fill", width=320)``."""
    from lms_bridge.testing.real_browser import RealBrowser
    from lms_bridge.testing.serving import served

    with served(bridge_app) as port:
        yield RealBrowser(windows, port).open


@pytest.fixture
def axe() -> Callable[..., list[str]]:
    """Say what axe finds on a page of Chromium: ``assert axe(page) == []``."""
    from lms_bridge.testing.look import axe_faults

    return axe_faults
