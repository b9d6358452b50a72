"""From a gap to an approved plan to counted learning hours: a learner and her superior, each in the LMS's frame."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import BLOCK_THIRD_PARTY, Windows
from tests.browser.servers import Site
from tests.browser.visitor import Visitor, answer, landed, press

if TYPE_CHECKING:
    from playwright.sync_api import Frame

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(make_site: Callable[..., Site]) -> Site:
    """Both servers for this journey alone."""
    ready = make_site()
    ready.register()
    return ready


def test_a_gap_becomes_an_approved_plan_and_counted_hours(site: Site, windows: Windows) -> None:
    ani = Visitor(site, windows.open_profile(BLOCK_THIRD_PARTY).new_page(), "ani")
    rahmat = Visitor(site, windows.open_profile(BLOCK_THIRD_PARTY).new_page(), "rahmat")
    rate_with_one_gap(ani)

    plan = ani.open(site.lms.add_activity("Rencana saya", module="competency.plan"))
    assert plan.locator("[name=proposals]").count() == 3
    plan.locator("form[action$='/plan/take'] button").click()
    plan.locator("form[action$='/plan/send'] button").click()
    plan.locator(".lb-chip-warn").wait_for()

    waiting = rahmat.open(site.lms.add_activity("Setujui rencana", module="competency.plans"))
    waiting.locator("[name=plans]").check()
    waiting.locator("button[value=approve]").click()
    waiting.locator(".lb-empty").wait_for()
    assert (
        "Disetujui"
        in ani.open(site.lms.add_activity("Rencana saya 2", module="competency.plan"))
        .locator("main .lb-chip")
        .all_inner_texts()
    )

    hours = ani.open(site.lms.add_activity("Jam pelajaran saya", module="competency.hours"))
    before = counted(hours)
    hours.locator("a[href$='/hours/enter']").click()
    hours.locator("#field-form").select_option("B6")
    hours.locator("#field-title").fill("Seminar komunikasi")
    hours.locator("#field-day").fill(dt.date(dt.datetime.now(dt.UTC).year, 1, 5).isoformat())
    hours.locator("#field-amount").fill("1")
    hours.locator("#field-proof").fill("Sertifikat 12, LAN")
    hours.locator("main form button").first.click()
    landed(hours, "**/p/competency/hours")
    assert counted(hours) == before, "nothing counts before it is verified"

    verify = rahmat.open(site.lms.add_activity("Verifikasi", module="competency.verify-hours"))
    verify.locator("[name=claims]").first.check()
    verify.locator("button[value=verify]").click()
    verify.locator(".lb-empty").wait_for()

    again = ani.open(site.lms.add_activity("Jam pelajaran lagi", module="competency.hours"))
    assert counted(again) == before + 4, "a seminar of one day is 4 JP"


def rate_with_one_gap(ani: Visitor) -> None:
    """Rate every competency at the required level but the first, which lacks one."""
    frame = ani.open(ani.site.rating)
    frame.locator("main form button.btn-primary").click()
    landed(frame, "**/self-rating/M1/*")
    answer(frame, "not_shown", "not_shown", "not_shown")
    press(frame, "continue")
    answer(frame, "shown", "shown", "shown")
    press(frame, "continue")
    while "/self-rating/" in frame.url and "/overview" not in frame.url:
        competency = frame.url.rpartition("/")[0]
        answer(frame, "shown", "shown", "shown")
        press(frame, "continue")
        if frame.url.startswith(competency):
            press(frame, "skip")
    frame.locator("main form button[type=submit]").click()
    landed(frame, "**/results/*")


def counted(frame: Frame) -> int:
    """Return the JP that the page of hours counts."""
    return int(frame.locator(".lb-stat-value").first.inner_text().split()[0])
