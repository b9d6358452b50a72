"""A real browser, and an LMS page on another site that shows the bridge in a frame."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from flask import Flask, redirect, request
from werkzeug.serving import make_server

from lms_bridge.testing import instance
from lms_bridge.testing.platform import TestPlatform

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
    """The bridge on 127.0.0.1 and an LMS on localhost: two sites for a browser."""

    def __init__(self, folder: Path, database: str) -> None:
        self.platform = TestPlatform()
        lms = make_server("localhost", 0, Flask("unused"), threaded=True)
        self.platform.url = f"http://localhost:{lms.server_port}"
        self.claims: dict[str, Any] = {}
        bridge = make_server("127.0.0.1", 0, Flask("unused"), threaded=True)
        self.bridge_url = f"http://127.0.0.1:{bridge.server_port}"
        self.app = instance.make_app(folder, database, self.platform, base_url=self.bridge_url)
        with self.app.app_context():
            instance.register_platform(self.platform)
        bridge.app, lms.app = self.app, self._lms()
        self.servers = [bridge, lms]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def _lms(self) -> Flask:
        app = self.platform.app()
        frame = '<iframe title="Kegiatan" src="/open" width="390" height="800"></iframe>'
        frame = f"<!doctype html><title>Kursus</title>{frame}"
        app.add_url_rule("/course", view_func=lambda: frame)
        app.add_url_rule("/open", view_func=self._open)
        app.add_url_rule("/auth", view_func=self._auth)
        return app

    def _open(self) -> Any:
        query = {"iss": self.platform.url, "client_id": "client-1", "login_hint": "5", "target_link_uri": "http://x/"}
        return redirect(f"{self.bridge_url}/lti/login?{urlencode(query)}")

    def _auth(self) -> str:
        token = self.platform.sign(self.platform.claims(nonce=request.args["nonce"], **self.claims))
        return (
            f'<!doctype html><form method="post" action="{request.args["redirect_uri"]}">'
            f'<input name="id_token" value="{token}"><input name="state" value="{request.args["state"]}"></form>'
            "<script>document.forms[0].submit()</script>"
        )

    def stop(self) -> None:
        """Stop both servers."""
        for server in self.servers:
            server.shutdown()
            server.server_close()


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
