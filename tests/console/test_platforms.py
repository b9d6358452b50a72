"""The console's page of platforms: how a connection stands, tried, switched off and on."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from lms_bridge.db import acting_as, db, now
from lms_bridge.lti.errors import ClockDiffers, LaunchUsed
from lms_bridge.lti.login import LoginRequest, begin_login
from lms_bridge.models import GradeState, LaunchRefusal, Platform
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.services.platforms import Health, PlatformView
from lms_bridge.services.refusals import delete_refusals, latest_refusals, note_refusal
from lms_bridge.testing.browser import Browser
from tests.console.conftest import statements


@pytest.fixture
def platform_id(bridge_app: Flask) -> int:
    with bridge_app.app_context():
        number = db.session.scalars(select(Platform.__table__.c.id)).one()
        db.session.remove()
    return int(number)


def change(app: Flask, **values: Any) -> None:
    with app.app_context():
        db.session.execute(update(Platform.__table__).values(**values))
        db.session.commit()
        db.session.remove()


@pytest.mark.parametrize(
    ("health", "row", "figures"),
    [
        (Health.OFF, {"active": False, "failures": 9}, {}),
        (Health.BROKEN, {"active": True, "failures": 3}, {"reason": "timeout"}),
        (Health.LATE, {"active": True, "failures": 1}, {"reason": "timeout", "parked": 1}),
        (Health.REFUSED, {"active": True, "failures": 0}, {"parked": 1}),
        (Health.NEW, {"active": True, "failures": 0}, {"due": 1}),
    ],
)
def test_health_is_the_worst_that_applies(health: Health, row: dict[str, Any], figures: dict[str, Any]) -> None:
    view = PlatformView(Platform(**row), None, None, **figures)

    assert view.health is health


def test_list_shows_state_last_launch_and_grades(console_as: Callable[..., Browser]) -> None:
    page = console_as("admin").get("/console/platforms").text

    assert "Sehat" in page and "baru saja" in page


def test_list_says_that_grades_are_late_and_when_they_are_tried_again(
    console_as: Callable[..., Browser], make_grade: Callable[..., int]
) -> None:
    console = console_as("admin")
    make_grade(GradeState.DUE, reason="timeout", attempts=2)

    page = console.get("/console/platforms").text

    assert "Nilai tertunda" in page and "Dicoba lagi" in page


def test_list_costs_the_same_however_many_platforms_there_are(
    bridge_app: Flask, console_as: Callable[..., Browser]
) -> None:
    console = console_as("admin")
    with statements(bridge_app) as asked:
        console.get("/console/platforms")

    assert len(asked) <= 5


def test_platform_tells_how_the_newest_launch_arrived(
    console_as: Callable[..., Browser], launch_as: Callable[..., Browser], platform_id: int
) -> None:
    console = console_as("admin")
    launch_as("ani", module="competency.self-rating")

    page = console.get(f"/console/platforms/{platform_id}").text

    assert "competency.self-rating" in page
    assert "disimpan peramban" in page
    assert "Ani" not in page


def test_test_asks_the_lms_for_keys_and_tokens(
    console_as: Callable[..., Browser], practice_platform: PracticeDriver, platform_id: int
) -> None:
    console = console_as("admin")

    page = console.post(f"/console/platforms/{platform_id}/test")

    assert page.status_code == 200
    assert "Kunci LMS terambil" in page.text and "Jam kedua server sama" in page.text
    assert page.text.count(": diberikan") == 4


def test_test_says_what_is_wrong_and_what_to_do(
    bridge_app: Flask, console_as: Callable[..., Browser], practice_platform: PracticeDriver, platform_id: int
) -> None:
    console = console_as("admin")
    change(bridge_app, jwks_url="http://lms.test/nothing-here")

    page = console.post(f"/console/platforms/{platform_id}/test").text

    assert "Kunci LMS tidak terambil" in page and "Tanyakan kepada operator LMS" in page


def test_platform_is_switched_off_and_on_again(
    bridge_app: Flask,
    console_as: Callable[..., Browser],
    operator: Browser,
    browser: Browser,
    practice_platform: PracticeDriver,
    platform_id: int,
) -> None:
    address = f"/console/platforms/{platform_id}"

    assert operator.post(f"{address}/switch", data={"on": "0"}).status_code == 303
    assert "dimatikan" in operator.get(address).text
    assert browser.login(practice_platform.begin_launch("ani")).status_code == 403
    operator.post(f"{address}/switch", data={"on": "1"})

    assert browser.launch(practice_platform, "ani").status_code == 200


def test_platform_of_another_agency_is_not_there(console_as: Callable[..., Browser], other_agency: int) -> None:
    console, address = console_as("admin"), f"/console/platforms/{other_agency}"

    answers = [console.get(address), console.post(f"{address}/test"), console.post(f"{address}/switch")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_platform_tells_which_openings_were_refused_and_what_to_do(
    console_as: Callable[..., Browser], browser: Browser, practice_platform: PracticeDriver, platform_id: int
) -> None:
    console = console_as("admin")
    in_an_hour = int(time.time()) + 3600

    page = browser.launch(practice_platform, "ani", iat=in_an_hour, exp=in_an_hour + 60)
    shown = console.get(f"/console/platforms/{platform_id}").text

    reference = re.findall(r"NR-\w{4}-\w{4}", page.text)[0]
    assert page.status_code == 400
    assert reference in shown and "Jam kedua server tidak sama" in shown and "NTP" in shown
    assert "Ani" not in shown


def test_refused_openings_are_counted_by_reason_and_a_flood_as_one(bridge_app: Flask, platform_id: int) -> None:
    with bridge_app.test_request_context():
        row = db.session.execute(select(Platform.__table__.c["issuer", "client_id", "agency_id"])).one()
        wanted = LoginRequest(row.issuer, "ani", "", row.client_id, None, None)
        state = begin_login(wanted, redirect_uri="", binding="secret", scripted=False).state
        first = now()
        for seconds in (0, 0.2, 0.4, 5):
            note_refusal(ClockDiffers(seconds=90), state=state, now=first + dt.timedelta(seconds=seconds))
        last = LaunchUsed("reload")
        note_refusal(last, state=state, now=first + dt.timedelta(seconds=9))
        with acting_as(row.agency_id):
            found = [(one.code, one.times) for one in latest_refusals(platform_id, since=first)]
            newest = latest_refusals(platform_id, since=first)[0].reference
            gone = delete_refusals(first + dt.timedelta(seconds=7))

    assert found == [("launch-used", 1), ("clock-differs", 2)]
    assert newest == last.reference
    assert gone == 1


def test_opening_whose_lms_is_unknown_is_counted_for_nobody(bridge_app: Flask, browser: Browser) -> None:
    page = browser.post_launch(state="forged", id_token="a.b.c")

    with bridge_app.app_context():
        counted = db.session.scalar(select(func.count()).select_from(LaunchRefusal.__table__))
        db.session.remove()
    assert (page.status_code, counted) == (409, 0)
