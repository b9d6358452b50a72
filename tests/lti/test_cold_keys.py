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
    answer = practice_platform.app.view_functions["discovery.jwks"]

    def slow():
        time.sleep(0.3)
        return answer()

    monkeypatch.setitem(practice_platform.app.view_functions, "discovery.jwks", slow)
    workers = [make_app(tmp_path / "instance", database, practice_platform) for _ in range(2)]
    with bridge_app.app_context():
        db.session.execute(delete(KeySet))
        db.session.commit()
        db.session.remove()

    browsers = [Browser(workers[number % 2]) for number in range(12)]
    forms = [one.begin(practice_platform, sub=f"user-{number}").fields for number, one in enumerate(browsers)]

    with ThreadPoolExecutor(12) as people:
        answers = list(people.map(lambda one, form: one.post_launch(**form).status_code, browsers, forms))
    for worker in workers:
        with worker.app_context():
            db.engine.dispose()

    assert answers == [303] * 12
    assert practice_platform.calls().count("keys") <= 3
