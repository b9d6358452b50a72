"""An LMS that is slow in everything cannot make one delivery outlast its lease, so no two workers send at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import requests
from sqlalchemy import select

from lms_bridge.contributions import Module, Plugin, ScoreMap
from lms_bridge.db import acting_as, db, now
from lms_bridge.jobs import grades
from lms_bridge.lti import http, tokens
from lms_bridge.lti.http import LmsClient
from lms_bridge.models import Grade, PlatformUser
from lms_bridge.plugin_host.discovery import Found
from lms_bridge.plugin_host.host import PluginState
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.services.grades import record_score
from lms_bridge.services.people import person_ref
from lms_bridge.testing.browser import Browser

MODULE = "quiz.first"


class SlowLms(requests.adapters.BaseAdapter):
    """Answers everything after a while: tokens it gives, scores it refuses as if the token were too old."""

    def __init__(self, seconds: float, *, score_status: int = 401) -> None:
        super().__init__()
        self.seconds, self.score_status = seconds, score_status
        self.asked: list[str] = []

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        what = request.url.partition("?")[0].rpartition("/")[2]
        self.asked.append(what)
        time.sleep(self.seconds)
        made = requests.Response()
        made.status_code, made.url = (200 if what == "token" else self.score_status), request.url
        made.raw = _Body(b'{"access_token": "t", "expires_in": 3600}' if what == "token" else b"[]")
        return made

    def close(self) -> None:
        pass


class _Body:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def read1(self, *args: Any, **kwargs: Any) -> bytes:
        data, self.data = self.data, b""
        return data

    def close(self) -> None:
        pass

    def release_conn(self) -> None:
        pass


@pytest.fixture
def due(bridge_app: Any, practice_platform: PracticeDriver, launch_as: Callable[..., Browser]) -> Any:
    """The bridge with one grade that is due."""
    score_map = ScoreMap(100, "Quiz", lambda outcome: Decimal(outcome))
    declared = Plugin("quiz", "Quiz", "1", modules=(Module("first", "Quiz", "", "home.index", score_map=score_map),))
    bridge_app.extensions["lms_bridge.plugins"].states["quiz"] = PluginState(Found("quiz", "quiz"), declared)
    practice_platform.add_activity("Quiz", module=MODULE, maximum=100)
    launch_as("ani", module=MODULE)
    tokens._tokens.clear()
    with bridge_app.app_context():
        user = db.session.execute(select(PlatformUser.__table__)).one()
        with acting_as(user.agency_id):
            record_score("0.5", module=MODULE, person=person_ref(user.person_id), settled_at=now())
        db.session.commit()
        db.session.remove()
    return bridge_app


def deliver(app: Any, lms: SlowLms) -> Any:
    """Let a worker deliver what is due; returns the grade as it stands then."""
    session = requests.Session()
    session.mount("http://", lms)
    app.extensions["lms_bridge.http"] = LmsClient((), session=session)
    with app.app_context():
        assert grades.deliver_due(limit=1) == 1
        found = db.session.execute(select(Grade.__table__)).one()
        db.session.remove()
    return found


def test_lease_outlasts_one_exchange_with_an_lms_and_what_may_lag_behind() -> None:
    assert grades.LEASE.total_seconds() > grades.EXCHANGE_SECONDS + http.READ_SECONDS


def test_exchange_that_takes_too_long_is_broken_off_and_tried_later(due: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grades, "EXCHANGE_SECONDS", 0.5)
    lms = SlowLms(0.3)

    grade = deliver(due, lms)

    assert lms.asked == ["token", "scores"]
    assert (grade.reason, grade.lease, grade.attempts) == ("timeout", None, 1)


def test_question_what_the_lms_holds_is_limited_as_well(due: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grades, "EXCHANGE_SECONDS", 0.7)
    lms = SlowLms(0.3, score_status=409)
    leases: list[Any] = []
    still_wanted = grades._still_wanted
    monkeypatch.setattr(grades, "_still_wanted", lambda *args: leases.append(time.monotonic()) or still_wanted(*args))

    grade = deliver(due, lms)

    assert lms.asked == ["token", "scores", "token", "results"]
    assert len(leases) == 1
    assert (grade.reason, grade.lease) == (grades.CONFLICT, None)
