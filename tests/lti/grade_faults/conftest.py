"""A bridge whose grades go to a gradebook that fails by a script."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from lms_bridge.contributions import Module, Plugin, ScoreMap
from lms_bridge.jobs import grades
from lms_bridge.lti import http, tokens
from lms_bridge.lti.http import LmsClient
from lms_bridge.plugin_host.discovery import Found
from lms_bridge.plugin_host.host import PluginState
from lms_bridge.testing.browser import Browser
from tests.lti.grade_faults.gradebook import Clock, ScriptedLms, enrol


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(grades, "now", made)
    return made


@pytest.fixture
def lms(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedLms]:
    monkeypatch.setattr(http, "READ_SECONDS", 0.5)
    made = ScriptedLms()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    made.stopped.set()
    made.server.shutdown()
    made.server.server_close()
    thread.join(5)


@pytest.fixture
def school(bridge_app: Any, launch_as: Callable[..., Browser], lms: ScriptedLms, clock: Clock) -> Iterator[Any]:
    """The bridge whose platform's services are the scripted ones, with a graded module and no learner yet."""
    score_map = ScoreMap(100, "Quiz", lambda outcome: Decimal(outcome))
    declared = Plugin("quiz", "Quiz", "1", modules=(Module("first", "Quiz", "", "home.index", score_map=score_map),))
    bridge_app.extensions["lms_bridge.plugins"].states["quiz"] = PluginState(Found("quiz", "quiz"), declared)
    bridge_app.enrol = lambda user: enrol(bridge_app, launch_as, lms, user)
    bridge_app.enrol("5")
    client = LmsClient(("127.0.0.1",))
    bridge_app.extensions["lms_bridge.http"] = client
    tokens._tokens.clear()
    yield bridge_app
    client.session.close()
