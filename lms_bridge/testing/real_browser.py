"""Pages of a launch in a real browser: the launch is walked through in this process, Chromium goes on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lms_bridge.testing.browser import Browser
from lms_bridge.testing.chromium import Windows

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page


class RealBrowser:
    """Chromium on sessions that a launch began, with their cookies and under their browser's name."""

    def __init__(self, windows: Windows, port: int) -> None:
        self.windows, self.address = windows, f"http://127.0.0.1:{port}"
        self._profiles: dict[tuple[str, int], BrowserContext] = {}

    def open(self, browser: Browser, path: str, *, width: int = 390) -> Page:
        """Open a page of somebody's session in a window of their own.

        :param path: within the session, such as ``/p/survey/fill``.
        :param width: of the window, in CSS pixels.
        """
        page = self._profile(browser, width).new_page()
        page.goto(f"{self.address}{browser.prefix}{path}")
        return page

    def _profile(self, browser: Browser, width: int) -> BrowserContext:
        key = (browser.prefix, width)
        if key not in self._profiles:
            profile = self.windows.open(width=width, agent=browser.headers["User-Agent"])
            host = urlsplit(browser.base_url).hostname or ""
            for name in ("lmsb-p", "lmsb"):
                if cookie := browser.client.get_cookie(name, domain=host):
                    profile.add_cookies([{"name": name, "value": cookie.value, "url": self.address}])
            self._profiles[key] = profile
        return self._profiles[key]
