"""A practice LMS and the bridge in one process, registered with each other by an invitation, as an agency does it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from lms_bridge.db import db, now
from lms_bridge.lti.registration import invite
from lms_bridge.models import Agency
from lms_bridge.practice.app import create_practice_app
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.testing import instance
from lms_bridge.testing.browser import Browser
from lms_bridge.testing.wsgi_adapter import WsgiAdapter

LMS = "http://lms.test"


@dataclass
class Neighbour:
    """Another server in this process, as the bridge reaches it."""

    wsgi: Flask
    url: str = LMS

    def app(self) -> Flask:
        return self.wsgi


@dataclass
class Pair:
    """Both servers and their people."""

    lms: PracticeDriver
    bridge: Flask

    def invitation(self) -> str:
        """Return a new registration link of the demo agency."""
        with self.bridge.app_context():
            agency = db.session.scalars(select(Agency).where(Agency.code == "demo")).one()
            link = f"{instance.BASE_URL}/lti/register/{invite(agency, now=now())}"
            db.session.commit()
            db.session.remove()
        return link

    def enter(self, login_url: str, user: str) -> Browser:
        """Walk through a launch that the LMS began; returns the browser on the tool's first page."""
        browser = Browser(self.bridge)
        login = urlsplit(login_url)
        asked = browser.client.get(f"{login.path}?{login.query}", base_url=instance.BASE_URL, headers=browser.headers)
        form = self.lms.answer_auth(asked.headers["Location"], user)
        answer = browser.post_launch(**form.fields)
        if answer.status_code == 303:
            browser.follow(answer)
        else:
            browser.page = answer
        while browser.page.status_code in {302, 303}:
            browser.get(browser.page.headers["Location"].removeprefix(browser.prefix))
        return browser

    def launch(self, user: str, **options: Any) -> Browser:
        """Open an activity of the course as somebody."""
        return self.enter(self.lms.begin_launch(user, **options), user)


@pytest.fixture(params=["plain", "moodle"])
def unregistered(request: pytest.FixtureRequest, tmp_path: Path, _template: Path) -> Iterator[Pair]:
    """Both servers, of which neither knows the other; the LMS in each of its profiles."""
    shutil.copytree(_template, tmp_path / "instance")
    http = requests.Session()
    practice = create_practice_app(
        data=tmp_path / "practice.sqlite",
        base_url=LMS,
        profile=request.param,
        http=http,
        tool_hosts=("bridge.test",),
    )
    url = f"sqlite:///{tmp_path / 'instance' / 'lms_bridge.sqlite'}"
    bridge = instance.make_app(tmp_path / "instance", url, Neighbour(practice))
    http.mount(f"{instance.BASE_URL}/", WsgiAdapter(bridge))
    yield Pair(PracticeDriver(practice), bridge)
    for app in (practice, bridge):
        with app.app_context():
            store = app.extensions["sqlalchemy"]
            store.session.remove()
            store.engine.dispose()


@pytest.fixture
def pair(unregistered: Pair) -> Pair:
    """Both servers, registered with each other."""
    unregistered.lms.register(unregistered.invitation())
    return unregistered


@pytest.fixture
def drain(pair: Pair) -> Callable[[], int]:
    """The bridge's worker."""
    return instance.Outbox(pair.bridge).drain
