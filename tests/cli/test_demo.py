"""``make demo``: started, stopped, resumed, broken and killed, as processes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from lms_bridge.cli.demo_servers import Demo, serve_demo
from lms_bridge.cli.processes import Stopped
from tests.cli.conftest import ROOT, Program, answers, clean_environment, free_port, lms_bridge, wait_until

READY = "Ctrl-C stops everything."


@dataclass(frozen=True)
class Place:
    """A demo's folder and ports."""

    data: Path
    bridge_port: int
    lms_port: int

    @property
    def command(self) -> list[str]:
        ports = ["--bridge-port", str(self.bridge_port), "--lms-port", str(self.lms_port)]
        return [sys.executable, "-m", "lms_bridge", "demo", "run", "--data", str(self.data), *ports]

    @property
    def bridge_url(self) -> str:
        return f"http://127.0.0.1:{self.bridge_port}"

    def pid(self, name: str) -> int:
        return int((self.data / f"{name}.pid").read_text())

    def platforms(self) -> list[str]:
        with sqlite3.connect(self.data / "lms_bridge.sqlite") as database:
            return [issuer for (issuer,) in database.execute("SELECT issuer FROM core_platform")]

    def serves_nothing(self) -> bool:
        return not any(listens(port) for port in (self.bridge_port, self.lms_port))


def listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, str]:
    """A demo that was made and stopped with Ctrl-C, and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    place = Place(folder / "data", free_port(), free_port())
    demo = Program(place.command, folder / "out", env=clean_environment(), cwd=ROOT)
    try:
        demo.wait_for(READY)
        pages = [requests.get(link, timeout=10) for link in re.findall(r"http://\S+/as/\w+", demo.printed)]
        (folder / "statuses").write_text(" ".join(str(page.status_code) for page in pages))
        doctor = lms_bridge("doctor", environment=clean_environment(INSTANCE_PATH=str(place.data)), check=False)
        (folder / "doctor").write_text(doctor.stdout)
    finally:
        code = demo.stop(signal.SIGINT)
    (folder / "code").write_text(str(code))
    return place, demo.printed


@pytest.fixture
def place(first_run: tuple[Place, str], tmp_path: Path) -> Place:
    """A copy of the made demo, so that each test may break its own."""
    made = first_run[0]
    shutil.copytree(made.data, tmp_path / "data")
    return Place(tmp_path / "data", made.bridge_port, made.lms_port)


@pytest.fixture
def start(program: Callable[..., Program], place: Place) -> Callable[..., Program]:
    """Start the demo, by default where it was made; ``packages`` is a folder with more to import."""

    def run(where: Place = place, *, packages: Path | None = None) -> Program:
        environment = clean_environment() | ({"PYTHONPATH": str(packages)} if packages else {})
        return program(*where.command, environment=environment, name="demo")

    return run


def ended(demo: Program) -> str:
    """Wait for the end of a demo that cannot go on; returns what it said."""
    assert demo.process.wait(90) == 1
    assert "Traceback" not in demo.printed
    return demo.printed


def test_the_first_run_shows_progress_and_a_link_for_each_persona_that_answers(first_run):
    place, printed = first_run
    statuses = (place.data.parent / "statuses").read_text().split()

    assert printed.index("Preparing the database") < printed.index("Starting the bridge") < printed.index("registering")
    assert statuses == ["200"] * 7
    assert all(title in printed for title in ("Learner", "Her superior", "Mentor", "HR analyst", "Head of unit"))
    assert place.platforms() == [f"http://localhost:{place.lms_port}"]


def test_doctor_finds_nothing_wrong_with_a_running_demo(first_run):
    report = (first_run[0].data.parent / "doctor").read_text()

    assert {line.split()[0] for line in report.splitlines()} == {"OK"}


def test_ctrl_c_stops_everything_and_keeps_what_was_done(first_run):
    place, printed = first_run

    assert "What you did is kept" in printed
    assert (place.data.parent / "code").read_text() == "0"
    assert place.serves_nothing()


def test_a_second_run_goes_on_without_a_new_registration(start, place):
    demo = start()
    demo.wait_for(READY)

    assert "registering" not in demo.printed
    assert answers(f"http://127.0.0.1:{place.bridge_port}/readyz")
    assert answers(f"http://localhost:{place.lms_port}/as/ani")
    assert len(place.platforms()) == 1


def test_sigterm_stops_every_server(start, place):
    demo = start()
    demo.wait_for(READY)
    pids = [place.pid(name) for name in ("bridge", "worker", "practice-lms")]

    code = demo.stop(signal.SIGTERM)

    assert code == 0
    assert place.serves_nothing()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_port_in_use_is_named_with_what_to_do(start, place):
    with socket.create_server(("127.0.0.1", place.lms_port)):
        said = ended(start())

    assert f"Port {place.lms_port} is in use" in said
    assert "make demo BRIDGE_PORT=" in said
    assert place.serves_nothing()


def test_a_second_demo_in_the_same_folder_is_told_of_the_first(start, place):
    first = start()
    first.wait_for(READY)

    said = ended(start())

    assert f"runs already, as process {first.process.pid}" in said
    assert answers(f"http://127.0.0.1:{place.bridge_port}/readyz")


def test_a_server_that_is_killed_is_named_and_the_others_stop(start, place):
    demo = start()
    demo.wait_for(READY)

    os.kill(place.pid("worker"), signal.SIGKILL)
    said = ended(demo)

    assert "The worker was ended by SIGKILL" in said
    assert place.serves_nothing()


def test_what_a_killed_demo_left_behind_is_stopped_by_the_next_one(start, place):
    killed = start()
    killed.wait_for(READY)
    left = [place.pid(name) for name in ("bridge", "worker", "practice-lms")]
    killed.stop(signal.SIGKILL)

    demo = start()
    demo.wait_for(READY)

    assert "Stopping what an earlier demo left behind: bridge, practice-lms, worker" in demo.printed
    assert answers(f"http://127.0.0.1:{place.bridge_port}/readyz")
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left), "the old servers' end", seconds=10)


@pytest.mark.parametrize("file", ["lms_bridge.sqlite", "practice.sqlite"])
def test_a_damaged_database_says_how_to_start_over(file, start, place):
    for part in ("-wal", "-shm"):
        (place.data / f"{file}{part}").unlink(missing_ok=True)
    (place.data / file).write_bytes(b"this is no database" * 500)

    said = ended(start())

    assert "damaged" in said
    assert "make demo-reset" in said
    assert place.serves_nothing()


def test_half_a_demo_says_what_is_missing(start, place):
    (place.data / "lms_bridge.sqlite").unlink()

    said = ended(start())

    assert "lms_bridge.sqlite is missing" in said
    assert "make demo-reset" in said


def test_a_demo_that_was_made_on_other_ports_says_so(start, place):
    said = ended(start(Place(place.data, free_port(), place.lms_port)))

    assert f"This demo was made at http://127.0.0.1:{place.bridge_port}" in said
    assert "make demo-reset" in said


def test_a_file_in_the_place_of_the_folder_is_named(start, place, tmp_path):
    (tmp_path / "file").write_text("")

    said = ended(start(Place(tmp_path / "file", place.bridge_port, place.lms_port)))

    assert f"{tmp_path / 'file'} is no folder" in said


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    """The superuser may write everywhere, and becomes somebody else for this."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(folder.stat().st_mode | 0o111)
    myself = os.geteuid()
    if myself == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(Stopped) as stopped:
            serve_demo(Demo(closed / "data", free_port(), free_port(), "plain"))
    finally:
        os.seteuid(myself)

    assert f"{closed / 'data'} cannot be used: Permission denied" in str(stopped.value)


HELLO = """
from lms_bridge.api import Plugin, hookimpl

@hookimpl
def plugin():
    return Plugin("hello", "Hello", "{version}"{fault})
"""
TABLE = """
revision, down_revision, branch_labels, depends_on = "hello_0001", None, ("hello",), "core_0001"

def upgrade():
    pass
"""


def plugins(place: Place) -> dict[str, str]:
    """Return the states of the plugins that the bridge of a demo serves."""
    return requests.get(f"{place.bridge_url}/healthz", timeout=10).json()["plugins"]


def test_a_file_that_is_dropped_in_or_changed_works_without_a_restart_by_hand(start, place):
    demo = start()
    demo.wait_for(READY)
    file = place.data / "plugins" / "hello.py"

    file.write_text(HELLO.format(version="1", fault=""))
    demo.wait_for("hello.py changed")
    demo.wait_for("All plugins work.")
    assert plugins(place)["hello"] == "loaded"

    file.write_text(HELLO.format(version="2", fault=", modules=7"))
    demo.wait_for("Set aside, lms-bridge doctor says why: hello")
    assert plugins(place)["hello"] == "quarantined"

    file.unlink()
    wait_until(lambda: demo.printed.count("All plugins work.") == 2, "the third start")
    assert "hello" not in plugins(place)


def test_a_plugin_that_is_installed_meanwhile_gets_its_tables(start, place, tmp_path):
    demo = start(packages=tmp_path)
    demo.wait_for(READY)

    (tmp_path / "hello" / "migrations").mkdir(parents=True)
    (tmp_path / "hello" / "migrations" / "hello_0001_first.py").write_text(TABLE)
    (tmp_path / "hello" / "__init__.py").write_text(HELLO.format(version="1", fault=""))
    about = tmp_path / "hello-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: hello\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[lms_bridge]\nhello = hello\n")

    demo.wait_for("All plugins work.")
    assert plugins(place)["hello"] == "loaded"
