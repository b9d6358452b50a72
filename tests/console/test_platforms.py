"""The console's page of platforms: how a connection stands, tried, switched off and on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from lms_bridge.db import db
from lms_bridge.models import GradeState, Platform
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.services.platforms import Health, PlatformView
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
