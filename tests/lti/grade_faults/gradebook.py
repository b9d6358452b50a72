"""A gradebook that fails by a script, on a real server; and what tests of grades do with it."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sqlalchemy import select, update

from lms_bridge.db import acting_as, db, now
from lms_bridge.jobs import grades
from lms_bridge.lti import ags
from lms_bridge.lti.claims import AGS_ENDPOINT
from lms_bridge.models import Grade, GradeState, PlatformUser
from lms_bridge.models import Platform as PlatformRow
from lms_bridge.services.grades import record_score
from lms_bridge.services.people import person_ref
from lms_bridge.testing.browser import Browser

MODULE = "quiz.first"
Step = Any
"""What the LMS does with the next score: a status, a status with headers, or a word."""


class ScriptedLms:
    """A gradebook that refuses a score which is not newer by a whole second, and fails as its script says."""

    def __init__(self) -> None:
        self.script: list[Step] = []
        self.results_script: list[Step] = []
        self.token_script: list[Step] = []
        self.posts: list[tuple[str, float, str]] = []
        self.held: dict[str, tuple[float, dt.datetime]] = {}
        self.on_score: Callable[[], None] | None = None
        self.on_token: Callable[[], None] | None = None
        self.on_results: Callable[[], None] | None = None
        self.stopped = threading.Event()
        lms = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                (lms.token if self.path == "/token" else lms.score)(self, body)

            def do_GET(self) -> None:
                lms.results(self)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, handler: Any, status: int, body: Any = b"", headers: dict[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    def fail(self, handler: Any, step: Step) -> None:
        if isinstance(step, tuple):
            self.answer(handler, step[0], {"status": step[0]}, step[1])
        elif isinstance(step, int):
            self.answer(handler, step, {"status": step})
        elif step == "garbage":
            handler.wfile.write(b"\x00garbage\r\n\r\n")
        elif "hang" in step:
            self.stopped.wait(30)
        handler.close_connection = True

    def token(self, handler: Any, body: bytes) -> None:
        if self.on_token:
            self.on_token()
        if self.token_script:
            step = self.token_script.pop(0)
            if isinstance(step, bytes):
                return self.answer(handler, 400, step)
            return self.fail(handler, step)
        return self.answer(handler, 200, {"access_token": "t", "expires_in": 3600})

    def score(self, handler: Any, body: bytes) -> None:
        score = json.loads(body)
        value, stamp = score["scoreGiven"] / score["scoreMaximum"], dt.datetime.fromisoformat(score["timestamp"])
        step = self.script.pop(0) if self.script else "accept"
        self.posts.append((score["userId"], round(value, 4), score["timestamp"]))
        if self.on_score:
            self.on_score()
        if "accept" not in str(step):
            return self.fail(handler, step)
        if score["userId"] in self.held and stamp <= self.held[score["userId"]][1]:
            return self.answer(handler, 409, [])
        self.held[score["userId"]] = (round(value, 4), stamp)
        if step != "accept":
            return self.fail(handler, step)
        return self.answer(handler, 200)

    def results(self, handler: Any) -> None:
        if self.on_results:
            self.on_results()
        if self.results_script:
            return self.fail(handler, self.results_script.pop(0))
        user = handler.path.partition("user_id=")[2]
        if user not in self.held:
            return self.answer(handler, 200, [])
        value, stamp = self.held[user]
        row = {"userId": user, "resultScore": value * 100, "resultMaximum": 100, "timestamp": stamp.isoformat()}
        return self.answer(handler, 200, [row])

    def value(self, user: str = "5") -> float | None:
        return self.held[user][0] if user in self.held else None


class Clock:
    """The time as the worker sees it; a test moves it."""

    def __init__(self) -> None:
        self.moment = now().replace(microsecond=0)

    def __call__(self) -> dt.datetime:
        return self.moment

    def later(self, seconds: float = 4000) -> None:
        self.moment += dt.timedelta(seconds=seconds)


def enrol(app: Any, launch_as: Callable[..., Browser], lms: ScriptedLms, user: str) -> None:
    """Let a learner open the module once, from an activity whose column is on the scripted LMS."""
    endpoint = {"scope": [ags.SCORE, ags.RESULT], "lineitem": f"{lms.url}/6/lineitem?type_id=1"}
    claims = {"claim_lis": None, "claim_custom": {"module": MODULE}, AGS_ENDPOINT: endpoint}
    assert launch_as("ani", sub=user, name=f"Peserta {user}", **claims).page.status_code == 200
    change(app, PlatformRow.__table__, token_url=f"{lms.url}/token")


def settle(app: Any, value: str, clock: Clock, *, user: str = "5") -> None:
    """Record a result of a user, as a plugin does."""
    with app.app_context():
        row = db.session.execute(
            select(PlatformUser.agency_id, PlatformUser.person_id).where(PlatformUser.sub == user),
            execution_options={"all_agencies": True},
        ).one()
        with acting_as(row.agency_id):
            record_score(value, module=MODULE, person=person_ref(row.person_id), settled_at=clock())
        db.session.commit()
        db.session.remove()


def work(app: Any, *, limit: int = 50) -> int:
    with app.app_context():
        tried = grades.deliver_due(limit=limit)
        db.session.remove()
    return tried


def work_until_settled(app: Any, clock: Clock, *, rounds: int = 60) -> None:
    for _ in range(rounds):
        if states(app) == {GradeState.SENT}:
            return
        work(app)
        clock.later()


def rows(app: Any) -> list[Any]:
    with app.app_context():
        found = list(db.session.execute(select(Grade.__table__)))
        db.session.remove()
    return found


def states(app: Any) -> set[GradeState]:
    return {row.state for row in rows(app)}


def change(app: Any, table: Any, **values: Any) -> None:
    with app.app_context():
        db.session.execute(update(table).values(**values))
        db.session.commit()
        db.session.remove()


def never_two_meanings(lms: ScriptedLms, clock: Clock) -> None:
    """One timestamp carries one value, timestamps of a user never fall, and none lies in the future."""
    meanings: dict[tuple[str, str], float] = {}
    last: dict[str, str] = {}
    for user, value, stamp in lms.posts:
        assert meanings.setdefault((user, stamp), value) == value
        assert last.get(user, "") <= stamp
        assert dt.datetime.fromisoformat(stamp) <= clock()
        last[user] = stamp
