"""How a refusal reads: in the language of the browser, in the log, for a program."""

from __future__ import annotations

import pytest
import structlog

from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.testing.browser import Browser
from tests.lti.forge import token_for


@pytest.mark.parametrize(("language", "words"), [("en-GB,en;q=0.9", "What you can do"), ("id", "Yang dapat")])
def test_refusal_speaks_the_language_of_the_browser(browser: Browser, language: str, words: str) -> None:
    page = browser.client.post("/lti/launch", headers={"Accept-Language": language})

    assert page.status_code == 400
    assert words in page.text


def test_refusal_is_logged_with_its_reason_and_reference_but_no_person(
    browser: Browser, practice_platform: PracticeDriver
) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(20))
    with structlog.testing.capture_logs() as entries:
        page = browser.post_launch(**token_for(browser, practice_platform, azp="other"))

    entry = next(entry for entry in entries if entry["event"] == "refused")
    assert entry["reason"] == "azp of another client"
    assert entry["reference"] in page.text
    assert "Ani" not in str(entries) and "199203142015032004" not in str(entries)


def test_program_that_asks_for_json_gets_a_problem_document(browser: Browser) -> None:
    page = browser.client.post("/lti/launch", headers={"Accept": "application/json"})

    assert page.mimetype == "application/problem+json"
    assert page.json["status"] == page.status_code == 400
