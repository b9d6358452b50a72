"""What people and networks do to a page: each has a clear message, and nothing that was typed is lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Windows
from tests.browser.servers import RATING, Site
from tests.browser.visitor import Visitor, answer, landed, saved

if TYPE_CHECKING:
    from playwright.sync_api import Frame

pytestmark = pytest.mark.browser
EXAMPLE = "Saya menyusun telaah staf bersama tim."


def chosen(frame: Frame) -> list[str]:
    """Return the answers that the page shows."""
    values: list[str] = frame.locator("main input[type=radio]:checked").evaluate_all(
        "them => them.map(one => one.value)"
    )
    return values


def write_example(frame: Frame) -> None:
    """Type an example into the page."""
    frame.locator("main details summary").click()
    frame.locator("#example").fill(EXAMPLE)


def name_of(frame: Frame) -> str:
    """Return the name of the person whose page it is."""
    return frame.locator(".lb-who-name").inner_text()


def test_a_double_click_sends_once(visitor: Visitor) -> None:
    frame = visitor.open(visitor.site.rating)
    frame.locator("#post_level").select_option("AHLI_MUDA")
    posted: list[str] = []
    visitor.page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)

    frame.locator("main form button.btn-primary").dblclick()
    landed(frame, "**/self-rating/M1/*")

    assert len(posted) == 1


def test_a_reload_and_the_back_button_keep_the_answers(visitor: Visitor) -> None:
    frame = visitor.open_question()
    answer(frame, "shown", "shown", "not_shown")
    first = frame.url
    frame.locator(".lb-actions [name=go][value=continue]").click()
    landed(frame, lambda url: url != first)

    visitor.page.evaluate("history.back()")
    landed(frame, first)
    frame.evaluate("location.reload()")
    frame.locator("#q1").wait_for()

    assert chosen(frame) == ["shown", "shown", "not_shown"]
    assert not frame.locator("#notice").is_visible()


def test_two_tabs_with_two_courses_are_two_sessions(site: Site, windows: Windows) -> None:
    context = windows.open(width=1280)
    first, second = (context.new_page() for _ in range(2))
    Visitor(site, first, "indah")
    for page, course in ((first, 2), (second, 3)):
        activity = site.lms.add_activity("Jendela", module=RATING, course=course, container="window")
        page.goto(f"{site.lms_url}/activities/{activity}/launch")
        page.wait_for_url("**/s/**")

    for page in (first, second):
        page.reload()

    ways_back = [page.locator("a.lb-me-item[href*=courses]").get_attribute("href") or "" for page in (first, second)]
    assert [way.partition("/courses/")[2].partition("/")[0] for way in ways_back] == ["2", "3"]
    first.locator(".lb-me summary").click()
    first.locator("form[action$='/leave'] button").click()
    first.locator("a[href*='/courses/2']").wait_for()
    second.reload()
    assert second.locator(".lb-who-name").inner_text().startswith("Indah")


def test_what_is_typed_when_the_session_has_ended_is_kept_and_saved_after_a_relaunch(visitor: Visitor) -> None:
    frame = visitor.open_question()
    visitor.site.end_sessions(name_of(frame))

    write_example(frame)
    frame.locator("#save-status[data-state=ended]").wait_for()
    told = frame.locator("#notice").inner_text()
    frame = visitor.open(visitor.site.rating)
    saved(frame)
    frame = visitor.open(visitor.site.rating)

    assert "Sesi" in told
    assert frame.locator("#example").input_value() == EXAMPLE


def test_a_page_sent_when_the_session_has_ended_says_that_the_typing_is_kept(visitor: Visitor) -> None:
    frame = visitor.open_question()
    visitor.site.end_sessions(name_of(frame))
    write_example(frame)

    frame.locator(".lb-actions [name=go][value=continue]").click()
    frame.locator("#kept").wait_for()
    frame = visitor.open(visitor.site.rating)
    saved(frame)

    assert frame.locator("#example").input_value() == EXAMPLE


def test_an_answer_without_a_network_is_saved_when_the_network_is_back(visitor: Visitor) -> None:
    frame = visitor.open_question()
    visitor.page.context.set_offline(True)
    frame.locator("label[for=q1-shown]").click()
    frame.locator("#save-status[data-state=failed]").wait_for()

    visitor.page.context.set_offline(False)
    saved(frame)

    frame = visitor.open(visitor.site.rating)
    assert chosen(frame) == ["shown"]


@pytest.mark.parametrize("status", [500, 503])
def test_an_answer_that_a_failing_server_did_not_take_is_sent_again(visitor: Visitor, status: int) -> None:
    frame = visitor.open_question()
    saving = re.compile(r"/self-rating/M1/\d$")
    visitor.page.route(saving, lambda route: route.fulfill(status=status, body="broken"), times=1)

    frame.locator("label[for=q1-no_chance]").click()
    frame.locator("#save-status[data-state=failed]").wait_for()
    saved(frame)

    frame = visitor.open(visitor.site.rating)
    assert chosen(frame) == ["no_chance"]
