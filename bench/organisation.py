"""Part of ``make bench``: who leads whom in a large agency, on both databases; PEOPLE=5600000 for a whole country."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from lms_bridge.testing.postgres import copy_database, drop_database

SERVER = "postgresql+psycopg://root@127.0.0.1:5432/postgres"
ALSO_ON_SQLITE = 1_000_000
"""An agency with more people belongs on PostgreSQL."""
ENOUGH = 1.0
"""Seconds after which a question is not asked again."""
TODAY, BEFORE = dt.date(2026, 1, 1), dt.date(2025, 1, 1)


def measure(people: int, url: str) -> None:
    """Store the agency, ask, and print the median of each question. Runs in a process of its own."""
    from bench.agency import store_agency
    from lms_bridge.db import acting_as, db
    from lms_bridge.testing.instance import make_app, prepare_instance

    with tempfile.TemporaryDirectory() as folder:
        prepare_instance(Path(folder), url)
        app = make_app(Path(folder), url, None)
        with app.app_context():
            declare_actions(app)
            agency, seconds = store_agency(people)
            print(f"  stored: {', '.join(f'{name} {value:.1f} s' for name, value in seconds.items())}", flush=True)
            with acting_as(agency.id):
                for title, ask in questions(agency):
                    found, taken = _median(ask)
                    print(f"  {title:<58} {found:>9,}  {taken * 1000:>9.1f} ms", flush=True)
            db.session.remove()
            db.engine.dispose()


def _median(ask: Callable[[], int]) -> tuple[int, float]:
    taken: list[float] = []
    while len(taken) < 9 and sum(taken) < ENOUGH:
        begun = time.perf_counter()
        found = ask()
        taken.append(time.perf_counter() - begun)
    return int(found), statistics.median(taken)


def questions(agency: Any) -> Iterator[tuple[str, Callable[[], int]]]:
    """Yield what is asked, with a function that says how many were found."""
    from lms_bridge.context import AbsentActor, AgencyRef
    from lms_bridge.db import db
    from lms_bridge.models import Person
    from lms_bridge.services.heads import people_in, superiors_of
    from lms_bridge.services.people import person_ref
    from lms_bridge.services.permissions import may, may_for_others, visible_people

    # A leaf's boss, the head of an eighth of the agency, and the head of all of it.
    heads = {"a bureau": agency.units // 8, "an eighth": 2, "everything": 1}
    ref = AgencyRef(agency.id, "large", "Large", "Asia/Jakarta")
    somebody = person_ref(agency.number(agency.beside(agency.units // 2)))
    chief = person_ref(agency.number(1))

    def counted(actor: AbsentActor, action: str) -> int:
        listed = select(func.count()).where(Person.id.in_(visible_people(actor, action)))
        return db.session.scalar(listed) or 0

    def everybody_in(unit: int, on: dt.date) -> int:
        return len(people_in(agency.number(unit), on=on))

    for relation in ("head", "superior"):
        action = f"bench.{relation}"
        for what, unit in heads.items():
            actor = AbsentActor(ref, person_ref(agency.number(unit)))
            yield f"list of the {relation} of {what}", partial(counted, actor, action)
            yield f"may the {relation} of {what} see one person", partial(may, actor, action, somebody)
            yield f"has the {relation} of {what} anybody", partial(may_for_others, actor, action)
        staff = AbsentActor(ref, somebody)
        yield f"may anybody else see their head ({relation})", partial(may, staff, action, chief)
    yield "superiors of one person", lambda: len(superiors_of(somebody, on=TODAY))
    for what, unit in heads.items():
        yield f"people in {what}, with posts", partial(everybody_in, unit, TODAY)
        yield f"people in {what}, with posts, a year before", partial(everybody_in, unit, BEFORE)


def declare_actions(app: Any) -> None:
    """Let a plugin of the bench declare an action for each relation that is measured."""
    from lms_bridge.contributions import Permission, Plugin
    from lms_bridge.plugin_host.discovery import Found
    from lms_bridge.plugin_host.host import PluginState

    permissions = tuple(Permission(f"bench.{one}", one, frozenset({one})) for one in ("head", "superior"))
    state = PluginState(Found("bench", "bench"), Plugin("bench", "Bench", "1", permissions=permissions))
    app.extensions["lms_bridge.plugins"].states["bench"] = state


def main() -> None:
    """Measure on PostgreSQL and SQLite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=int(os.environ.get("PEOPLE") or 100_000))
    parser.add_argument("--measure", metavar="URL")
    options = parser.parse_args()
    if options.measure:
        measure(options.people, options.measure)
        return
    server = os.environ.get("LMS_BRIDGE_TEST_DATABASE_URL") or SERVER
    name = f"lms_bridge_bench_{os.getpid()}"
    print(
        f"Questions about an agency of {options.people:,} people: how many were found, and the median time", flush=True
    )
    with ExitStack() as stack:
        for title in ("PostgreSQL", "SQLite") if options.people <= ALSO_ON_SQLITE else ("PostgreSQL",):
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            url = f"sqlite:///{folder}/bench.sqlite"
            if title == "PostgreSQL":
                url = copy_database(server, name, template=None)
                stack.callback(drop_database, server, name)
            print(title, flush=True)
            command = [sys.executable, "-m", "bench.organisation", "--people", str(options.people), "--measure", url]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
