"""A page without a mouse, and a page on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.visitor import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Frame

pytestmark = pytest.mark.browser
FOCUSED = """() => { const one = document.activeElement; const look = getComputedStyle(one);
  const label = one.matches("input") ? getComputedStyle(document.querySelector(`label[for="${one.id}"]`) ?? one) : look;
  const seen = [look, label].some(style => style.outlineStyle !== "none" || style.boxShadow !== "none");
  return [one.outerHTML.slice(0, 80), seen]; }"""


def focused(frame: Frame, selector: str) -> bool:
    """Say whether the focus is on this element."""
    return bool(frame.evaluate("selector => document.activeElement.matches(selector)", selector))


def test_the_first_tab_shows_a_way_to_the_content(visitor: Visitor) -> None:
    frame = visitor.open(visitor.site.home)
    keyboard = visitor.page.keyboard
    visitor.page.locator("#tool").focus()
    keyboard.press("Tab")
    first = focused(frame, ".lb-skip")
    shown = frame.locator(".lb-skip").bounding_box()

    keyboard.press("Enter")

    assert first
    assert shown is not None and shown["y"] >= 0
    assert focused(frame, "main")


def test_the_menu_opens_and_closes_by_keyboard(visitor: Visitor) -> None:
    frame = visitor.open(visitor.site.home)
    keyboard = visitor.page.keyboard
    frame.locator(".lb-me summary").focus()

    keyboard.press("Enter")
    opened = frame.locator(".lb-me-menu").is_visible()
    keyboard.press("Tab")
    inside = focused(frame, ".lb-me-item")
    keyboard.press("Escape")

    assert opened and inside
    assert not frame.locator(".lb-me-menu").is_visible()
    assert focused(frame, ".lb-me summary")


def test_whatever_has_the_focus_shows_it(visitor: Visitor) -> None:
    frame = visitor.open_question()
    visitor.page.locator("#tool").focus()
    visitor.page.keyboard.press("Tab")
    seen: dict[str, bool] = {}
    for _stop in range(14):
        if not focused(frame, "body"):
            element, visible = frame.evaluate(FOCUSED)
            seen[element] = visible
        visitor.page.keyboard.press("Tab")

    assert len(seen) > 8
    assert [element for element, visible in seen.items() if not visible] == []


def test_paper_has_the_person_and_no_menu(visitor: Visitor) -> None:
    frame = visitor.open(visitor.site.home)

    visitor.page.emulate_media(media="print")

    assert not frame.locator("nav").first.is_visible()
    assert not frame.locator(".lb-me").is_visible()
    assert frame.locator(".lb-print-only").is_visible()
