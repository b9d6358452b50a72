"""Several workers and requests at once, and one that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from lms_bridge.db import acting_as, db
from lms_bridge.models import Grade, GradeState, PersonScore
from lms_bridge.services.grades import want_grade
from tests.lti.grade_faults.gradebook import Clock, ScriptedLms, rows, settle, states, work


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
