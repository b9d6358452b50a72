"""The main job: an LMS registers the bridge, a learner rates herself, the grade comes back, a teacher adds content.

Each in the LMS's frame, which is of another site than the bridge, with third-party cookies blocked and allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, Response, request
from sqlalchemy import func, select

from lms_bridge.db import db
from lms_bridge.testing.serving import served
from tests.browser.conftest import ALLOW, BLOCK_THIRD_PARTY, Windows
from tests.browser.servers import Site
from tests.browser.visitor import Visitor, answer, landed, press, saved

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.browser
both_ways = pytest.mark.parametrize("cookies", [BLOCK_THIRD_PARTY, ALLOW])


@pytest.fixture(scope="module")
def site(make_site: Callable[..., Site]) -> Site:
    """Both servers for this journey alone: nobody has rated themselves yet."""
    ready = make_site()
    ready.register()
    return ready


@pytest.mark.parametrize(("cookies", "comes_back"), [(BLOCK_THIRD_PARTY, False), (ALLOW, True)])
def test_an_unpartitioned_cookie_of_another_site_is_refused_only_where_third_party_cookies_are_blocked(
    windows: Windows, cookies: str, comes_back: bool
) -> None:
    tool = Flask("tool")

    @tool.get("/")
    def told() -> Response:
        response = Response(request.headers.get("Cookie", ""))
        response.set_cookie("shared", "1", samesite="None", secure=True)
        response.set_cookie("apart", "1", samesite="None", secure=True, partitioned=True)
        return response

    @tool.get("/outside")
    def outside() -> str:
        return f"<iframe src='http://{request.host.replace('localhost', '127.0.0.1')}/'></iframe>"

    with served(tool) as port:
        page = windows.open_profile(cookies).new_page()
        # The second time, the frame brings what the browser kept of the first.
        page.goto(f"http://localhost:{port}/outside")
        page.goto(f"http://localhost:{port}/outside")
        came_back = page.frames[1].locator("body").inner_text()

    assert "apart=1" in came_back
    assert ("shared=1" in came_back) is comes_back


@both_ways
def test_an_administrator_registers_the_bridge_in_the_frame_of_the_lms(
    make_site: Callable[..., Site], windows: Windows, cookies: str
) -> None:
    site = make_site()
    page = windows.open_profile(cookies, width=1280).new_page()
    page.goto(f"{site.lms_url}/as/admin")
    page.locator("#url").fill(site.invitation())
    page.locator("form[action$='/register'] button").click()
    bridge = page.frame_locator("#tool")

    bridge.locator("#register button").click()
    bridge.locator("ol.lb-ticks").wait_for()
    bridge.locator("#close").click()
    page.wait_for_url("**/admin/tools")
    page.locator("form[action$='/activate'] button").click()
    page.locator("form[action$='/chooser'] button").click()

    assert page.locator("h2 .chip").all_inner_texts() == ["Aktif", "Di pemilih kegiatan"]
    page.goto(f"{site.lms_url}/as/ani")
    page.get_by_role("link", name="Pemetaan kompetensi").click()
    assert "Ani Lestari" in bridge.locator(".lb-who-name").inner_text()


@pytest.mark.parametrize(("cookies", "username"), [(BLOCK_THIRD_PARTY, "ani"), (ALLOW, "dewi")])
def test_what_a_learner_rates_in_the_frame_becomes_her_grade(
    site: Site, windows: Windows, cookies: str, username: str
) -> None:
    page = windows.open_profile(cookies).new_page()
    visitor = Visitor(site, page, username)
    page.get_by_role("link", name="Pemetaan kompetensi").click()
    frame = visitor.arrive()
    frame.locator("main form button.btn-primary").click()
    answer(frame, "shown", "not_shown")
    # Nothing was pressed to save, and the next launch is on another page of the browser.
    page.reload()
    frame = visitor.arrive()
    assert frame.locator("main input:checked").evaluate_all("them => them.map(one => one.value)") == [
        "shown",
        "not_shown",
    ]

    frame.locator("label[for=q3-no_chance]").click()
    saved(frame)
    press(frame, "continue")
    assert frame.url.endswith("/M1/2"), "a level that is not reached offers the one below"
    for _competency in range(9):
        answer(frame, "shown", "shown", "shown")
        competency = frame.url.rpartition("/")[0]
        press(frame, "continue")
        if frame.url.startswith(competency):
            press(frame, "skip")
    frame.locator("main form button[type=submit]").click()
    landed(frame, "**/results/*")
    site.work()

    name = frame.locator(".lb-who-name").inner_text()
    assert "96,30" in frame.locator("main").inner_text()
    page.goto(f"{site.lms_url}/courses/2/grades")
    assert "96,3" in page.get_by_role("row", name="Pemetaan kompetensi").inner_text()
    page.goto(f"{site.lms_url}/as/sari")
    page.goto(f"{site.lms_url}/courses/2/grades")
    assert "96,3" in page.locator("#live tr", has_text=name).inner_text()


@both_ways
def test_a_teacher_selects_content_that_students_then_open(site: Site, windows: Windows, cookies: str) -> None:
    page = windows.open_profile(cookies, width=1280).new_page()
    visitor = Visitor(site, page, "sari")
    page.locator("main a.button").click()
    page.locator("main .row a.button").first.click()
    frame = visitor.arrive()
    frame.locator("[name=item]").first.check()

    frame.locator("main form button.btn-primary").click()
    page.wait_for_url("**/selections/*")
    page.locator("main form button").click()
    page.wait_for_url("**/courses/2")
    page.goto(f"{site.lms_url}/as/agus")
    page.locator("main .rows a.strong").last.click()
    frame = visitor.arrive()

    assert "/p/competency/self-rating" in frame.url
    assert "Agus Prasetyo" in frame.locator(".lb-who-name").inner_text()
    assert page.locator("main .rows .row").count() == 0


def test_the_roster_of_the_course_reaches_the_bridge(site: Site, windows: Windows) -> None:
    page = windows.open(width=1280).new_page()
    Visitor(site, page, "sari").open(site.home)

    site.work()

    page.goto(f"{site.lms_url}/trace?kind=roster")
    assert "BANGKOM-2026" in page.locator("main .trace").first.inner_text()
    assert enrolled(site) == len(site.lms.roster())


def enrolled(site: Site) -> int:
    """Count who the bridge knows to be in the first course."""
    enrolments, courses = (db.metadata.tables[name] for name in ("core_enrolment", "core_course"))
    query = select(func.count()).select_from(enrolments.join(courses)).where(enrolments.c.in_roster)
    with site.bridge.app_context():
        found: Any = db.session.execute(query.where(courses.c.title.contains("Pengembangan"))).scalar_one()
        db.session.remove()
    return int(found)
