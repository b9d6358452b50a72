"""The bridge's own keys change while scores are on their way (X-06): none is lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import jwt
import pytest
from sqlalchemy import select, update

from lms_bridge.contributions import Module, Plugin, ScoreMap
from lms_bridge.db import acting_as, db, now
from lms_bridge.lti import ags
from lms_bridge.lti.keys import OVERLAP, published_keys, rotate
from lms_bridge.lti.tokens import ServiceAccount, access_token
from lms_bridge.models import Grade, GradeState, PlatformUser, ToolKey
from lms_bridge.plugin_host.discovery import Found
from lms_bridge.plugin_host.host import PluginState
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.services.grades import record_score
from lms_bridge.services.people import person_ref
from lms_bridge.testing.browser import Browser
from lms_bridge.testing.instance import CLIENT_ID, LMS_URL

MODULE, COLUMN = "quiz.first", "Quiz"


class Wire:
    """The way to the LMS; notes the keys of token requests and lets something happen while one is under way."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.kids: list[str] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def post(self, url: str, **options: Any) -> Any:
        self.kids.append(jwt.get_unverified_header(options["data"]["client_assertion"])["kid"])
        self.meanwhile()
        return self.client.post(url, **options)

    def request(self, method: str, url: str, **options: Any) -> Any:
        return self.client.request(method, url, **options)


@pytest.fixture
def wire(bridge_app: Any, practice_platform: PracticeDriver, launch_as: Callable[..., Browser]) -> Wire:
    """The way to the LMS, with a score of Ani's waiting to go it."""
    score_map = ScoreMap(100, COLUMN, lambda outcome: Decimal(outcome))
    declared = Plugin("quiz", "Quiz", "1", modules=(Module("first", "Quiz", "", "home.index", score_map=score_map),))
    bridge_app.extensions["lms_bridge.plugins"].states["quiz"] = PluginState(Found("quiz", "quiz"), declared)
    practice_platform.add_activity(COLUMN, module=MODULE, maximum=100)
    launch_as("ani", module=MODULE)
    with bridge_app.app_context():
        row = db.session.execute(select(PlatformUser.__table__)).one()
        with acting_as(row.agency_id):
            record_score("0.5", module=MODULE, person=person_ref(row.person_id), settled_at=now())
        db.session.commit()
        db.session.remove()
    wire = bridge_app.extensions["lms_bridge.http"] = Wire(bridge_app.extensions["lms_bridge.http"])
    return wire


def kids(app: Any) -> set[str]:
    """Return the ids of the published keys."""
    with app.app_context():
        found = {key["kid"] for key in published_keys()["keys"]}
        db.session.remove()
    return found


def change_key(app: Any, *, at_once: bool = False) -> str:
    with app.app_context():
        kid = str(rotate(at_once=at_once).kid)
        db.session.commit()
        db.session.remove()
    return kid


def let_pass(app: Any, time: dt.timedelta) -> None:
    """Make keys older, and let every grade be due."""
    with app.app_context():
        for key in db.session.scalars(select(ToolKey)):
            key.signs_from -= time
            key.retired_at = key.retired_at and key.retired_at - time
        db.session.execute(update(Grade.__table__).values(next_try_at=now() - dt.timedelta(seconds=5)))
        db.session.commit()
        db.session.remove()


def state(app: Any) -> GradeState:
    with app.app_context():
        found: GradeState = db.session.execute(select(Grade.__table__.c.state)).scalar_one()
        db.session.remove()
    return found


def test_score_signed_before_the_change_arrives_after_it(
    bridge_app: Any, wire: Wire, outbox: Any, practice_platform: PracticeDriver
) -> None:
    (old,) = kids(bridge_app)

    def changed() -> None:
        wire.meanwhile = lambda: None
        new = change_key(bridge_app)
        let_pass(bridge_app, OVERLAP)
        assert kids(bridge_app) == {old, new}
        practice_platform.site.key_sets.clear()

    wire.meanwhile = changed
    outbox.drain()

    assert wire.kids[0] == old
    assert practice_platform.grade("ani", COLUMN) == 50
    assert state(bridge_app) == GradeState.SENT


def test_lms_that_remembers_only_the_old_key_takes_what_the_new_one_signs(
    bridge_app: Any, wire: Wire, outbox: Any, practice_platform: PracticeDriver
) -> None:
    (old,) = kids(bridge_app)
    with bridge_app.app_context():
        access_token(ServiceAccount(CLIENT_ID, f"{LMS_URL}/token", f"{LMS_URL}/token"), [ags.RESULT])
    (remembered,) = practice_platform.site.key_sets.values()
    new = change_key(bridge_app)
    let_pass(bridge_app, OVERLAP)

    outbox.drain()

    assert [key["kid"] for key in remembered] == [old]
    assert wire.kids[:2] == [old, new]
    assert practice_platform.grade("ani", COLUMN) == 50


def test_old_key_signs_until_the_new_one_was_published_long_enough_and_stays_as_long_again(bridge_app: Any) -> None:
    (old,) = kids(bridge_app)
    new = change_key(bridge_app)
    second = dt.timedelta(seconds=1)

    seen = []
    for time in (dt.timedelta(0), OVERLAP, OVERLAP - second, 2 * second):
        let_pass(bridge_app, time)
        seen.append(kids(bridge_app))

    assert seen == [{old, new}, {old, new}, {old, new}, {new}]


def test_score_in_flight_when_a_stolen_key_is_replaced_arrives_at_the_latest_by_the_next_try(
    bridge_app: Any, wire: Wire, outbox: Any, practice_platform: PracticeDriver
) -> None:
    def replaced() -> None:
        wire.meanwhile = lambda: None
        change_key(bridge_app, at_once=True)
        practice_platform.site.key_sets.clear()

    wire.meanwhile = replaced
    outbox.drain()
    let_pass(bridge_app, dt.timedelta(0))
    outbox.drain()

    assert practice_platform.grade("ani", COLUMN) == 50
    assert [score["scoreGiven"] for score in practice_platform.scores()] == [50.0]
    assert state(bridge_app) == GradeState.SENT
