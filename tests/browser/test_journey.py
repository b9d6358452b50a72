"""The journey of a learner in a real browser: in a cross-site frame at 390 px, and top-level at 1280 px."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


def watch(page: Page) -> list[str]:
    """Collect what the browser complains of."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.text.startswith("CSP") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def test_learner_rates_in_a_frame_of_another_site_without_a_complaint(site: Any, page: Page) -> None:
    complaints = watch(page)
    site.sign_in(page, "ani")
    page.get_by_role("link", name="Pemetaan kompetensi").click()
    frame = page.frame_locator("iframe")

    frame.get_by_role("heading", level=1).wait_for()
    frame.locator("main form button.btn-primary").first.click()
    frame.get_by_text("Sudah saya tunjukkan").first.wait_for()
    for label in frame.get_by_text("Sudah saya tunjukkan").all():
        label.click()
    frame.locator("#save-status").get_by_text("Tersimpan").wait_for()

    assert complaints == []
    width = frame.locator("html").evaluate("element => element.scrollWidth")
    assert width <= 390


def test_reload_of_a_session_page_stays(site: Any, page: Page) -> None:
    site.sign_in(page, "ani")
    page.goto(site.activity_url("Beranda pengembangan", framed=False))
    page.wait_for_url("**/s/**")

    page.reload()

    assert "Ani Lestari" in page.get_by_role("heading", level=1).inner_text()


@pytest.mark.parametrize("path", ["/", "/p/competency/self-rating"])
@pytest.mark.parametrize("language", ["id", "en"])
def test_axe_finds_nothing_on_session_pages(site: Any, chromium: Browser, path: str, language: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    width = 390 if language == "id" else 1280
    context = chromium.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
    page = context.new_page()
    site.sign_in(page, "ani", language=language)
    page.goto(site.activity_url("Beranda pengembangan", framed=False))
    page.wait_for_url("**/s/**")
    page.goto(page.url.rstrip("/") + path)

    found = Axe().run(page).response["violations"]

    context.close()
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []


def test_axe_finds_nothing_on_the_error_page(site: Any, chromium: Browser) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = chromium.new_context(viewport={"width": 390, "height": 844}, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{site.bridge_url}/lti/login")

    found = Axe().run(page).response["violations"]

    context.close()
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []
