"""A registration whose process dies leaves its invitation usable; one that succeeded never does."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from lms_bridge.db import db, now
from lms_bridge.lti.http import Answer
from lms_bridge.lti.registration import ABANDONED, invite
from lms_bridge.models import Agency, Invitation, Platform

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
CONFIGURATION = {
    "issuer": "https://lms.example",
    "authorization_endpoint": "https://lms.example/auth",
    "token_endpoint": "https://lms.example/token",
    "jwks_uri": "https://lms.example/jwks",
    "registration_endpoint": "https://lms.example/register",
}


class Lms:
    """The network with one LMS in it, which does something before it answers a registration."""

    def __init__(self, during: Callable[[], None] = lambda: None) -> None:
        self.during = during
        self.registered = 0

    def get(self, url: str, **options: Any) -> Answer:
        return Answer(200, {}, json.dumps(CONFIGURATION).encode())

    def post(self, url: str, **options: Any) -> Answer:
        self.registered += 1
        number, during, self.during = self.registered, self.during, lambda: None
        during()
        return Answer(200, {}, json.dumps({"client_id": f"c{number}", TOOL: {"deployment_id": "1"}}).encode())


@pytest.fixture
def link(bridge_app: Any) -> str:
    """The path of an open invitation; no platform is registered."""
    with bridge_app.app_context():
        db.session.execute(Platform.__table__.delete())
        token = invite(db.session.scalar(select(Agency).where(Agency.code == "demo")), now=now())
        db.session.commit()
        db.session.remove()
    return f"/lti/register/{token}"


def press(app: Any, link: str, lms: Lms) -> int:
    """Press the button of the registration page; returns the status."""
    app.extensions["lms_bridge.http"] = lms
    form = {"openid_configuration": "https://lms.example/openid", "registration_token": "t"}
    return int(app.test_client().post(link, data=form).status_code)


def change(app: Any, **values: Any) -> None:
    with app.app_context():
        db.session.execute(update(Invitation.__table__).values(**values))
        db.session.commit()
        db.session.remove()


def platforms(app: Any) -> list[str]:
    with app.app_context():
        found = list(db.session.scalars(select(Platform.__table__.c.client_id)))
        db.session.remove()
    return found


def test_invitation_of_a_process_that_died_is_open_again_after_a_while(bridge_app: Any, link: str) -> None:
    change(bridge_app, used_at=now())
    assert press(bridge_app, link, Lms()) == 410

    change(bridge_app, used_at=now() - ABANDONED)

    assert bridge_app.test_client().get(link).status_code == 200
    assert press(bridge_app, link, Lms()) == 200
    assert platforms(bridge_app) == ["c1"]


def test_used_invitation_stays_closed_also_without_its_platform(bridge_app: Any, link: str) -> None:
    assert press(bridge_app, link, Lms()) == 200
    change(bridge_app, used_at=now() - 2 * ABANDONED)
    assert press(bridge_app, link, Lms()) == 410
    with bridge_app.app_context():
        db.session.execute(Platform.__table__.delete())
        db.session.commit()
        db.session.remove()

    assert press(bridge_app, link, Lms()) == 410
    assert bridge_app.test_client().get(link).status_code == 410


def test_of_two_who_find_an_abandoned_invitation_one_registers(bridge_app: Any, link: str) -> None:
    change(bridge_app, used_at=now() - 2 * ABANDONED)
    answers: list[int] = []
    second = threading.Thread(target=lambda: answers.append(press(bridge_app, link, lms)))
    lms = Lms(lambda: (second.start(), second.join(30)))

    answers.append(press(bridge_app, link, lms))

    assert answers == [410, 200]
    assert platforms(bridge_app) == ["c1"]


def test_who_was_taken_for_dead_and_comes_late_stores_nothing(bridge_app: Any, link: str) -> None:
    answers: list[int] = []
    second = threading.Thread(target=lambda: answers.append(press(bridge_app, link, lms)))

    def meanwhile() -> None:
        change(bridge_app, used_at=now() - ABANDONED - dt.timedelta(seconds=1))
        second.start()
        second.join(30)

    lms = Lms(meanwhile)
    answers.append(press(bridge_app, link, lms))

    assert answers == [200, 410]
    assert platforms(bridge_app) == ["c2"]
