"""The production start by hand, as the README shows it: the same commands, as processes, with an LMS over HTTP."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from lms_bridge.practice.forms import forms_of
from lms_bridge.practice.seed import COURSE
from lms_bridge.testing.instance import copy_database, drop_database
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
