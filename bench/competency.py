"""Part of ``make bench``: the map of a large unit, on both databases."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import Integer, cast, insert, literal, select, text

from bench.organisation import SERVER, TODAY
from lms_bridge.testing.postgres import copy_database, drop_database

RUNS = 7
COMPETENCIES = 9


def measure(people: int, url: str) -> None:
    """Store an agency in which everybody was rated, count its units, and print medians. In a process of its own."""
    from lms_bridge_competency.unit_map.reading import PAGE, count_unit, lines_by_result, people_of

    from bench.agency import store_agency
    from lms_bridge.api import acting_as, db, unit_path
    from lms_bridge.testing.instance import make_app, prepare_instance

    with tempfile.TemporaryDirectory() as folder:
        prepare_instance(Path(folder), url)
        app = make_app(Path(folder), url, None)
        with app.test_request_context():
            agency, _seconds = store_agency(people)
            store_results(agency.id)
            with acting_as(agency.id):
                for what, number in (("a bureau", agency.units // 8), ("an eighth", 2), ("everything", 1)):
                    unit = unit_path(agency.number(number), on=TODAY)[0]

                    def first_page(unit_id: int = unit.id) -> int:
                        rows = db.session.execute(people_of(unit_id, on=TODAY).limit(PAGE)).all()
                        lines_by_result([row.result_id for row in rows])
                        return len(rows)

                    rated = count_unit(unit, on=TODAY).whole.standing.rated
                    _show(f"gap matrix of {what}", rated, lambda unit=unit: count_unit(unit, on=TODAY))
                    _show(f"first page of the people of {what}", rated, first_page)
            db.session.remove()
            db.engine.dispose()


MOMENT = literal(dt.datetime(2025, 12, 1, tzinfo=dt.UTC))


def store_results(agency_id: int, *, computed_at: Any = MOMENT) -> None:
    """Rate everybody of the agency once, in nine competencies, by a few statements; ``computed_at`` may be a column."""
    from lms_bridge_competency.models import Result, ResultLine

    from lms_bridge.api import Person, db

    people, results, lines = Person.__table__, Result.__table__, ResultLine.__table__
    values: dict[str, Any] = {
        "cycle": literal("2025"), "number": literal(1), "computed_at": computed_at, "post_name": literal("Post"),
        "post_level": literal("AHLI_MUDA"), "self_declared": literal(False), "method": literal("total_cap"),
        "jpm_total_cap": 60 + people.c.id % 41, "jpm_no_compensation": 60 + people.c.id % 41, "grade": literal(1),
        "inputs": literal({}, results.c.inputs.type), "agency_id": people.c.agency_id,
    }  # fmt: skip
    chosen = select(people.c.id, *values.values()).where(people.c.agency_id == agency_id)
    db.session.execute(insert(results).from_select(["person_id", *values], chosen))
    for place in range(1, COMPETENCIES + 1):
        attained = 1 + (results.c.person_id * 7 + place * 3) % 5
        row = {
            "position": literal(place), "competency": literal(f"asn-38-2017:M{place}"), "required": literal(3),
            "attained": attained, "gap": cast(3 - attained, Integer), "agency_id": results.c.agency_id,
        }  # fmt: skip
        chosen = select(results.c.id, *row.values()).where(results.c.agency_id == agency_id)
        db.session.execute(insert(lines).from_select(["result_id", *row], chosen))
    db.session.commit()
    db.session.execute(text("ANALYZE"))
    db.session.commit()


def _show(title: str, found: int, ask: Any) -> None:
    taken = []
    for _run in range(RUNS):
        begun = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - begun)
    print(f"  {title:<58} {found:>9,}  {statistics.median(taken) * 1000:>9.1f} ms", flush=True)


def main() -> None:
    """Measure on PostgreSQL and SQLite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--measure", metavar="URL")
    options = parser.parse_args()
    if options.measure:
        measure(options.people, options.measure)
        return
    server = os.environ.get("LMS_BRIDGE_TEST_DATABASE_URL") or SERVER
    name = f"lms_bridge_bench_{os.getpid()}"
    print(f"Units of an agency of {options.people:,} people: how many were rated, and the median time", flush=True)
    with ExitStack() as stack:
        for title in ("PostgreSQL", "SQLite"):
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            url = f"sqlite:///{folder}/bench.sqlite"
            if title == "PostgreSQL":
                url = copy_database(server, name, template=None)
                stack.callback(drop_database, server, name)
            print(title, flush=True)
            command = [sys.executable, "-m", "bench.competency", "--people", str(options.people), "--measure", url]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
