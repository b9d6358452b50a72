"""Somebody with a browser: signs in at the LMS, opens activities, answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.browser.servers import Site

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page


class Visitor:
    """One person in one tab."""

    def __init__(self, site: Site, page: Page, username: str) -> None:
        self.site, self.page, self.username = site, page, username
        page.goto(f"{site.lms_url}/as/{username}")

    def open(self, activity: int) -> Frame:
        """Open an activity in the LMS's frame; returns the frame, on the tool's first page."""
        self.page.goto(f"{self.site.lms_url}/activities/{activity}")
        return self.arrive()

    def arrive(self) -> Frame:
        """Wait until the tool in the frame shows a page of its own, with the person on it."""
        frame = self.frame
        landed(frame, "**/s/**")
        frame.locator("main h1").wait_for()
        return frame

    @property
    def frame(self) -> Frame:
        """The frame of the tool."""
        found = self.page.locator("#tool").element_handle().content_frame()
        assert found is not None
        return found

    def open_question(self, *, post_level: str = "AHLI_MUDA") -> Frame:
        """Open the self-rating and begin it; returns the frame, on the first question."""
        frame = self.open(self.site.rating)
        frame.locator("#post_level").select_option(post_level)
        frame.locator("main form button.btn-primary").click()
        landed(frame, "**/self-rating/M1/*")
        return frame


LOADED = "() => document.readyState === 'complete' || new Promise(done => addEventListener('load', () => done(true)))"


def landed(frame: Frame, url: str | Callable[[str], bool]) -> None:
    """Wait until a frame shows an address and has loaded it.

    The page itself is asked: where a frame comes to another site, Chromium gives it another process, and Playwright
    then sometimes hears nothing of its "load".
    """
    frame.wait_for_url(url, wait_until="commit")
    frame.evaluate(LOADED)


def answer(frame: Frame, *marks: str) -> None:
    """Choose an answer for each of the first behaviours of a page, and wait until they are saved."""
    for number, mark in enumerate(marks, start=1):
        frame.locator(f"label[for=q{number}-{mark}]").click()
    saved(frame)


def saved(frame: Frame) -> None:
    """Wait until the page says that everything is saved."""
    frame.locator("#save-status[data-state=saved]").wait_for()


def press(frame: Frame, go: str) -> None:
    """Press the button that leads on, and wait for the page that it leads to."""
    before = frame.url
    frame.locator(f".lb-actions [name=go][value={go}]").click()
    landed(frame, lambda url: url != before)
    frame.locator("main h1").wait_for()
