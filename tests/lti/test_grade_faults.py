"""Grades through every fault of an LMS: none lost, none stale, none twisted. The LMS is a real server with a script."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import select, update

from lms_bridge.contributions import Module, Plugin, ScoreMap
from lms_bridge.db import acting_as, db, now
from lms_bridge.jobs import grades
from lms_bridge.lti import ags, http, tokens
from lms_bridge.lti.claims import AGS_ENDPOINT
from lms_bridge.lti.http import LmsClient
from lms_bridge.models import Grade, GradeState, LineItem, PersonScore, PlatformUser
from lms_bridge.models import Platform as PlatformRow
from lms_bridge.plugin_host.discovery import Found
from lms_bridge.plugin_host.host import PluginState
from lms_bridge.services.grades import record_score, requeue_grades, want_grade
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


FAULTS: list[Step] = [
    500,
    502,
    503,
    504,
    401,
    408,
    425,
    429,
    (429, {"Retry-After": "7"}),
    (503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    (429, {"Retry-After": "²³"}),
    (302, {"Location": "/maintenance"}),
    "hang",
    "reset",
    "garbage",
    "accept-then-reset",
    "accept-then-hang",
    "accept-then-garbage",
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_grade_arrives_after_a_passing_fault(school: Any, lms: ScriptedLms, clock: Clock, fault: Step) -> None:
    lms.script = [fault]
    settle(school, "0.5", clock)
    work_until_settled(school, clock)

    assert lms.value() == 0.5
    assert states(school) == {GradeState.SENT}
    never_two_meanings(lms, clock)


@pytest.mark.parametrize("fault", ["accept-then-reset", "accept-then-hang"])
def test_score_whose_answer_was_lost_is_resent_with_its_timestamp_and_409_counts_as_delivered(
    school: Any, lms: ScriptedLms, clock: Clock, fault: Step
) -> None:
    lms.script = [fault]
    settle(school, "0.5", clock)
    work(school)
    clock.later()
    work(school)

    assert len(lms.posts) == 2
    assert lms.posts[0] == lms.posts[1]
    assert states(school) == {GradeState.SENT}


def test_newer_value_never_takes_the_timestamp_of_one_whose_answer_was_lost(
    school: Any, lms: ScriptedLms, clock: Clock
) -> None:
    lms.script = ["accept-then-reset"]
    settle(school, "0.5", clock)
    work(school)
    settle(school, "0.8", clock)
    work_until_settled(school, clock)

    assert lms.value() == 0.8
    never_two_meanings(lms, clock)


def test_two_values_in_one_second_leave_a_second_apart(school: Any, lms: ScriptedLms, clock: Clock) -> None:
    settle(school, "0.5", clock)
    work(school)
    settle(school, "0.6", clock)
    work(school)
    assert lms.value() == 0.5

    clock.later(1)
    work(school)

    assert lms.value() == 0.6
    never_two_meanings(lms, clock)


@pytest.mark.parametrize("seed", range(3))
def test_storm_of_faults_and_changing_values_loses_and_twists_nothing(
    school: Any, lms: ScriptedLms, clock: Clock, seed: int
) -> None:
    chance = random.Random(seed)
    users = ["5", "6", "7", "8"]
    for user in users[1:]:
        school.enrol(user)
    wanted = {}
    for _ in range(12):
        lms.script = chance.choices([500, "reset", "accept-then-reset", (429, {"Retry-After": "3"}), "accept"], k=3)
        for user in chance.sample(users, 2):
            wanted[user] = chance.randint(0, 100) / 100
            settle(school, str(wanted[user]), clock, user=user)
        work(school)
        clock.later(chance.choice([0, 1, 2, 61, 4000]))
    lms.script = []
    work_until_settled(school, clock)

    assert {user: lms.value(user) for user in wanted} == wanted
    assert states(school) == {GradeState.SENT}
    never_two_meanings(lms, clock)


def test_platform_that_was_down_for_an_hour_gets_every_grade_once(school: Any, lms: ScriptedLms, clock: Clock) -> None:
    """X-07: all arrive, the newest value wins."""
    for user in ("6", "7"):
        school.enrol(user)
    change(school, LineItem.__table__, url="http://127.0.0.1:1/6/lineitem")
    for user in ("5", "6", "7"):
        settle(school, "0.2", clock, user=user)
    for _ in range(12):
        work(school)
        clock.later(300)
    settle(school, "0.9", clock, user="5")
    change(school, LineItem.__table__, url=f"{lms.url}/6/lineitem?type_id=1")

    work_until_settled(school, clock)

    assert sorted((user, value) for user, value, _stamp in lms.posts) == [("5", 0.9), ("6", 0.2), ("7", 0.2)]
    never_two_meanings(lms, clock)


def test_value_that_changes_in_flight_is_sent_afterwards_by_the_same_worker_alone(
    school: Any, lms: ScriptedLms, clock: Clock
) -> None:
    def meanwhile() -> None:
        lms.on_score = None
        settle(school, "0.9", clock)
        assert work(school) == 0

    lms.on_score = meanwhile
    settle(school, "0.5", clock)
    work(school)
    clock.later(1)
    work(school)

    assert [value for _user, value, _stamp in lms.posts] == [0.5, 0.9]
    assert states(school) == {GradeState.SENT}
    never_two_meanings(lms, clock)


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_refusal_of_an_old_value_does_not_park_the_new_one(
    school: Any, lms: ScriptedLms, clock: Clock, status: int
) -> None:
    def meanwhile() -> None:
        lms.on_score = None
        settle(school, "0.9", clock)

    lms.on_score, lms.script = meanwhile, [status]
    settle(school, "0.5", clock)
    work(school)
    clock.later(1)
    work(school)

    assert lms.value() == 0.9
    assert states(school) == {GradeState.SENT}


def test_conflict_with_another_value_is_read_and_sent_again_just_above(
    school: Any, lms: ScriptedLms, clock: Clock
) -> None:
    lms.held["5"] = (0.1, clock() + dt.timedelta(seconds=3))
    settle(school, "0.7", clock)
    work(school)

    assert lms.held["5"] == (0.7, clock() + dt.timedelta(seconds=4))
    assert states(school) == {GradeState.SENT}


def test_conflict_does_not_bring_an_old_value_back(school: Any, lms: ScriptedLms, clock: Clock) -> None:
    def meanwhile() -> None:
        lms.on_results = None
        settle(school, "0.9", clock)

    lms.held["5"] = (0.1, clock() + dt.timedelta(seconds=3))
    lms.on_results = meanwhile
    settle(school, "0.7", clock)
    work(school)
    assert lms.value() == 0.1
    clock.later(10)
    work(school)

    assert [value for _user, value, _stamp in lms.posts] == [0.7, 0.9]
    assert lms.value() == 0.9


def test_worker_that_lost_its_lease_sends_nothing_more(school: Any, lms: ScriptedLms, clock: Clock) -> None:
    lms.held["5"] = (0.1, clock() + dt.timedelta(seconds=3))
    lms.on_results = lambda: change(school, Grade.__table__, lease="another")
    settle(school, "0.7", clock)
    work(school)

    assert len(lms.posts) == 1
    assert rows(school)[0].lease == "another"


@pytest.mark.parametrize("fault", [403, 500, "reset", "garbage"])
def test_conflict_whose_result_cannot_be_read_ends_with_a_new_timestamp(
    school: Any, lms: ScriptedLms, clock: Clock, fault: Step
) -> None:
    lms.held["5"] = (0.1, clock())
    lms.results_script = [fault] * 9
    settle(school, "0.7", clock)
    work(school)
    clock.later()
    work(school)

    assert lms.value() == 0.7
    assert len({stamp for _user, _value, stamp in lms.posts}) == 2
    assert states(school) == {GradeState.SENT}


def test_timestamp_of_the_far_future_in_the_lms_does_not_hold_later_grades(
    school: Any, lms: ScriptedLms, clock: Clock
) -> None:
    future = clock() + dt.timedelta(days=400)
    lms.held["5"] = (0.1, future)
    for value in ("0.7", "0.8"):
        settle(school, value, clock)
        work(school)
        clock.later(10)

    assert lms.held["5"] == (0.8, future + dt.timedelta(seconds=2))


def test_grades_of_a_switched_off_platform_wait(school: Any, lms: ScriptedLms, clock: Clock) -> None:
    """X-12: what belongs to a deactivated platform stops, and goes on when it is switched on again."""
    settle(school, "0.5", clock)
    change(school, PlatformRow.__table__, active=False)
    work(school)
    with school.app_context():
        grades.deliver(rows(school)[0].id)
    assert lms.posts == []
    change(school, PlatformRow.__table__, active=True)
    work(school)

    assert lms.value() == 0.5


def test_dead_platform_does_not_hold_another(
    school: Any, lms: ScriptedLms, clock: Clock, launch_as: Callable[..., Browser]
) -> None:
    settle(school, "0.5", clock)
    with school.app_context():
        first = db.session.execute(select(PlatformRow.__table__)).one()._asdict()
        twin = {**first, "id": first["id"] + 100, "client_id": "twin", "token_url": "http://127.0.0.1:1/token"}
        db.session.execute(PlatformRow.__table__.insert().values(**twin))
        item = db.session.execute(select(LineItem.__table__)).one()._asdict()
        dead = {**item, "id": item["id"] + 100, "platform_id": twin["id"], "url": "http://127.0.0.1:1/6/lineitem"}
        db.session.execute(LineItem.__table__.insert().values(**dead))
        for row in db.session.execute(select(Grade.__table__)).all():
            mine = {**row._asdict(), "id": row.id + 100, "line_item_id": dead["id"]}
            mine["next_try_at"] = row.next_try_at - dt.timedelta(seconds=5)
            db.session.execute(Grade.__table__.insert().values(**mine))
        db.session.commit()
        db.session.remove()

    work(school)

    assert lms.value() == 0.5
    assert sorted(row.state.value for row in rows(school)) == ["due", "sent"]


def test_one_grade_tries_for_all_when_a_rested_platform_is_asked_again(
    school: Any, lms: ScriptedLms, clock: Clock
) -> None:
    for user in ("6", "7", "8"):
        school.enrol(user)
    for user in ("5", "6", "7", "8"):
        settle(school, "0.5", clock, user=user)
    lms.script = [503] * 4
    work(school)
    assert len(lms.posts) == 3  # the breaker closed
    clock.later()

    work(school)
    assert len(lms.posts) == 4
    clock.later()
    with school.app_context():
        claimed = [grades._claim(row.id) for row in rows(school)]
        db.session.remove()

    assert len([one for one in claimed if one is not None]) == 1


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_lets_the_whole_platform_rest(school: Any, lms: ScriptedLms, clock: Clock, form: str) -> None:
    school.enrol("6")
    date = format_datetime(now().replace(microsecond=0) + dt.timedelta(seconds=120), usegmt=True)
    lms.script = [(429, {"Retry-After": "120" if form == "seconds" else date})]
    for user in ("5", "6"):
        settle(school, "0.5", clock, user=user)
    work(school)
    clock.later(100)
    work(school)
    assert len(lms.posts) == 1
    clock.later(30)
    work(school)

    assert (lms.value("5"), lms.value("6")) == (0.5, 0.5)


def test_many_workers_at_once_send_each_grade_once(school: Any, lms: ScriptedLms, clock: Clock) -> None:
    users = [str(number) for number in range(5, 17)]
    for user in users[1:]:
        school.enrol(user)
    for user in users:
        settle(school, "0.5", clock, user=user)

    workers = [threading.Thread(target=work, args=(school,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert sorted(user for user, _value, _stamp in lms.posts) == sorted(users)
    assert states(school) == {GradeState.SENT}


def test_database_can_be_written_while_the_lms_is_asked(school: Any, lms: ScriptedLms, clock: Clock) -> None:
    written: list[str] = []

    def write() -> None:
        settle(school, "0.9", clock)
        written.append("yes")

    lms.on_token = write
    settle(school, "0.5", clock)
    work(school)
    assert lms.value() == 0.5
    clock.later(2)
    work(school)

    assert written
    assert lms.value() == 0.9


@pytest.mark.parametrize("body", [b'{"error": "invalid_scope"}', b'{"error": ""invalid_scope" twice"}'])
def test_missing_right_to_write_grades_parks_the_grade(
    school: Any, lms: ScriptedLms, clock: Clock, body: bytes
) -> None:
    lms.token_script = [body]
    settle(school, "0.5", clock)
    work(school)
    assert [(row.state, row.reason) for row in rows(school)] == [(GradeState.PARKED, "token-no-scope")]

    with school.app_context():
        requeue_grades(None, now=clock())
        db.session.commit()
        db.session.remove()
    clock.later(1)
    work(school)

    assert lms.value() == 0.5


@pytest.mark.parametrize("fault", [400, 401, 404, 500, "hang", "reset", "garbage", b'{"error": "invalid_client"}'])
def test_trouble_at_the_token_endpoint_only_delays(school: Any, lms: ScriptedLms, clock: Clock, fault: Step) -> None:
    lms.token_script = [fault]
    settle(school, "0.5", clock)
    work_until_settled(school, clock)

    assert lms.value() == 0.5


def test_grade_that_cannot_be_handled_does_not_hold_the_others(school: Any, lms: ScriptedLms, clock: Clock) -> None:
    school.enrol("6")
    for user in ("5", "6"):
        settle(school, "0.5", clock, user=user)
    with school.app_context():
        item = db.session.execute(select(LineItem.__table__)).one()._asdict()
        broken = {**item, "id": item["id"] + 100, "url": "http://[::1"}
        db.session.execute(LineItem.__table__.insert().values(**broken))
        first = db.session.scalar(select(Grade.__table__.c.id).order_by(Grade.__table__.c.id).limit(1))
        moved = update(Grade.__table__).where(Grade.__table__.c.id == first).values(line_item_id=broken["id"])
        db.session.execute(moved)
        db.session.commit()
        db.session.remove()

    work(school)

    assert lms.value("6") == 0.5


def test_two_first_results_at_once_lose_neither_version(school: Any, lms: ScriptedLms, clock: Clock) -> None:
    settle(school, "0.1", clock)
    with school.app_context():
        row = db.session.execute(select(Grade.__table__)).one()
        db.session.execute(Grade.__table__.delete())
        db.session.commit()
        db.session.remove()
    barrier = threading.Barrier(2)

    def want(value: str) -> None:
        with school.app_context(), acting_as(row.agency_id):
            score = PersonScore(value=Decimal(value), in_progress=False, comment="")
            barrier.wait(10)
            want_grade(row.line_item_id, row.platform_user_id, score, maximum=100, now=clock())
            db.session.commit()
            db.session.remove()

    threads = [threading.Thread(target=want, args=(value,)) for value in ("0.2", "0.3")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    work(school)

    assert rows(school)[0].version == 2
    assert lms.value() == float(rows(school)[0].wanted)


def test_killed_worker_s_grade_arrives_after_its_lease_with_the_same_timestamp(
    school: Any, lms: ScriptedLms, clock: Clock, database: str
) -> None:
    lms.script = ["accept-then-hang"]
    settle(school, "0.5", clock)
    environment = {
        **os.environ,
        "LMS_BRIDGE_DATABASE_URL": database,
        "LMS_BRIDGE_INSTANCE_PATH": school.config["INSTANCE_PATH"],
        "LMS_BRIDGE_SECRET_KEY": "test secret",
        "LMS_BRIDGE_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
    }
    command = [sys.executable, "-m", "lms_bridge", "worker", "--pause", "0.05"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as worker:
        deadline = time.monotonic() + 30
        while not lms.posts and time.monotonic() < deadline:
            time.sleep(0.05)
        worker.send_signal(signal.SIGKILL)
    clock.later(30)
    assert work(school) == 0
    clock.later(60)

    work(school)

    assert len(lms.posts) == 2
    assert lms.posts[0] == lms.posts[1]
    assert states(school) == {GradeState.SENT}
