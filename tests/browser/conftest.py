"""A real browser, and the practice LMS on another site that shows the bridge in a frame."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from werkzeug.serving import make_server

from lms_bridge.testing import instance

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = os.environ.get("LMS_BRIDGE_CHROMIUM") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium, started once."""
    if not Path(CHROMIUM).exists():
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is required with CI=true")
        pytest.skip("no Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Site:
    """The bridge on 127.0.0.1 and the practice LMS on localhost: two sites for a browser."""

    def __init__(self, folder: Path, database: str) -> None:
        lms, bridge = (make_server(host, 0, Flask("unused"), threaded=True) for host in ("localhost", "127.0.0.1"))
        self.lms_url = f"http://localhost:{lms.server_port}"
        self.bridge_url = f"http://127.0.0.1:{bridge.server_port}"
        self.platform = instance.open_platform(
            folder / "practice.sqlite", "moodle", url=self.lms_url, tool_url=self.bridge_url
        )
        instance.add_tool(self.platform, base_url=self.bridge_url)
        self.app = instance.make_app(folder, database, self.platform, base_url=self.bridge_url)
        with self.app.app_context():
            instance.register_platform(self.platform)
        bridge.app, lms.app = self.app, self.platform.app
        self.servers = [bridge, lms]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def sign_in(self, page: Page, user: str, *, language: str = "id") -> None:
        """Be somebody in the LMS, in a language; the course is open then."""
        page.goto(f"{self.lms_url}/as/{user}")
        if language != "id":
            page.request.post(f"{self.lms_url}/language", form={"language": language})

    def activity_url(self, title: str, *, framed: bool = True) -> str:
        """Return the page of an activity of the course with the bridge in its frame, or the bridge by itself."""
        number = self.platform.activity_named(title)
        return f"{self.lms_url}/activities/{number}" + ("" if framed else "/launch")

    def stop(self) -> None:
        """Stop both servers."""
        for server in self.servers:
            server.shutdown()
            server.server_close()
        self.platform.close()


@pytest.fixture
def site(tmp_path: Path, _template: Path) -> Iterator[Site]:
    """Both sites, on a fresh SQLite database with the demo agency."""
    shutil.copytree(_template, tmp_path / "instance")
    running = Site(tmp_path / "instance", f"sqlite:///{tmp_path / 'instance' / 'lms_bridge.sqlite'}")
    yield running
    running.stop()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of a fresh browser profile that notes every violation of the content policy."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="id-ID")
    page = context.new_page()
    page.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.error('CSP ' + e.violatedDirective))"
    )
    yield page
    context.close()
