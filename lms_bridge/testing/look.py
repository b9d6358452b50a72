"""What a page in a real browser lacks: by axe's rules, and in width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

NARROWEST = 320
"""CSS pixels: WCAG 2.2, criterion 1.4.10 (reflow)."""


def axe_faults(place: Page | Frame, rules: list[str] | None = None) -> list[str]:
    """Return what axe finds on a page, or finds by these rules only."""
    chosen = {"runOnly": rules} if rules else {}
    found = Axe().run(place, options={"resultTypes": ["violations"], **chosen}).response["violations"]
    return [f"{rule['impact']} {rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found]


def cut_off(page: Page, place: Page | Frame, *, width: int) -> list[str]:
    """Say by how much a page is wider than the narrowest screen that it must fit.

    :param width: of the window, to which it returns.
    """
    beside = width - int(place.evaluate("innerWidth"))
    page.set_viewport_size({"width": NARROWEST + beside, "height": 844})
    needed = place.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size({"width": width, "height": 844})
    return [] if needed <= NARROWEST else [f"{needed} px wide on {NARROWEST} px"]
