"""Processes that import are killed, or told to stop: nothing is half done, and it goes on."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Program, clean_environment, wait_until
from tests.imports import messy
from tests.spreadsheets import files

ROWS = 6_000
LMS_BRIDGE = (sys.executable, "-m", "lms_bridge")


@pytest.fixture
def environment(database: str, tmp_path: Path) -> dict[str, str]:
    """The settings of the test's database for processes."""
    return clean_environment(
        INSTANCE_PATH=str(tmp_path / "instance"), DATABASE_URL=database, SECRET_KEY="test secret", LOG_LEVEL="CRITICAL"
    )


@pytest.fixture
def long_list(tmp_path: Path) -> str:
    rows = [["No", "NIP", "Nama"], *(messy.good_row(number)[:3] for number in range(1, ROWS + 1))]
    return str(files.workbook(tmp_path / "pegawai.xlsx", rows))


def people(ask: Callable[[str], list[tuple]]) -> int:
    return int(ask("SELECT count(*) FROM core_person")[0][0])


def half_read(ask: Callable[[str], list[tuple]]) -> bool:
    return bool(ask("SELECT 1 FROM core_import WHERE state = 'staging' AND rows_read > 0"))


def test_a_killed_import_has_changed_nothing_and_is_finished_later(program, environment, ask, command, long_list):
    before = people(ask)
    killed: Program = program(*LMS_BRIDGE, "people", "import", long_list, "--agency", "demo", environment=environment)
    wait_until(lambda: half_read(ask), "rows that are stored")
    killed.stop(signal.SIGKILL)
    after = people(ask)

    ask("UPDATE core_import SET lease_until = NULL")
    finished = command("people", "apply", "1", "--agency", "demo")

    assert after == before
    assert f"{ROWS} made, 0 changed, of {ROWS} rows" in finished.output
    assert people(ask) == before + ROWS


def test_a_worker_that_is_told_to_stop_ends_soon_and_another_goes_on(program, environment, ask, command, long_list):
    killed: Program = program(*LMS_BRIDGE, "people", "import", long_list, "--agency", "demo", environment=environment)
    wait_until(lambda: half_read(ask), "rows that are stored")
    killed.stop(signal.SIGKILL)
    ask("UPDATE core_import SET lease_until = NULL, rows_read = 0, last_row = 0")
    ask("DELETE FROM core_import_row")
    worker: Program = program(*LMS_BRIDGE, "worker", environment=environment)
    wait_until(lambda: half_read(ask), "rows that the worker stored")

    ended = worker.stop()
    free = ask("SELECT lease FROM core_import WHERE state = 'staging'")
    other: Program = program(*LMS_BRIDGE, "worker", environment=environment)
    wait_until(lambda: ask("SELECT 1 FROM core_import WHERE state = 'ready'"), "all rows")

    assert ended == 0
    assert free in ([(None,)], [])  # none where it was done before it could stop
    assert ask("SELECT rows_read, rows_new FROM core_import") == [(ROWS, ROWS)]
    assert other.stop() == 0
