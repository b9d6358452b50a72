"""Every page, in each run: axe finds nothing, the content policy is kept, nothing is cut off at 320 px."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lms_bridge.testing.look import axe_faults, cut_off
from tests.browser.conftest import Windows
from tests.browser.pages import NO_PAGES, PAGES, REFUSALS, Run, Tour
from tests.browser.servers import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

pytestmark = pytest.mark.browser
RUNS = [Run("id", 390, framed=True), Run("en", 1280, framed=False)]
if os.environ.get("LMS_BRIDGE_BROWSER_MATRIX"):
    RUNS = [Run(*each) for each in itertools.product(("id", "en"), (390, 1280), (True, False))]
SCREENSHOTS = os.environ.get("LMS_BRIDGE_SCREENSHOTS")


@pytest.fixture(scope="module")
def all_windows(
    playwright: Playwright, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Windows]:
    """Browser profiles for all pages."""
    opened = Windows(playwright, chromium, lambda: tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture(scope="module", params=RUNS, ids=str)
def tour(site: Site, all_windows: Windows, request: pytest.FixtureRequest) -> Tour:
    """A browser for one run."""
    return Tour(
        site, all_windows.open(width=request.param.width, language=request.param.language).new_page(), request.param
    )


@pytest.mark.parametrize("name", PAGES)
def test_page_has_no_fault(tour: Tour, all_windows: Windows, name: str) -> None:
    all_windows.complaints.clear()
    frame = PAGES[name](tour)
    frame.locator("h1").first.wait_for()
    if SCREENSHOTS:
        Path("test-artifacts").mkdir(exist_ok=True)
        tour.page.screenshot(path=f"test-artifacts/{tour.run}-{name.replace(' ', '-')}.png", full_page=True)

    found = axe_faults(frame) + cut_off(tour.page, frame, width=tour.run.width)
    if tour.run.framed:
        tour.page.emulate_media(color_scheme="dark")
        found += [f"dark: {fault}" for fault in axe_faults(frame, ["color-contrast"])]
        tour.page.emulate_media(color_scheme="light")

    assert (tour.statuses[frame] >= 400) is (name in REFUSALS), tour.statuses[frame]
    assert frame.locator("html").get_attribute("lang") == tour.run.language
    assert not frame.locator("#notice").is_visible(), "an empty box is shown"
    assert found + all_windows.complaints == []


def test_no_page_is_forgotten(site: Site) -> None:
    endpoints = {
        rule.endpoint
        for app in (site.bridge, site.lms.app)
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
    }

    seen = {name.partition(" (")[0] for name in PAGES}

    assert endpoints - seen - NO_PAGES == set()
    assert NO_PAGES - endpoints == set()
