"""Somebody suspended in the course, and accounts of LTI 1.1: what the LMS no longer vouches for counts nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from lms_bridge.db import db
from lms_bridge.models import Enrolment, Person, PlatformUser, Session
from lms_bridge.models import Launch as LaunchRow
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.testing.browser import Browser

Launch = Callable[..., Browser]


def count(app: Any, *models: Any) -> list[int]:
    with app.app_context():
        found = [db.session.scalar(select(func.count()).select_from(model.__table__)) for model in models]
        db.session.remove()
    return found


def test_x_13_suspended_user_is_stopped_by_the_lms(bridge_app: Any, practice_platform: PracticeDriver) -> None:
    activity = practice_platform.add_activity("Kegiatan")
    practice_platform.suspend("ani")

    page = practice_platform.open("ani", f"/activities/{activity}/launch")

    assert page.status_code == 403
    assert count(bridge_app, Session, LaunchRow) == [0, 0]


def test_x_13_user_suspended_between_login_and_launch_gets_a_readable_403(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver
) -> None:
    asked = browser.login(practice_platform.begin_launch("ani"))
    practice_platform.suspend("ani")

    page = browser.finish(practice_platform.answer_auth(asked.headers["Location"], "ani"))

    assert page.status_code == 403
    assert "NR-" in page.text
    assert count(bridge_app, Session, LaunchRow) == [0, 0]


def test_suspended_student_leaves_the_roster_but_stays_known(
    bridge_app: Any, launch_as: Launch, outbox: Any, practice_platform: PracticeDriver
) -> None:
    practice_platform.suspend("joko")
    launch_as("ani")
    outbox.drain()
    joko = practice_platform.user_id("joko")

    with bridge_app.app_context():
        query = select(PlatformUser.sub).join(Enrolment, Enrolment.platform_user_id == PlatformUser.id)
        met = set(db.session.scalars(query, execution_options={"all_agencies": True}))

    assert joko not in met
    assert practice_platform.user_id("ani") in met


@pytest.mark.parametrize("signature", ["forged", "", None])
def test_x_10_claim_of_an_old_lti_1_1_account_is_ignored_and_links_nobody(
    bridge_app: Any, launch_as: Launch, signature: str | None
) -> None:
    """We never were an LTI 1.1 tool: there is no secret by which the claim could be checked, and no old account."""
    launch_as("budi")
    budi = "5"
    claim = {"user_id": budi, "oauth_consumer_key": "key", "resource_link_id": "1"}
    claim |= {} if signature is None else {"oauth_consumer_key_sign": signature}

    page = launch_as("ani", claim_lti1p1=claim).page

    assert page.status_code == 200
    with bridge_app.app_context():
        query = select(Person.id, Person.same_as_id).join(PlatformUser, PlatformUser.person_id == Person.id)
        people = db.session.execute(query, execution_options={"all_agencies": True}).all()
    assert len({person.id for person in people}) == 2
    assert {person.same_as_id for person in people} == {None}
