"""The first launches after a start come at once, from many people and in several workers."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import delete

from lms_bridge.db import db
from lms_bridge.models import KeySet
from lms_bridge.testing.browser import Browser
from lms_bridge.testing.instance import make_app


def test_launches_that_come_at_once_all_find_the_keys_of_the_platform(
    bridge_app, database, tmp_path, practice_platform, monkeypatch
):
    """Those that lost the race for the fetch were refused before."""
    practice_platform.sign({})  # makes the platform's key pair before the threads ask for it
    fetch = type(practice_platform)._jwks

    def slow(self):
        time.sleep(0.3)
        return fetch(self)

    monkeypatch.setattr(type(practice_platform), "_jwks", slow)
    workers = [make_app(tmp_path / "instance", database, practice_platform) for _ in range(2)]
    with bridge_app.app_context():
        db.session.execute(delete(KeySet))
        db.session.commit()
        db.session.remove()

    def launch(number: int) -> int:
        return Browser(workers[number % 2]).launch(practice_platform, user=f"user-{number}").status_code

    with ThreadPoolExecutor(12) as people:
        answers = list(people.map(launch, range(12)))
    for worker in workers:
        with worker.app_context():
            db.engine.dispose()

    assert answers == [200] * 12
    assert practice_platform.calls.count("/jwks") <= 3
