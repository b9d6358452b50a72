"""``make bench-scale PEOPLE=...``: every panel of a leader's pages, beside the same question asked of the raw facts."""

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

from sqlalchemy import case, func, select, text

from bench.agency import FIRST, LargeAgency
from bench.competency import store_results
from bench.organisation import ALSO_ON_SQLITE, SERVER
from lms_bridge.testing.postgres import copy_database, drop_database

BRANCHES, IN_A_UNIT = 643, 100
"""As many agencies below the top as the country has, and 56 thousand units for 5.6 million people."""
TODAY, UNTIL = dt.date(2026, 1, 1), "2025-Q4"
ENOUGH = 1.0
QUARTERS = tuple(dt.datetime(year, month, 15, tzinfo=dt.UTC) for year in (2024, 2025) for month in (2, 5, 8, 11))


def measure(people: int, url: str) -> None:
    """Store an agency whose people were rated over eight quarters, sum it up, ask, print. In a process of its own."""
    from bench.agency import store_agency
    from lms_bridge.db import acting_as, db
    from lms_bridge.testing.instance import make_app, prepare_instance

    with tempfile.TemporaryDirectory() as folder:
        prepare_instance(Path(folder), url)
        app = make_app(Path(folder), url, None)
        with app.test_request_context():
            units = people // IN_A_UNIT
            agency, _seconds = store_agency(people, branches=min(BRANCHES, units // 8), in_a_unit=IN_A_UNIT)
            store_results(agency.id, computed_at=_when(units))
            with acting_as(agency.id):
                _sum_up()
                for title, ask, raw in panels(agency):
                    panel = _median(ask)
                    beside = f"{_once(raw) * 1000:>10.0f} ms" if raw else ""
                    print(f"  {title:<52} {panel * 1000:>8.1f} ms {beside}", flush=True)
                _keep_up(agency)
            db.session.remove()
            db.engine.dispose()


def _when(units: int) -> Any:
    """Return when somebody was rated: half of a unit in one quarter of each year, the other half a year later."""
    from lms_bridge.api import Person

    number = Person.__table__.c.id - FIRST - 1
    quarter = number % units % 4 + 4 * (number // units % 2)
    return case(*((quarter == place, moment) for place, moment in enumerate(QUARTERS[:-1])), else_=QUARTERS[-1])


def _sum_up() -> None:
    from lms_bridge.db import db
    from lms_bridge.jobs.indicators.checking import check_cells
    from lms_bridge.models import IndicatorCell

    begun = time.perf_counter()
    check_cells()
    taken = time.perf_counter() - begun
    cells = db.session.scalar(select(func.count()).select_from(IndicatorCell))
    print(f"  all cells made anew from the facts: {cells:,} in {taken:.1f} s", flush=True)
    db.session.execute(text("ANALYZE"))
    db.session.commit()
    begun = time.perf_counter()
    wrong = check_cells()
    print(f"  nightly check of right cells: {wrong} put right in {time.perf_counter() - begun:.1f} s", flush=True)


def panels(agency: LargeAgency) -> Iterator[tuple[str, Callable[[], Any], Callable[[], Any] | None]]:
    """Yield each panel with how it is read, and where there is one how the raw facts are asked for the same."""
    from lms_bridge_competency.indicators import GAP, JPM, SHORT, declared
    from lms_bridge_competency.unit_map.reading import count_unit
    from lms_bridge_leadership.access import OpenUnit
    from lms_bridge_leadership.reading import by_competency, post_groups, read_figures, read_matrix, units_below

    from lms_bridge.api import unit_path

    metrics = declared()
    named = {metric.code: metric for metric in metrics}
    shape = {"a team": agency.units, "an agency": 2, "the country": 1}
    for what, number in shape.items():
        path = unit_path(agency.number(number), on=TODAY)
        opened = OpenUnit(path[0], tuple(path[:0:-1]), acts=True, everything=False)
        unit_id = path[0].id
        figures = partial(read_figures, opened, metrics, until=UNTIL, on=TODAY, targets={})
        yield f"{what}: numbers over eight quarters, beside all", figures, None
        matrix = partial(read_matrix, unit_id, metrics, until=UNTIL, on=TODAY)
        yield f"{what}: gap matrix of the units below", matrix, partial(count_unit, path[0], on=TODAY)
        yield f"{what}: a number by unit", partial(units_below, unit_id, named[JPM], until=UNTIL, on=TODAY), None
        yield f"{what}: a number by post group", partial(post_groups, unit_id, named[GAP], {}, until=UNTIL), None
        yield f"{what}: a number by competency", partial(by_competency, unit_id, named[SHORT], until=UNTIL), None


def _keep_up(agency: LargeAgency) -> None:
    """Measure what it costs to keep the cells: publishing, folding, moving a unit."""
    from decimal import Decimal

    from lms_bridge.api import IndicatorFact, db, publish_indicators
    from lms_bridge.jobs.indicators import fold_due
    from lms_bridge.services.units import move_unit

    facts = 10_000
    one = IndicatorFact("competency.rated", 0, UNTIL, Decimal(1), Decimal(1), 1, "JF_KEAHLIAN")
    begun = time.perf_counter()
    for number in range(facts):
        unit_id = agency.number(1 + number % agency.units)
        publish_indicators([IndicatorFact("competency.rated", unit_id, UNTIL, *_rest(one))])
    db.session.commit()
    published = time.perf_counter() - begun
    begun = time.perf_counter()
    fold_due()
    print(
        f"  publishing a fact: {published / facts * 1e6:.0f} us; folding {facts:,} of them into all units above: "
        f"{time.perf_counter() - begun:.2f} s",
        flush=True,
    )
    move_unit(agency.number(2), agency.number(3), on=TODAY)
    db.session.commit()
    begun = time.perf_counter()
    fold_due()
    print(f"  an agency moved below another: sums right again in {time.perf_counter() - begun:.2f} s", flush=True)


def _rest(fact: Any) -> tuple[Any, ...]:
    return fact.numerator, fact.denominator, fact.n, fact.post_group


def _median(ask: Callable[[], Any]) -> float:
    taken: list[float] = []
    while len(taken) < 9 and sum(taken) < ENOUGH:
        taken.append(_once(ask))
    return statistics.median(taken)


def _once(ask: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    ask()
    return time.perf_counter() - begun


def main() -> None:
    """Measure on PostgreSQL, and on SQLite as long as an agency of that size belongs there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=int(os.environ.get("PEOPLE") or 100_000))
    parser.add_argument("--measure", metavar="URL")
    options = parser.parse_args()
    if options.measure:
        measure(options.people, options.measure)
        return
    server = os.environ.get("LMS_BRIDGE_TEST_DATABASE_URL") or SERVER
    name = f"lms_bridge_bench_{os.getpid()}"
    print(f"Pages of leaders, {options.people:,} people: median time, and the raw facts beside it", flush=True)
    with ExitStack() as stack:
        for title in ("PostgreSQL", "SQLite") if options.people < ALSO_ON_SQLITE else ("PostgreSQL",):
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            url = f"sqlite:///{folder}/bench.sqlite"
            if title == "PostgreSQL":
                url = copy_database(server, name, template=None)
                stack.callback(drop_database, server, name)
            print(title, flush=True)
            command = [sys.executable, "-m", "bench.scale", "--people", str(options.people), "--measure", url]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
