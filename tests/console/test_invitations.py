"""Inviting an LMS from the console: the link, its picture, and the steps as the LMS takes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lms_bridge.db import db
from lms_bridge.models import Invitation, Platform
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.testing.browser import Browser
from lms_bridge.testing.instance import LMS_URL

CONFIGURATION = f"{LMS_URL}/.well-known/openid-configuration"
DONE = 'lb-tick lb-tick-ok"'


@pytest.fixture
def console(bridge_app: Flask, operator: Browser) -> Browser:
    """The operator's console of an agency that has no LMS yet."""
    with bridge_app.app_context():
        db.session.execute(Platform.__table__.delete())
        db.session.commit()
        db.session.remove()
    return operator


def invited(console: Browser) -> str:
    """Make an invitation; returns the path of its page."""
    made = console.post("/console/invitations")
    assert made.status_code == 303
    return made.headers["Location"].removeprefix(console.prefix)


def link(page: Any) -> str:
    found = re.search(r'id="link" readonly value="([^"]+)"', page.text)
    assert found
    return unescape(found[1])


def test_agency_without_lms_is_told_the_next_step(console: Browser) -> None:
    assert "Belum ada LMS yang terhubung" in console.get("/console/platforms").text


def test_link_is_shown_again_though_only_its_hash_is_stored(bridge_app: Flask, console: Browser) -> None:
    path = invited(console)
    shown = {link(console.get(path)) for _time in range(2)}

    with bridge_app.app_context():
        row = db.session.execute(select(Invitation.__table__)).one()
        db.session.remove()
    (only,) = shown
    assert only.rpartition("/")[2] not in [str(value) for value in row]


def test_link_is_drawn_as_a_picture_that_the_content_policy_allows(console: Browser) -> None:
    page = console.get(invited(console)).text
    qr = page.partition('<svg viewBox="0 0')[2].partition("</svg>")[0]

    assert 'class="lb-qr"' in page
    assert qr and "style" not in qr


def test_steps_are_ticked_while_the_lms_registers_and_is_launched(
    bridge_app: Flask, console: Browser, practice_platform: PracticeDriver
) -> None:
    path = invited(console)
    address = link(console.get(path))
    ticks = [console.get(f"{path}/progress").text.count(DONE)]
    bridge_app.test_client().get(address, query_string={"openid_configuration": CONFIGURATION})
    ticks.append(console.get(f"{path}/progress").text.count(DONE))
    client_id = practice_platform.register(address).client_id
    ticks.append(console.get(f"{path}/progress").text.count(DONE))
    registered = console.page.text
    Browser(bridge_app).launch(practice_platform, "ani", client_id=client_id)
    last = console.get(f"{path}/progress").text

    assert ticks == [0, 1, 2]
    assert "Kirim nilai" in registered and "hx-trigger" in registered
    assert last.count(DONE) == 4 and "hx-trigger" not in last


def test_new_link_takes_the_place_of_the_old_one(bridge_app: Flask, console: Browser) -> None:
    path = invited(console)
    old = link(console.get(path))

    again = console.post(f"{path}/renew").headers["Location"].removeprefix(console.prefix)

    assert link(console.get(again)) != old
    assert bridge_app.test_client().get(old).status_code == 410
    assert "tidak dapat dipakai atau ditampilkan lagi" in console.get(path).text


def test_invitation_of_another_agency_is_not_there(
    bridge_app: Flask, other_agency: int, console: Browser, operator_link: Callable[..., str]
) -> None:
    path = invited(console)
    stranger = Browser(bridge_app)
    stranger.follow(stranger._open(operator_link("other"), "POST"))

    answers = [stranger.get(path), stranger.get(f"{path}/progress"), stranger.post(f"{path}/renew")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
