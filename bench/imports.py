"""Part of ``make bench``: 100,000 people from XLSX into an empty agency, on both databases, in a process of its own."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import xlsxwriter
from sqlalchemy import event

from bench.processes import cpu_seconds, postgres_pids
from lms_bridge.testing.postgres import copy_database, drop_database

SERVER = "postgresql+psycopg://root@127.0.0.1:5432/postgres"
GOAL = "goal: 60 s, 300 MB, 1 s for a chunk, 3 s to apply"


def write_list(path: Path, rows: int) -> None:
    """Write a list of invented people."""
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(
        0, 0, ("No", "NIP", "Nama", "Status Kepegawaian", "Golongan", "Surel", *(f"Lain {n}" for n in range(6)))
    )
    for number in range(1, rows + 1):
        born = dt.date(1962, 1, 1) + dt.timedelta(days=number % 14_000)
        nip = f"{born:%Y%m%d}{born.year + 24}{number % 12 + 1:02}{number % 2 + 1}{number // 14_000 * 12 + 1:03}"
        name = f"Pegawai Nomor {number}, S.E., M.Si."
        sheet.write_row(number, 0, (number, nip, name, "PNS", "III/c", f"p{number}@example.go.id", *["keterangan"] * 6))
    book.close()


class Transactions:
    """How long transactions that wrote something held their place."""

    def __init__(self) -> None:
        self.longest: dict[str, float] = {}
        self.step = ""
        self._begun = 0.0

    def watch(self, engine: Any) -> None:
        """Follow the transactions of an engine."""
        event.listen(engine, "begin", lambda connection: setattr(self, "_begun", time.perf_counter()))
        event.listen(engine, "commit", lambda connection: self._ended())

    def _ended(self) -> None:
        taken = time.perf_counter() - self._begun
        self.longest[self.step] = max(self.longest.get(self.step, 0.0), taken)


class Meter:
    """Wall time of each step, and processor time with that of the database server."""

    def __init__(self, url: str) -> None:
        self.server = url if url.startswith("postgresql") else None
        self.transactions = Transactions()
        self.seconds: dict[str, float] = {}
        self.spent: dict[str, float] = {}

    def run(self, name: str, act: Callable[[], Any]) -> Any:
        """Do a step and keep what it cost."""
        self.transactions.step = name
        spent, begun = self._cpu(), time.perf_counter()
        result = act()
        self.seconds[name] = time.perf_counter() - begun
        self.spent[name] = self._cpu() - spent
        return result

    def _cpu(self) -> float:
        return time.process_time() + cpu_seconds(postgres_pids(self.server))

    def report(self, title: str, row: Any) -> None:
        """Print what an import cost."""
        whole, spent = sum(self.seconds.values()), sum(self.spent.values())
        parts = ", ".join(f"{name} {value:.1f}" for name, value in self.seconds.items())
        print(f"  {title}: {row.rows_read / whole:,.0f} rows/s, {whole:.1f} s ({parts})")
        print(f"    {spent:.1f} s CPU with the database's, {self.spent['apply']:.1f} of it to apply")
        print(f"    new {row.rows_new}, changed {row.rows_changed}, faulty {row.rows_faulty}")


def measure(path: Path, url: str) -> None:
    """Import, import again, undo; print what each cost. Runs in a process of its own, whose memory is measured."""
    from sqlalchemy import select

    from lms_bridge.db import acting_as, db
    from lms_bridge.imports import store
    from lms_bridge.models import Agency
    from lms_bridge.testing.instance import make_app, prepare_instance

    folder = path.parent / "instance"
    prepare_instance(folder, url)
    app, meter = make_app(folder, url, None), Meter(url)
    with app.app_context():
        meter.transactions.watch(db.engine)
        with acting_as(db.session.scalar(select(Agency.id))):
            first = _import(path, meter)
            meter.report("first", store.get_import(first))
            meter.report("again", store.get_import(_import(path, meter)))
            longest = ", ".join(f"{step} {taken:.2f} s" for step, taken in meter.transactions.longest.items() if step)
            print(f"  longest transaction: {longest}")
            print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
            store.want_undo(first)
            meter.run("undo", _work)
            print(f"  undo {meter.seconds['undo']:.1f} s, {store.get_import(first).state.value}")
        db.session.remove()
        db.engine.dispose()


def _import(path: Path, meter: Meter) -> int:
    from lms_bridge.db import now
    from lms_bridge.imports import store

    def keep() -> int:
        return store.begin_import(path, kind="people", file_name="people.xlsx", by=None, now=now())

    number: int = meter.run("keep", keep)
    meter.run("headings", _work)
    store.choose_columns(number, store.get_import(number).columns)
    meter.run("check", _work)
    store.want_apply(number)
    meter.run("apply", _work)
    return number


def _work() -> None:
    """Do one step as the worker does."""
    from lms_bridge.db import db
    from lms_bridge.imports.running import run_step
    from lms_bridge.imports.store import claim

    db.session.commit()
    claimed = claim()
    if claimed is None:
        raise RuntimeError("no import waits")
    run_step(*claimed)


def main() -> None:
    """Measure on PostgreSQL and SQLite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--measure", nargs=2, metavar=("FILE", "URL"))
    options = parser.parse_args()
    if options.measure:
        measure(Path(options.measure[0]), options.measure[1])
        return
    server = os.environ.get("LMS_BRIDGE_TEST_DATABASE_URL") or SERVER
    name = f"lms_bridge_bench_{os.getpid()}"
    print(f"Import of {options.rows:,} people, 12 columns ({GOAL})")
    with ExitStack() as stack:
        for title in ("PostgreSQL", "SQLite"):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            write_list(folder / "people.xlsx", options.rows)
            url = f"sqlite:///{folder / 'bench.sqlite'}"
            if title == "PostgreSQL":
                url = copy_database(server, name, template=None)
                stack.callback(drop_database, server, name)
            print(title)
            subprocess.run(
                [sys.executable, "-m", "bench.imports", "--measure", str(folder / "people.xlsx"), url], check=True
            )


if __name__ == "__main__":
    main()
