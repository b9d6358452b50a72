"""pytest fixtures of the bridge. Imports happen inside, so that coverage and other plugins load first."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask import Flask

    from lms_bridge.testing.browser import Browser
    from lms_bridge.testing.platform import TestPlatform

DEFAULT_SERVER = "postgresql+psycopg://root@127.0.0.1:5432/postgres"


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
def _postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str | None]:
    """The URL of a prepared PostgreSQL database, dropped afterwards; None where there is no server."""
    from lms_bridge.testing.instance import copy_database, drop_database, prepare_instance

    server = _server()
    if not _reachable(server):
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is required with CI=true; set LMS_BRIDGE_TEST_DATABASE_URL")
        yield None
        return
    name = f"lms_bridge_test_{os.getpid()}"
    url = copy_database(server, name, template=None)
    prepare_instance(tmp_path_factory.mktemp("postgres"), url)
    yield url
    drop_database(server, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, _template: Path) -> Iterator[str]:
    """The URL of a fresh database with the demo agency; a test that uses it runs on SQLite and on PostgreSQL."""
    instance = tmp_path / "instance"
    shutil.copytree(_template, instance)
    if request.param == "sqlite":
        yield f"sqlite:///{instance / 'lms_bridge.sqlite'}"
        return
    from lms_bridge.testing.instance import copy_database, drop_database

    template = request.getfixturevalue("_postgres")
    if template is None:
        pytest.skip("no PostgreSQL server")
    name = f"{template.rpartition('/')[2]}_run"
    yield copy_database(_server(), name, template=template)
    drop_database(_server(), name)


@pytest.fixture
def practice_platform() -> TestPlatform:
    """An LMS in this process, registered with the demo agency by ``bridge_app``."""
    from lms_bridge.testing.platform import TestPlatform

    return TestPlatform()


@pytest.fixture
def bridge_app(database: str, tmp_path: Path, practice_platform: TestPlatform) -> Iterator[Flask]:
    """The bridge on the test's database, with the platform registered and reachable in this process."""
    from lms_bridge.testing.instance import make_app, register_platform

    app = make_app(tmp_path / "instance", database, practice_platform)
    with app.app_context():
        register_platform(practice_platform)
    yield app
    from lms_bridge.db import db

    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def browser(bridge_app: Flask) -> Browser:
    """A browser that keeps cookies and has opened nothing yet."""
    from lms_bridge.testing.browser import Browser

    return Browser(bridge_app)


@pytest.fixture
def launch_as(bridge_app: Flask, practice_platform: TestPlatform) -> Callable[..., Browser]:
    """Launch as a user: a real signed launch; returns the browser, its ``page`` the first page."""
    from lms_bridge.testing.browser import Browser

    def launch(user: str = "5", role: str = "Learner", **claims: Any) -> Browser:
        browser = Browser(bridge_app)
        browser.launch(practice_platform, user=user, role=role, **claims)
        return browser

    return launch


@pytest.fixture
def outbox(bridge_app: Flask) -> Any:
    """The worker of this test: ``outbox.drain()`` delivers whatever is due."""
    from lms_bridge.testing.instance import Outbox

    return Outbox(bridge_app)
