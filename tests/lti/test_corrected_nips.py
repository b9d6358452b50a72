"""A NIP that the LMS corrects is taken over where nobody could become somebody else by it; else the analyst decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from sqlalchemy import select
from structlog.testing import capture_logs

from lms_bridge.db import acting_as, db, now
from lms_bridge.models import Grant, Person, PlatformUser
from lms_bridge.testing.browser import Browser

WRONG, RIGHT = "199901012022031001", "199901012022031002"
WAITS, TAKEN = "nip differs from the LMS, analyst must decide", "nip corrected by the LMS"
Launch = Callable[..., Browser]


def told(nip: str) -> dict[str, Any]:
    """Return the claim by which the LMS tells the NIP of whoever launches."""
    return {"claim_lis": {"person_sourcedid": nip}}


@pytest.fixture
def known(bridge_app: Any, launch_as: Launch) -> Any:
    """Maya, whom the LMS told with a wrong NIP."""
    launch_as("maya", **told(WRONG))
    return person_of(bridge_app)


def person_of(app: Any, sub: str | None = None) -> Any:
    with app.app_context():
        query = select(Person.__table__).join(PlatformUser, PlatformUser.person_id == Person.id)
        if sub is not None:
            query = query.where(PlatformUser.sub == sub)
        found = db.session.execute(query, execution_options={"all_agencies": True}).first()
        db.session.remove()
    return found


def add(app: Any, agency_id: int, row: Any) -> int:
    with app.app_context(), acting_as(agency_id):
        db.session.add(row)
        db.session.commit()
        made = int(row.id)
        db.session.remove()
    return made


def test_corrected_nip_that_nobody_has_is_taken_over_and_logged_without_it(
    bridge_app: Any, launch_as: Launch, known: Any
) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(20))
    with capture_logs() as logs:
        page = launch_as("maya", **told(RIGHT)).page

    assert page.status_code == 200
    assert (person_of(bridge_app).id, person_of(bridge_app).nip) == (known.id, RIGHT)
    assert [entry["person"] for entry in logs if entry["event"] == TAKEN] == [known.id]
    assert RIGHT not in str(logs)


def test_grant_that_waited_for_the_right_nip_is_taken(bridge_app: Any, launch_as: Launch, known: Any) -> None:
    grant = add(bridge_app, known.agency_id, Grant(role="analyst", nip=RIGHT, valid_from=dt.date(2026, 1, 1)))

    launch_as("maya", **told(RIGHT))

    with bridge_app.app_context(), acting_as(known.agency_id):
        assert db.session.get_one(Grant, grant).person_id == known.id


def test_nip_of_somebody_else_never_joins_two_people(bridge_app: Any, launch_as: Launch, known: Any) -> None:
    other = add(bridge_app, known.agency_id, Person(nip=RIGHT, name="Wati", created_at=now()))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(20))
    with capture_logs() as logs:
        page = launch_as("maya", **told(RIGHT)).page

    assert page.status_code == 200
    maya = person_of(bridge_app)
    assert (maya.id, maya.nip, maya.same_as_id) == (known.id, WRONG, None)
    assert other != maya.id
    assert [entry["person"] for entry in logs if entry["event"] == WAITS] == [known.id]


@pytest.mark.parametrize("what", ["right", "account", "linked row"])
def test_nip_stays_where_more_than_the_account_hangs_on_the_person(
    bridge_app: Any, launch_as: Launch, known: Any, what: str
) -> None:
    hanging = {
        "right": Grant(role="analyst", person_id=known.id, valid_from=dt.date(2026, 1, 1)),
        "account": PlatformUser(issuer="https://other.example", sub="9", person_id=known.id),
        "linked row": Person(name="Maya P.", same_as_id=known.id, created_at=now()),
    }
    add(bridge_app, known.agency_id, hanging[what])

    page = launch_as("maya", **told(RIGHT)).page

    assert page.status_code == 200
    assert person_of(bridge_app).nip == WRONG


def test_nip_of_somebody_with_a_post_is_left_to_the_analyst(bridge_app: Any, launch_as: Launch) -> None:
    """Post and superior came with the NIP from the agency: an account that now tells another is somebody else's."""
    launch_as("ani")
    before = person_of(bridge_app)

    launch_as("ani", **told(RIGHT))

    assert (person_of(bridge_app).id, person_of(bridge_app).nip) == (before.id, before.nip)


def test_nip_that_the_lms_emptied_stays_known(bridge_app: Any, launch_as: Launch, known: Any) -> None:
    launch_as("maya", **told(""))

    assert person_of(bridge_app).nip == WRONG
