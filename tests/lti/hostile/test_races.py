"""The same launch many times at once, many launches at once, and one that comes too late."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from lms_bridge.lti.login import LIFETIME
from lms_bridge.models import Session
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.testing.browser import Browser
from tests.lti.forge import token_for
from tests.lti.hostile.refusals import assert_refused, count


def test_of_eight_simultaneous_posts_of_one_response_exactly_one_wins(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver
) -> None:
    """S-48, X-03."""
    Browser(bridge_app).launch(practice_platform, claim_custom={})
    before = count(bridge_app, Session)
    form = token_for(browser, practice_platform)
    cookie = "; ".join(f"{c.key}={c.value}" for c in browser.client._cookies.values())
    barrier, answers = threading.Barrier(8), []

    def post() -> None:
        client = bridge_app.test_client(use_cookies=False)
        barrier.wait(10)
        headers = {**browser.headers, "Cookie": cookie}
        answers.append(
            client.post("/lti/launch", data=form, headers=headers, base_url="http://bridge.test").status_code
        )

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(answers) == [303] + [409] * 7
    assert count(bridge_app, Session) == before + 1


def test_eight_people_arriving_at_once_in_a_new_course_all_get_in(
    bridge_app: Any, practice_platform: PracticeDriver
) -> None:
    barrier, answers = threading.Barrier(8), []
    browsers = [Browser(bridge_app) for _ in range(8)]
    forms = []
    for number, one in enumerate(browsers):
        lis = {"person_sourcedid": f"19920314201503200{number // 2}"}
        forms.append(token_for(one, practice_platform, sub=str(100 + number // 2), claim_lis=lis))

    def post(number: int) -> None:
        barrier.wait(10)
        answers.append(browsers[number].post_launch(**forms[number]).status_code)

    threads = [threading.Thread(target=post, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert answers == [303] * 8


def test_launch_is_refused_five_minutes_after_its_login(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LIFETIME == 300
    monkeypatch.setattr("lms_bridge.lti.login.LIFETIME", -1)
    form = token_for(browser, practice_platform)

    assert_refused(bridge_app, browser.post_launch(**form))
