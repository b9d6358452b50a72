"""The production start by hand, as the README shows it: the same commands, as processes, with an LMS over HTTP."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from sqlalchemy import create_engine, text

from lms_bridge.practice.forms import forms_of
from lms_bridge.practice.seed import COURSE
from lms_bridge.testing.postgres import copy_database, drop_database
from lms_bridge.testing.pytest_plugin import _reachable, _server
from tests.cli.conftest import Program, answers, clean_environment, free_port, lms_bridge, wait_until

GUNICORN = [str(Path(sys.executable).with_name("gunicorn")), "-w", "2", "-k", "gthread", "--threads", "4", "wsgi:app"]
LMS_BRIDGE = [sys.executable, "-m", "lms_bridge"]


@dataclass
class Production:
    """A started bridge, its worker, and an LMS that is registered with it."""

    environment: dict[str, str]
    database: str
    bridge: str
    lms: str
    web: Program
    worker: Program
    lms_command: list[str]
    lms_program: Program

    def person(self, name: str) -> requests.Session:
        """Sign in at the LMS."""
        browser = requests.Session()
        assert browser.get(f"{self.lms}/as/{name}", timeout=30).ok
        return browser

    def launch(self, browser: requests.Session) -> requests.Response:
        """Open the first activity of the course, as a browser's frame does."""
        course = browser.get(f"{self.lms}/courses/{COURSE}", timeout=30)
        activity = re.search(r'href="(?:http://[^/"]+)?(/activities/\d+)', course.text)
        assert activity, course.text
        page = browser.get(f"{self.lms}{activity[1]}/launch", timeout=30)
        form = next(form for form in forms_of(page.text) if "id_token" in form.fields)
        return browser.post(urljoin(page.url, form.action), data=form.fields, timeout=30)

    def rate(self, name: str) -> None:
        """Let a person rate themselves at the level that an Ahli Muda needs on everything, and finish."""
        browser = self.person(name)
        rating = f"{self.launch(browser).url.partition('/p/')[0]}/p/competency/self-rating"
        assert browser.post(f"{rating}/start", data={"post_level": "AHLI_MUDA"}, timeout=30).ok
        for code in ("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "S1"):
            marks = {f"answers:asn-38-2017:{code}:3:{place}": "shown" for place in (1, 2, 3)}
            assert browser.post(f"{rating}/{code}/3", data=marks, timeout=30).ok
        assert browser.post(f"{rating}/finish", timeout=30).ok

    def gradebook(self) -> list[float]:
        """Return all scores that the LMS holds."""
        gradebook = sqlite3.connect(self.environment["PRACTICE_DATA"])
        scores = gradebook.execute("SELECT score FROM grade WHERE score IS NOT NULL").fetchall()
        gradebook.close()
        return [float(score) for (score,) in scores]

    def sql(self, statement: str) -> list[Any]:
        """Run a statement on the bridge's database."""
        engine = create_engine(self.database)
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            rows: list[Any] = list(result) if result.returns_rows else []
        engine.dispose()
        return rows

    def order_fault(self, fault: str) -> None:
        """Let the next score that arrives at the LMS meet a fault, as its administrator's page does."""
        done = self.person("admin").post(f"{self.lms}/admin/faults", data={"fault": fault}, timeout=30)
        assert done.ok

    def delivered(self) -> list[Any]:
        """Return the grades that the bridge knows to have arrived."""
        return self.sql("SELECT id FROM core_grade WHERE state = 'sent'")

    def let_the_time_of_next_tries_come(self) -> None:
        """Move the ends of leases and pauses into the past, instead of waiting for them."""
        past = "2020-01-01 00:00:00.000000"
        self.sql(f"UPDATE core_grade SET next_try_at = '{past}'")
        self.sql("UPDATE core_platform SET closed_until = NULL")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database for a new server."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'instance' / 'lms_bridge.sqlite'}"
        return
    if not _reachable(_server()):
        assert os.environ.get("CI") != "true", "PostgreSQL is required with CI=true"
        pytest.skip("no PostgreSQL server")
    name = f"lms_bridge_production_{os.getpid()}"
    yield copy_database(_server(), name, template=None)
    drop_database(_server(), name)


@pytest.fixture
def production(database: str, program: Callable[..., Program], tmp_path: Path) -> Production:
    """The server, started by exactly the README's commands; only the addresses are the test's."""
    bridge_port, lms_port = free_port(), free_port()
    bridge, lms = f"http://127.0.0.1:{bridge_port}", f"http://localhost:{lms_port}"
    environment = clean_environment(
        INSTANCE_PATH=str(tmp_path / "instance"),
        DATABASE_URL=database,
        BASE_URL=bridge,
        ALLOW_PRIVATE_HOSTS="localhost",
    )
    environment |= {"GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{bridge_port}", "PRACTICE_DATA": str(tmp_path / "lms")}
    lms_bridge("init", "--yes", environment=environment)
    lms_bridge("agency", "create", "demo", "--name", "Pemerintah Kota Nusaraya", environment=environment)
    invited = lms_bridge("platform", "invite", "--agency", "demo", "--plain", environment=environment)
    assert re.fullmatch(rf"{bridge}/lti/register/[\w-]+\n", invited.stdout)
    web = program(*GUNICORN, environment=environment, name="web")
    wait_until(lambda: answers(f"{bridge}/readyz"), "the bridge")
    worker = program(*LMS_BRIDGE, "worker", environment=environment, name="worker")
    command = [*LMS_BRIDGE, "practice-lms", "--port", str(lms_port), "--data", str(tmp_path / "lms")]
    lms_program = program(*command, "--register", invited.stdout.strip(), environment=environment, name="lms")
    lms_program.wait_for("Registered")
    return Production(environment, database, bridge, lms, web, worker, command, lms_program)


def test_the_readmes_commands_lead_from_nothing_to_a_grade_and_doctor_finds_nothing_wrong(production):
    production.rate("ani")
    wait_until(production.gradebook, "the grade")
    wait_until(production.delivered, "the record of the delivery")
    doctor = lms_bridge("doctor", environment=production.environment, check=False)

    assert production.gradebook() == [100.0]
    assert {line.split()[0] for line in doctor.stdout.splitlines()} == {"OK"}, doctor.stdout


def test_a_grade_survives_the_worker_that_was_killed_while_it_delivered(production, program):
    production.order_fault("hang")
    production.rate("ani")
    wait_until(lambda: production.sql("SELECT 1 FROM core_grade WHERE lease IS NOT NULL"), "a delivery that hangs")

    production.worker.stop(signal.SIGKILL)
    before = production.gradebook()
    production.let_the_time_of_next_tries_come()
    program(*LMS_BRIDGE, "worker", environment=production.environment, name="worker")
    wait_until(production.delivered, "the record of the delivery")

    assert before == []
    assert production.gradebook() == [100.0]


def test_a_grade_arrives_although_the_lms_failed_and_then_was_down_and_the_worker_died(production, program):
    failed = "SELECT 1 FROM core_grade WHERE lease IS NULL AND reason = '{}'"
    production.order_fault("500")
    production.rate("ani")
    wait_until(lambda: production.sql(failed.format("status-500")), "the LMS's refusal")

    production.lms_program.stop(signal.SIGKILL)
    production.let_the_time_of_next_tries_come()
    wait_until(lambda: production.sql(failed.format("unreachable")), "the LMS's silence")
    production.worker.stop(signal.SIGKILL)
    program(*production.lms_command, environment=production.environment, name="lms")
    wait_until(lambda: answers(f"{production.lms}/"), "the LMS")
    before = production.gradebook()
    production.let_the_time_of_next_tries_come()
    program(*LMS_BRIDGE, "worker", environment=production.environment, name="worker")
    wait_until(production.delivered, "the grade")

    assert before == []
    assert production.gradebook() == [100.0]


def test_the_next_launch_works_after_a_web_worker_was_killed(production):
    children = Path(f"/proc/{production.web.process.pid}/task/{production.web.process.pid}/children")
    before = [int(pid) for pid in children.read_text().split()]

    os.kill(before[0], signal.SIGKILL)
    page = production.launch(production.person("ani"))

    assert len(before) == 2
    assert page.status_code == 200
    wait_until(lambda: before[0] not in map(int, children.read_text().split()), "a new web worker")


def test_init_without_an_address_says_that_the_loopback_default_is_in_use_and_may_be_run_twice(tmp_path):
    environment = clean_environment(INSTANCE_PATH=str(tmp_path))

    first = lms_bridge("init", "--yes", environment=environment)
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".sqlite" and path.is_file()}
    second = lms_bridge("init", "--yes", environment=environment)

    assert "loopback default http://127.0.0.1:8000 is in use" in first.stderr
    assert first.stdout == second.stdout == f"Ready in {tmp_path}.\n"
    assert {name: (tmp_path / name).read_bytes() for name in kept} == kept
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABSE_URL", "sqlite:////x", "LMS_BRIDGE_DATABSE_URL (environment) is no setting"),
        ("DATABASE_URL", "mysql://x", "LMS_BRIDGE_DATABASE_URL (environment) cannot be used"),
        ("DATABASE_URL", "postgresql://u:secret@host:port/x", "LMS_BRIDGE_DATABASE_URL (environment) cannot be used"),
        ("BASE_URL", "kompetensi", "LMS_BRIDGE_BASE_URL (environment) cannot be used"),
        ("LOG_LEVEL", "LOUD", "LMS_BRIDGE_LOG_LEVEL (environment) cannot be used"),
    ],
)
def test_a_setting_that_cannot_be_used_stops_the_server_with_one_sentence(name, value, said, program, tmp_path):
    settings = {"INSTANCE_PATH": str(tmp_path), name: value}
    environment = clean_environment(**settings) | {"GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{free_port()}"}

    command = lms_bridge("db", "upgrade", environment=environment, check=False)
    web = program(*GUNICORN, environment=environment)
    code = web.process.wait(30)

    assert command.returncode == 1
    assert said in command.stderr
    assert code != 0
    assert f"lms_bridge cannot start: {said}" in web.printed
    assert "Traceback" not in command.stderr
    assert "secret" not in command.stderr
