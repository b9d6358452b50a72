"""Part of ``make bench``: the map of a large unit, a profile, and an agency after a change of rules; on both."""

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

from sqlalchemy import func, insert, literal, select, text

from bench.organisation import SERVER, TODAY
from lms_bridge.testing.postgres import copy_database, drop_database

RUNS = 7
PATTERNS = 20
KEYS = [f"asn-38-2017:{code}" for code in ("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "S1")]


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
                measure_person(agency.id)
            measure_rules(agency.id)
            db.session.remove()
            db.engine.dispose()


MOMENT = literal(dt.datetime(2025, 12, 1, tzinfo=dt.UTC))


def store_results(agency_id: int, *, computed_at: Any = MOMENT) -> None:
    """Rate everybody of the agency once by self and superior, in a few patterns; ``computed_at`` may be a column."""
    from lms_bridge_competency.computing import collect_inputs, compute_lines
    from lms_bridge_competency.models import Result, ResultLine
    from lms_bridge_competency.rules import Method, grade, job_person_match
    from lms_bridge_competency.standards import Basis, PostView, RequiredLevel

    from lms_bridge.api import Person, acting_as, db

    people, results, lines = Person.__table__, Result.__table__, ResultLine.__table__
    standard = {key: RequiredLevel(3, Basis.DEFAULT, "bench", "1") for key in KEYS}
    post = PostView(None, "Post", "AHLI_MUDA", "", False, standard)
    for pattern in range(PATTERNS):
        with acting_as(agency_id):
            inputs = collect_inputs(post, _sources(pattern))
        found = compute_lines(inputs)
        matches = {method: job_person_match(found, method=method).value for method in Method}
        values: dict[str, Any] = {
            "cycle": literal("2025"), "number": literal(1), "computed_at": computed_at, "post_name": literal("Post"),
            "post_level": literal("AHLI_MUDA"), "self_declared": literal(False), "method": literal("total_cap"),
            "jpm_total_cap": literal(matches[Method.TOTAL_CAP]),
            "jpm_no_compensation": literal(matches[Method.NO_COMPENSATION]), "grade": literal(grade(found)),
            "inputs": literal(inputs, results.c.inputs.type), "agency_id": people.c.agency_id,
        }  # fmt: skip
        mine = people.c.agency_id == agency_id, people.c.id % PATTERNS == pattern
        db.session.execute(
            insert(results).from_select(["person_id", *values], select(people.c.id, *values.values()).where(*mine))
        )
        for place, line in enumerate(found, start=1):
            row = {
                "position": literal(place), "competency": literal(line.competency), "required": literal(3),
                "attained": literal(line.attained), "blended": literal(line.blended), "gap": literal(line.gap),
                "agency_id": results.c.agency_id,
            }  # fmt: skip
            chosen = select(results.c.id, *row.values()).where(
                results.c.agency_id == agency_id, results.c.person_id % PATTERNS == pattern
            )
            db.session.execute(insert(lines).from_select(["result_id", *row], chosen))
    db.session.commit()
    db.session.execute(text("ANALYZE"))
    db.session.commit()


def _sources(pattern: int) -> dict[str, Any]:
    """Return what self and superior say in a pattern; in one of five they lie two levels apart in one competency."""
    levels = {key: 1 + (pattern * 7 + place * 3) % 5 for place, key in enumerate(KEYS)}
    lower = {key: max(1, level - ((pattern + place) % 3 == 0)) for place, (key, level) in enumerate(levels.items())}
    if pattern % 5 == 0:
        levels[KEYS[0]], lower[KEYS[0]] = 4, 2
    rated_at, required = "2025-12-01T00:00:00+00:00", dict.fromkeys(KEYS, 3)
    return {
        key: {
            "group": group, "assessment": 0, "cycle": "2025", "rated_at": rated_at, "required": required, "notes": {},
            "answers": {one: _answers(level) for one, level in said.items()},
        }
        for key, group, said in (("self", "self", levels), ("superior:1", "superior", lower))
    }  # fmt: skip


def _answers(level: int) -> dict[str, list[str]]:
    asked = range(min(3, level), max(3, level) + 1)
    return {str(one): ["shown" if one <= level else "not_shown"] * 3 for one in asked}


def measure_person(agency_id: int) -> None:
    """Print what reading one profile takes, over many people."""
    from lms_bridge_competency.profile.reading import profile_of

    from lms_bridge.api import Person, db, person_ref

    ids = iter(db.session.scalars(select(Person.id).where(Person.agency_id == agency_id).limit(200)).all())
    profile_of(person_ref(next(ids)), on=TODAY)
    taken = []
    for person_id in ids:
        begun = time.perf_counter()
        profile_of(person_ref(person_id), on=TODAY)
        taken.append(time.perf_counter() - begun)
    print(f"  {'profile of a person, p95':<58} {len(taken):>9,}  {sorted(taken)[-10] * 1000:>9.1f} ms", flush=True)


def measure_rules(agency_id: int) -> None:
    """Change the weights of an agency and let the worker compute everybody anew."""
    from lms_bridge_competency.models import Result

    from lms_bridge.api import acting_as, db
    from lms_bridge.jobs import events
    from lms_bridge.services.plugin_settings import choose_settings

    def count() -> int:
        with acting_as(agency_id):
            return db.session.scalar(select(func.count()).select_from(Result)) or 0

    before = count()
    with acting_as(agency_id):
        choose_settings("competency", {"weight_self": "60"})
        db.session.commit()
    begun = time.perf_counter()
    while events.deliver_due():
        db.session.remove()
    taken = time.perf_counter() - begun
    print(f"  {'all results looked at after a change of weights':<58} {before:>9,}  {taken:>9.1f} s", flush=True)
    print(f"  {'of them computed anew':<58} {count() - before:>9,}", flush=True)


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
