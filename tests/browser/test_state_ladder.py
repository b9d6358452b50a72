"""How a launch in a frame proves its browser: by cookie, by the frame's storage, by the platform's, else by advice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from lms_bridge.testing.serving import served
from tests.browser.conftest import BLOCK_ALL, Windows
from tests.browser.servers import Site
from tests.browser.visitor import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

# The messages of a script are numbered at random; here everybody can guess them.
GUESSABLE = "crypto.getRandomValues = numbers => numbers.fill(7)"
FORGED = """
  for (const subject of ["lti.put_data.response", "lti.get_data.response"])
    target.postMessage({subject, message_id: "7-7-7-7", key: "any", value: "forged"}, "*");
"""
FORGER = f"""<script>setInterval(() => {{ const target = parent.document.getElementById("tool")?.contentWindow;
  if (target) {{ {FORGED} }} }}, 100)</script>"""
OTHER_FRAME = """
  const other = document.createElement("iframe"); other.src = "/forger"; document.body.append(other);
"""


def launches(page: Page) -> list[int]:
    """Collect the status of each post that a launch makes."""
    statuses: list[int] = []
    page.on(
        "response",
        lambda answer: statuses.append(answer.status) if answer.url.endswith("/lti/launch") else None,
    )
    return statuses


@pytest.fixture(scope="module")
def plain(make_site: Callable[..., Site]) -> Site:
    """An LMS that stores for its tools (lti_storage_target), and the bridge."""
    ready = make_site(profile="plain")
    ready.register()
    return ready


@pytest.fixture
def keeps_nothing(windows: Windows) -> BrowserContext:
    """A browser that refuses the bridge cookies and storage."""
    return windows.open_profile(BLOCK_ALL)


def test_a_partitioned_cookie_opens_the_launch_at_once(visitor: Visitor) -> None:
    statuses = launches(visitor.page)

    visitor.open(visitor.site.rating)

    assert statuses == [303]
    kept = [one for one in visitor.page.context.cookies() if one["name"] == "lmsb-p"]
    assert kept[0].get("partitionKey") == "http://localhost"


def test_without_a_cookie_the_storage_of_the_frame_proves_the_browser(
    make_site: Callable[..., Site], windows: Windows
) -> None:
    site = make_site(bridge_host="bridge.test", lms_host="lms.test")
    site.register()
    page = windows.open().new_page()
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.all_headers().get("cookie", "")) if "/s/" in asked.url else None)
    statuses = launches(page)

    frame = Visitor(site, page, "ani").open(site.rating)

    assert statuses == [403, 303]
    assert not any("lmsb" in cookie for cookie in sent)
    assert "Ani Lestari" in frame.locator(".lb-who-name").inner_text()


def test_without_cookie_and_storage_the_platform_keeps_the_proof(plain: Site, keeps_nothing: BrowserContext) -> None:
    page = keeps_nothing.new_page()
    statuses = launches(page)

    frame = Visitor(plain, page, "ani").open(plain.rating)

    assert statuses == [403, 303]
    assert "Ani Lestari" in frame.locator(".lb-who-name").inner_text()


def test_where_nothing_keeps_the_proof_the_page_says_what_to_do(site: Site, keeps_nothing: BrowserContext) -> None:
    page = keeps_nothing.new_page()
    visitor = Visitor(site, page, "ani")

    page.goto(f"{site.lms_url}/activities/{site.rating}")
    visitor.frame.locator("#advice ol li").first.wait_for()

    assert "jendela baru" in visitor.frame.locator("#advice").inner_text()
    assert not visitor.frame.locator("#waiting").is_visible()


def test_an_answer_of_another_frame_is_ignored_and_a_silent_platform_is_waited_for_2_seconds(
    plain: Site, keeps_nothing: BrowserContext
) -> None:
    page = keeps_nothing.new_page()
    page.add_init_script(GUESSABLE)
    page.route("**/static/frame.js", lambda route: route.fulfill(body=OTHER_FRAME, content_type="text/javascript"))
    page.route("**/forger", lambda route: route.fulfill(body=FORGER, content_type="text/html"))
    visitor = Visitor(plain, page, "ani")
    statuses = launches(page)

    page.goto(f"{plain.lms_url}/activities/{plain.rating}")
    visitor.frame.locator("#advice ol li").first.wait_for()

    assert statuses == [403], "the forged proof was not even sent"


def test_a_page_of_another_origin_does_not_hear_the_proof(plain: Site, keeps_nothing: BrowserContext) -> None:
    page = keeps_nothing.new_page()
    Visitor(plain, page, "ani")
    login = plain.lms.begin_launch("ani", activity=plain.rating)
    listener = """<iframe></iframe><script>window.heard = [];
      addEventListener("message", event => heard.push(event.data?.subject));</script>"""
    elsewhere = Flask("elsewhere")
    elsewhere.add_url_rule("/", view_func=lambda: listener)
    # The LMS would refuse to be framed there; what counts is what was said before.
    page.route("**/auth?*", lambda route: route.abort())

    with served(elsewhere) as port:
        page.goto(f"http://elsewhere.test:{port}/")
        with page.expect_request("**/auth?*"):
            page.frames[1].goto(login)

    assert not {"lti.put_data", "lti.get_data"} & set(page.evaluate("heard"))


def test_a_ticket_opens_one_window_of_its_own(visitor: Visitor) -> None:
    frame = visitor.open_question()
    frame.locator(".lb-me summary").click()
    door = frame.locator("form[target=_blank] button")

    with visitor.page.expect_popup() as first:
        door.click()
    first.value.wait_for_url("**/s/**")
    with visitor.page.expect_popup() as second:
        door.click()
    second.value.locator("#reference").wait_for()

    assert first.value.url.partition("/p/")[2] == frame.url.partition("/p/")[2]
    assert first.value.url != frame.url, "a session of its own"
    assert first.value.locator("#q1").is_visible()
