"""From ratings to an approved plan to counted hours, and what an analyst takes and brings; all in the LMS's frame."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from python_calamine import CalamineWorkbook

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


def test_ratings_become_an_approved_plan_and_counted_hours(site: Site, windows: Windows) -> None:
    ani = Visitor(site, windows.open_profile(BLOCK_THIRD_PARTY).new_page(), "ani")
    rahmat = Visitor(site, windows.open_profile(BLOCK_THIRD_PARTY).new_page(), "rahmat")
    rate_with_one_gap(ani)
    rate_ani_at_her_standard(rahmat)

    profile = ani.open(site.lms.add_activity("Profil saya", module="competency.profile"))
    assert "Atasan" in profile.locator("main").inner_text()
    assert profile.locator("tbody .lb-gap, tbody .lb-chip").first.is_visible()

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


def rate_with_one_gap(learner: Visitor) -> None:
    """Rate every competency at the required level but the first, which lacks one."""
    frame = learner.open(learner.site.rating)
    frame.locator("main form button.btn-primary").click()
    landed(frame, "**/self-rating/M1/*")
    answer(frame, "not_shown", "not_shown", "not_shown")
    press(frame, "continue")
    answer(frame, "shown", "shown", "shown")
    press(frame, "continue")
    show_the_rest(frame)


def rate_ani_at_her_standard(rahmat: Visitor) -> None:
    """Find Ani among those who wait, and rate every competency at the required level."""
    frame = rahmat.open(rahmat.site.lms.add_activity("Nilai staf", module="competency.rate-people"))
    frame.locator("form", has_text="Ani Lestari").locator("button").click()
    landed(frame, "**/ratings/*/M1/*")
    show_the_rest(frame)
    assert "Atasan" in frame.locator("main details").first.text_content()


def show_the_rest(frame: Frame) -> None:
    """Answer what is still asked as shown, leave out what is only offered, and finish."""
    while "/overview" not in frame.url:
        competency = frame.url.rpartition("/")[0]
        answer(frame, "shown", "shown", "shown")
        press(frame, "continue")
        if frame.url.startswith(competency):
            press(frame, "skip")
    frame.locator("main form button[type=submit]").click()
    landed(frame, "**/results/*")


def test_an_analyst_takes_the_gap_matrix_and_brings_a_technical_dictionary(
    site: Site, windows: Windows, tmp_path: Path
) -> None:
    rate_with_one_gap(Visitor(site, windows.open_profile(BLOCK_THIRD_PARTY).new_page(), "budi"))
    dewi = Visitor(site, windows.open_profile(BLOCK_THIRD_PARTY).new_page(), "dewi")

    units = dewi.open(site.lms.add_activity("Unit", module="competency.units"))
    with dewi.page.expect_download() as taken:
        units.locator("section:has(#matrix) a", has_text="XLSX").click()
    book = CalamineWorkbook.from_path(taken.value.path())
    assert "Integritas" in str(book.get_sheet_by_index(0).to_python())
    assert len(book.sheet_names) == 2, "a sheet says where the figures come from"

    dictionaries = dewi.open(site.lms.add_activity("Kamus", module="competency.dictionary"))
    with dewi.page.expect_download() as example:
        dictionaries.locator("details:has(form[enctype]) > summary").click()
        dictionaries.locator("form[enctype] a[href$=xlsx]").click()
    dictionaries.locator("#field-file").set_input_files(example.value.path())
    for name, value in (("family", "tik"), ("version", "2026"), ("title_id", "Kamus TIK")):
        dictionaries.locator(f"#field-{name}").fill(value)
    dictionaries.locator("form[enctype] button").click()
    landed(dictionaries, "**/dictionary/*")
    assert "Kamus TIK" in dictionaries.locator("h1").inner_text()


def counted(frame: Frame) -> int:
    """Return the JP that the page of hours counts."""
    return int(frame.locator(".lb-stat-value").first.inner_text().split()[0])
