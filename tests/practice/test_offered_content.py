"""What a tool may offer in its Deep Linking answer, and that its tokens serve only in its own courses."""

from __future__ import annotations

import pytest

from lms_bridge.practice.driver import PlatformRefused
from lms_bridge.practice.vocabulary import (
    AGS_CLAIM,
    CLAIM,
    DEEP_LINKING_ANSWER,
    DL,
    LINE_ITEM_SCOPE,
    MEMBERS_TYPE,
    NRPS_CLAIM,
    RESULT_SCOPE,
    ROSTER_SCOPE,
)
from lms_bridge.testing.instance import BASE_URL, add_tool

from .conftest import HandMadeTool, tail

RATING = "competency.self-rating"


@pytest.fixture
def offer(tool, practice_platform):
    """Offer one content item to Sari, as changed by the test; returns the number of the selection."""

    def offered(**changes):
        request = tool.claims("sari", deep_link=True)
        settings = request[f"{DL}deep_linking_settings"]
        answer = tool.signed(
            aud=tool.url,
            nonce="an answer",
            **{
                f"{CLAIM}message_type": DEEP_LINKING_ANSWER,
                f"{CLAIM}version": "1.3.0",
                f"{CLAIM}deployment_id": request[f"{CLAIM}deployment_id"],
                f"{DL}data": settings.get("data"),
                f"{DL}content_items": [{"type": "ltiResourceLink", "title": "Kuis", **changes}],
            },
        )
        return practice_platform.return_content(settings["deep_link_return_url"], answer)

    return offered


@pytest.mark.parametrize("url", [None, f"{BASE_URL}/lti/launch"])
def test_content_of_the_tool_s_own_address_or_none_is_taken(offer, practice_platform, url):
    before = practice_platform.save_content(offer(url=url))

    assert practice_platform.activity_named("Kuis") in before


BAD_ADDRESSES = ["javascript:alert(1)", "data:text/html,x", "ftp://bridge.test/x", "file:///etc/passwd", "//x", "x", ""]


@pytest.mark.parametrize("url", BAD_ADDRESSES)
def test_content_with_an_address_that_is_not_http_is_refused(offer, url):
    with pytest.raises(PlatformRefused):
        offer(url=url)


@pytest.mark.parametrize("picture", ["icon", "thumbnail"])
def test_picture_with_an_address_that_is_not_http_is_refused(offer, picture):
    with pytest.raises(PlatformRefused):
        offer(**{picture: {"url": "javascript:alert(1)"}})


def test_token_opens_no_column_under_the_number_of_another_course(tool):
    column = tool.claims("ani", module=RATING)[AGS_CLAIM]["lineitem"]
    results = tail(column, "results", user_id="4")
    token = tool.token(RESULT_SCOPE)

    moved = results.replace("/courses/2/", "/courses/3/")

    assert tool.call("GET", results, token).status_code == 200
    assert tool.call("GET", moved, token).status_code == 404


def test_token_makes_no_column_for_an_activity_of_another_course(tool, practice_platform):
    service = tool.claims("ani", module=RATING)[AGS_CLAIM]["lineitems"]
    foreign = practice_platform.add_activity("Kuis", course=3)
    wanted = {"label": "Kuis", "scoreMaximum": 10, "resourceLinkId": str(foreign)}

    answer = tool.call(
        "POST",
        service,
        tool.token(LINE_ITEM_SCOPE),
        accept="application/vnd.ims.lis.v2.lineitem+json",
        body=wanted,
        content_type="application/vnd.ims.lis.v2.lineitem+json",
    )

    assert answer.status_code == 403


def test_token_of_one_tool_reads_no_roster_of_another(tool, practice_platform):
    roster = tool.claims("ani", module=RATING)[NRPS_CLAIM]["context_memberships_url"]
    add_tool(practice_platform, client_id="client-2")
    stranger = HandMadeTool(practice_platform, "client-2")

    own = tool.call("GET", roster, tool.token(ROSTER_SCOPE), accept=MEMBERS_TYPE)
    others = tool.call("GET", roster, stranger.token(ROSTER_SCOPE), accept=MEMBERS_TYPE)

    assert (own.status_code, others.status_code) == (200, 404)
