"""A real browser for tests: Debian's Chromium, and windows that collect what their pages complain of."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

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
NOTE_VIOLATIONS = (
    "addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI))"
)


def missing() -> str:
    """Say what a test in a real browser lacks on this machine; nothing where all is there."""
    for module, package in (("playwright", "playwright"), ("axe_playwright_python", "axe-playwright-python")):
        if importlib.util.find_spec(module) is None:
            return f"{package} is not installed: pip install {package}"
    return (
        ""
        if Path(CHROMIUM).exists()
        else f"no Chromium at {CHROMIUM}: apt install chromium, or set LMS_BRIDGE_CHROMIUM"
    )


def start(playwright: Playwright) -> Browser:
    """Start Chromium. Its windows are private ones, in which it blocks third-party cookies by itself."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


class Windows:
    """Opens browser profiles and collects what their pages complain of: the content policy, errors in scripts."""

    def __init__(self, chromium: Browser) -> None:
        self.chromium = chromium
        self.opened: list[BrowserContext] = []
        self.complaints: list[str] = []

    def open(self, *, width: int = 390, language: str = "id", agent: str | None = None) -> BrowserContext:
        """Open a fresh private profile, in which third-party cookies are blocked."""
        return self.watched(
            self.chromium.new_context(
                viewport={"width": width, "height": 844}, locale=language, reduced_motion="reduce", user_agent=agent
            )
        )

    def watched(self, context: BrowserContext) -> BrowserContext:
        """Listen to what the pages of a profile complain of, and close it with the others."""
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
