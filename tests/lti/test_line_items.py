"""Columns of the gradebook that the bridge makes and changes itself, and its own keys while a grade is on its way."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from lms_bridge.db import db, now
from lms_bridge.lti import ags
from lms_bridge.lti.http import OutboundError
from lms_bridge.lti.keys import published_keys, rotate
from lms_bridge.lti.tokens import ServiceAccount, _tokens
from lms_bridge.models import Course
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.testing.browser import Browser

ACCOUNT = ServiceAccount("client-1", "http://lms.test/token", "http://lms.test/token")


@pytest.fixture
def columns(bridge_app: Any, launch_as: Callable[..., Browser]) -> str:
    """The address of a course's columns, as a launch told it."""
    launch_as("ani")
    with bridge_app.app_context():
        url = db.session.scalar(select(Course.__table__.c.lineitems_url))
        db.session.remove()
    return str(url)


def test_column_is_made_listed_and_graded(bridge_app: Any, columns: str, practice_platform: PracticeDriver) -> None:
    with bridge_app.app_context():
        url = ags.create_line_item(ACCOUNT, columns, label="Proyek", maximum=10, tag="projek", resourceId="x.y")
        listed = next(item for item in ags.line_items(ACCOUNT, columns) if item["id"] == url)
        message = ags.ScoreMessage(practice_platform.user_id("ani"), Decimal("0.7"), 10, now())
        answer = ags.post_score(ACCOUNT, url, message)
        result = ags.read_result(ACCOUNT, url, user_id=practice_platform.user_id("ani"))

    assert (listed["label"], listed["scoreMaximum"], listed["tag"]) == ("Proyek", 10, "projek")
    assert answer.status in {200, 204}
    assert result is not None and result.value == pytest.approx(0.7)
    assert practice_platform.grade("ani", "Proyek") == 7


def test_change_of_a_column_empties_nothing_else(bridge_app: Any, columns: str) -> None:
    with bridge_app.app_context():
        url = ags.create_line_item(ACCOUNT, columns, label="Proyek", maximum=10, tag="projek", resourceId="x.y")
        ags.update_line_item(ACCOUNT, url, label="Proyek akhir")
        changed = next(item for item in ags.line_items(ACCOUNT, columns) if item["id"] == url)

    assert (changed["label"], changed["tag"], changed["resourceId"]) == ("Proyek akhir", "projek", "x.y")


def test_column_that_is_gone_is_an_error_and_nothing_is_made(bridge_app: Any, columns: str) -> None:
    with bridge_app.app_context(), pytest.raises(OutboundError):
        ags.update_line_item(ACCOUNT, columns.replace("/lineitems", "/lineitems/999/lineitem"), label="x")


@pytest.mark.parametrize("at_once", [False, True], ids=["with overlap", "at once"])
def test_new_key_of_ours_loses_no_call(bridge_app: Any, columns: str, at_once: bool) -> None:
    with bridge_app.app_context():
        assert ags.line_items(ACCOUNT, columns)
        rotate(at_once=at_once)
        db.session.commit()
        _tokens.clear()

        assert ags.line_items(ACCOUNT, columns)
        assert len(published_keys()["keys"]) == (1 if at_once else 2)
