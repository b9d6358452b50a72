"""A real browser in front of both servers; whatever a page complains of fails its test."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lms_bridge.testing import chromium
from tests.browser.servers import Site
from tests.browser.visitor import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Playwright

BLOCK_ALL, BLOCK_THIRD_PARTY, ALLOW = "all blocked", "third-party blocked", "allowed"
PREFERENCES: dict[str, dict[str, Any]] = {
    ALLOW: {"cookie_controls_mode": 0},
    BLOCK_THIRD_PARTY: {"cookie_controls_mode": 1},
    BLOCK_ALL: {
        "cookie_controls_mode": 0,
        "content_settings": {"exceptions": {"cookies": {"127.0.0.1,*": {"setting": 2}}}},
    },
}
"""Chromium's own preferences; the last one refuses the bridge both cookies and storage."""


@pytest.fixture(scope="session")
def playwright(_playwright: Playwright) -> Playwright:
    """Playwright, where there is a Chromium to drive."""
    return _playwright


class Windows(chromium.Windows):
    """Also opens profiles whose settings say what happens to cookies."""

    def __init__(self, playwright: Playwright, browser: Browser, folder: Callable[[], Path]) -> None:
        super().__init__(browser)
        self.playwright, self.folder = playwright, folder

    def open_profile(self, cookies: str, *, width: int = 390) -> BrowserContext:
        """Open a fresh lasting profile whose settings say what happens to cookies."""
        folder = self.folder()
        (folder / "Default").mkdir()
        (folder / "Default" / "Preferences").write_text(json.dumps({"profile": PREFERENCES[cookies]}), "utf-8")
        context = self.playwright.chromium.launch_persistent_context(
            folder,
            executable_path=chromium.CHROMIUM,
            args=chromium.ARGUMENTS,
            viewport={"width": width, "height": 844},
            locale="id",
        )
        return self.watched(context)


@pytest.fixture
def windows(playwright: Playwright, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    """Browser profiles for one test, which fails when any of its pages breaks the content policy or a script."""
    opened = Windows(playwright, chromium, lambda: tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()
    assert opened.complaints == []


@pytest.fixture(scope="session")
def make_site(_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Site]]:
    """Make both servers on fresh databases, neither knowing the other."""
    running: list[Site] = []

    def make(**options: Any) -> Site:
        folder = tmp_path_factory.mktemp("site") / "instance"
        shutil.copytree(_template, folder)
        running.append(Site(folder, **options))
        return running[-1]

    yield make
    for site in running:
        site.stop()


@pytest.fixture(scope="session")
def site(make_site: Callable[..., Site]) -> Site:
    """Both servers, registered with each other, the LMS like Moodle; shared, so each test brings its people."""
    ready = make_site()
    ready.register()
    return ready


@pytest.fixture
def learner(site: Site, request: pytest.FixtureRequest) -> str:
    """The username of somebody new in the course, of whom no post is known."""
    return site.learner(f"Peserta {abs(hash(request.node.nodeid)) % 10**8}")


@pytest.fixture
def visitor(site: Site, windows: Windows, learner: str) -> Visitor:
    """Somebody new, signed in at the LMS on a phone that blocks third-party cookies."""
    return Visitor(site, windows.open().new_page(), learner)
