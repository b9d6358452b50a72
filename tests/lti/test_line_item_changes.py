"""Columns that the bridge makes and changes in the gradebook of the practice LMS, without losing anything of them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from lms_bridge.db import now
from lms_bridge.lti import ags
from lms_bridge.lti.http import Answer, OutboundError
from lms_bridge.lti.tokens import ServiceAccount
from lms_bridge.practice.driver import PracticeDriver, read_message
from lms_bridge.practice.vocabulary import AGS_CLAIM
from lms_bridge.testing.browser import Browser
from lms_bridge.testing.instance import CLIENT_ID, LMS_URL

ACCOUNT = ServiceAccount(CLIENT_ID, f"{LMS_URL}/token", f"{LMS_URL}/token")
URL = f"{LMS_URL}/courses/2/lineitems/6/lineitem"


@pytest.fixture
def columns(bridge_app: Any, browser: Browser, practice_platform: PracticeDriver) -> Iterator[str]:
    """The address of the course's columns, with the bridge ready to call it."""
    message = read_message(browser.begin(practice_platform).fields["id_token"])
    with bridge_app.app_context():
        yield message[AGS_CLAIM]["lineitems"]


def column(columns: str, url: str) -> dict[str, Any]:
    """Return one column as the LMS lists it."""
    return next(item for item in ags.line_items(ACCOUNT, columns) if item["id"] == url)


def make(columns: str) -> str:
    return ags.create_line_item(ACCOUNT, columns, label="Kuis", maximum=50, tag="quiz", resourceId="k-1")


def test_made_column_is_listed_with_all_that_was_asked_for(columns: str) -> None:
    url = make(columns)

    listed = column(columns, url)
    assert (listed["label"], listed["scoreMaximum"]) == ("Kuis", 50)
    assert (listed["tag"], listed["resourceId"]) == ("quiz", "k-1")


def test_score_for_a_made_column_arrives_and_is_read_again(columns: str, practice_platform: PracticeDriver) -> None:
    url, user = make(columns), practice_platform.user_id("ani")

    answer = ags.post_score(ACCOUNT, url, ags.ScoreMessage(user, Decimal("0.7"), 50, now()))

    result = ags.read_result(ACCOUNT, url, user_id=user)
    assert answer.status in {200, 204}
    assert result is not None and result.value == pytest.approx(0.7)
    assert practice_platform.grade("ani", "Kuis") == 35


def test_change_of_one_thing_keeps_the_others(columns: str) -> None:
    """An LMS empties whatever a change leaves out."""
    url = make(columns)
    before = column(columns, url)

    ags.update_line_item(ACCOUNT, url, label="Kuis akhir")

    assert column(columns, url) == {**before, "label": "Kuis akhir"}


def test_change_keeps_the_activity_of_a_column(columns: str, practice_platform: PracticeDriver) -> None:
    activity = practice_platform.activity_named("Pemetaan kompetensi")
    url = next(item["id"] for item in ags.line_items(ACCOUNT, columns) if item.get("resourceLinkId") == str(activity))

    ags.update_line_item(ACCOUNT, url, scoreMaximum=10)

    changed = column(columns, url)
    assert (changed["resourceLinkId"], changed["scoreMaximum"]) == (str(activity), 10)
    assert changed["label"] == "Pemetaan kompetensi"


def test_column_that_the_lms_does_not_take_is_an_error(columns: str) -> None:
    before = ags.line_items(ACCOUNT, columns)

    with pytest.raises(OutboundError) as caught:
        ags.create_line_item(ACCOUNT, columns, label="Kuis", maximum=0)

    assert caught.value.kind == "status-400"
    assert ags.line_items(ACCOUNT, columns) == before


def test_change_that_the_lms_does_not_take_is_an_error_and_changes_nothing(columns: str) -> None:
    url = make(columns)
    before = column(columns, url)

    with pytest.raises(OutboundError) as caught:
        ags.update_line_item(ACCOUNT, url, label="")

    assert caught.value.kind == "status-400"
    assert column(columns, url) == before


def test_change_of_a_column_that_is_gone_is_an_error(columns: str) -> None:
    url = make(columns)

    with pytest.raises(OutboundError) as caught:
        ags.update_line_item(ACCOUNT, url.replace("/lineitem?", "9/lineitem?"), label="Kuis akhir")

    assert caught.value.kind == "status-404"


class Fixed:
    """Stands for the network: gives tokens, answers everything else alike, and notes the methods it was asked with."""

    def __init__(self, status: int, body: bytes) -> None:
        self.answer = Answer(status, {}, body)
        self.methods: list[str] = []

    def post(self, url: str, **options: Any) -> Answer:
        return Answer(200, {}, b'{"access_token": "t", "expires_in": 3600}')

    def request(self, method: str, url: str, **options: Any) -> Answer:
        self.methods.append(method)
        return self.answer


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"null", b'[{"label": "Kuis"}]'])
def test_column_that_cannot_be_read_is_never_written(bridge_app: Any, body: bytes) -> None:
    wire = bridge_app.extensions["lms_bridge.http"] = Fixed(200, body)

    with bridge_app.app_context(), pytest.raises(OutboundError):
        ags.update_line_item(ACCOUNT, URL, label="Kuis akhir")

    assert wire.methods == ["GET"]


@pytest.mark.parametrize(
    ("status", "body"),
    [(201, b"{}"), (201, b'{"id": 5}'), (200, b"[]"), (202, b'{"id": "x"}'), (403, b'{"id": "x"}')],
)
def test_column_without_an_address_was_not_made(bridge_app: Any, status: int, body: bytes) -> None:
    bridge_app.extensions["lms_bridge.http"] = Fixed(status, body)

    with bridge_app.app_context(), pytest.raises(OutboundError):
        ags.create_line_item(ACCOUNT, URL, label="Kuis", maximum=10)
