"""A teacher writes a NIP into an activity's custom parameters: it never becomes anybody's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from lms_bridge.db import db
from lms_bridge.models import Person, PlatformUser
from lms_bridge.practice.driver import PracticeDriver, read_message
from lms_bridge.practice.vocabulary import CLAIM
from lms_bridge.testing.browser import Browser

NIPS = {"ani": "199203142015032004", "maya": None}
"""What the practice LMS knows of them; Maya has none."""
WRITTEN = "198512012010122003"


@pytest.fixture
def activity(practice_platform: PracticeDriver) -> int:
    """An activity whose teacher wrote the NIP of somebody else into it, in two spellings."""
    return practice_platform.add_activity("Kegiatan", custom={"nip": WRITTEN, "NIP": WRITTEN})


def nips(app: Any) -> set[str | None]:
    with app.app_context():
        statement = select(Person.nip).join(PlatformUser, PlatformUser.person_id == Person.id)
        found = set(db.session.scalars(statement, execution_options={"all_agencies": True}))
        db.session.remove()
    return found


@pytest.mark.parametrize("profile", ["plain", "moodle"])
@pytest.mark.parametrize("user", NIPS)
def test_person_enters_with_the_nip_that_the_lms_knows(
    bridge_app: Any, launch_as: Callable[..., Browser], activity: int, user: str
) -> None:
    page = launch_as(user, activity=activity).page

    assert page.status_code == 200
    assert nips(bridge_app) == {NIPS[user]}


@pytest.mark.parametrize(
    ("profile", "expected"), [("plain", None), ("moodle", NIPS["ani"])], ids=["activity wins", "registration wins"]
)
def test_without_the_claim_only_a_value_that_no_teacher_overrides_counts(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, activity: int, expected: str | None
) -> None:
    form = browser.begin(practice_platform, "ani", activity=activity, claim_lis=None)
    sent = read_message(form.fields["id_token"])[f"{CLAIM}custom"]["nip"]

    browser.finish(form)

    assert sent == (expected or WRITTEN)
    assert nips(bridge_app) == {expected}
