"""A real browser in front of both servers; whatever a page complains of fails its test."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.servers import Site
from tests.browser.visitor import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Playwright

CHROMIUM = os.environ.get("LMS_BRIDGE_CHROMIUM") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.test 127.0.0.1",
    # Playwright switches off that storage is kept apart for each site that frames us; people's browsers keep it apart.
    "--disable-features=Translate,MediaRouter,OptimizationHints,HttpsUpgrades",
]
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
NOTE_VIOLATIONS = (
    "addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI))"
)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright, where there is a Chromium to drive."""
    if not Path(CHROMIUM).exists():
        missing = f"no Chromium at {CHROMIUM}: apt install chromium, or set LMS_BRIDGE_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{missing}. With CI=true the browser tests are required.")
        pytest.skip(f"browser tests left out, {missing}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Chromium, started once. Its windows are private ones, in which it blocks third-party cookies by itself."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


class Windows:
    """Opens browser profiles and collects what their pages complain of."""

    def __init__(self, playwright: Playwright, chromium: Browser, folder: Callable[[], Path]) -> None:
        self.playwright, self.chromium, self.folder = playwright, chromium, folder
        self.opened: list[BrowserContext] = []
        self.complaints: list[str] = []

    def open(self, *, width: int = 390, language: str = "id") -> BrowserContext:
        """Open a fresh private profile, in which third-party cookies are blocked."""
        return self._watched(
            self.chromium.new_context(
                viewport={"width": width, "height": 844}, locale=language, reduced_motion="reduce"
            )
        )

    def open_profile(self, cookies: str, *, width: int = 390) -> BrowserContext:
        """Open a fresh lasting profile whose settings say what happens to cookies."""
        folder = self.folder()
        (folder / "Default").mkdir()
        (folder / "Default" / "Preferences").write_text(json.dumps({"profile": PREFERENCES[cookies]}), "utf-8")
        context = self.playwright.chromium.launch_persistent_context(
            folder, executable_path=CHROMIUM, args=ARGUMENTS, viewport={"width": width, "height": 844}, locale="id"
        )
        return self._watched(context)

    def _watched(self, context: BrowserContext) -> BrowserContext:
        context.set_default_timeout(30_000)
        context.add_init_script(NOTE_VIOLATIONS)
        context.on("console", lambda message: self._note(message.text))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.opened.append(context)
        return context

    def _note(self, text: str) -> None:
        if text.startswith("CSP") or "Content Security Policy" in text:
            self.complaints.append(text)

    def close(self) -> None:
        """Close them all."""
        for context in self.opened:
            context.close()


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
