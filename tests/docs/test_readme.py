"""The README's second part starts a server as it says, and the samples of services start the same."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.docs.nginx import free_port
from tests.docs.pages import DOCS, ROOT

BASE_URL = "https://kompetensi.example.go.id"


def production_start() -> list[str]:
    """Return the commands of the README's second part, without their comments."""
    section = (ROOT / "README.md").read_text("utf-8").partition("## Run it for an agency")[2]
    block = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert block
    return [line.partition(" #")[0].strip() for line in block[1].splitlines()]


@contextmanager
def shell(command: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a server until the end of the block."""
    with subprocess.Popen(
        ["sh", "-c", f"exec {command}"], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, text=True
    ) as running:
        try:
            yield running
        finally:
            running.send_signal(signal.SIGTERM)


def test_the_commands_of_the_readme_start_a_server_that_is_ready(tmp_path: Path) -> None:
    commands = production_start()
    assert commands[:2] == ["make install", "export PATH=$PWD/.venv/bin:$PATH"]
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LMS_BRIDGE_")}
    name, _equals, value = commands[2].removeprefix("export ").partition("=")
    environment = {
        **kept,
        name: value,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LMS_BRIDGE_INSTANCE_PATH": str(tmp_path),
        "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{port}",
    }
    printed = [
        subprocess.run(shlex.split(command), cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
        for command in commands[3:6]
    ]

    with shell(commands[6], environment), shell(commands[7], environment) as worker:
        answers = ready(port)
        until_it_heeds(worker, signal.SIGTERM)
        worker.send_signal(signal.SIGTERM)
        ended = worker.wait(20)

    assert re.fullmatch(rf"{BASE_URL}/lti/register/[\w-]+\n", printed[2].stdout)
    assert answers == 200
    assert ended == 0


def until_it_heeds(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Wait until a process that is only starting has its own answer to a signal."""
    ends = time.monotonic() + 30
    while True:
        status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
        caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", status, re.MULTILINE)
        if caught and int(caught[1], 16) >> (number - 1) & 1:
            return
        assert process.poll() is None and time.monotonic() < ends
        time.sleep(0.05)


def ready(port: int) -> int:
    ends = time.monotonic() + 30
    while True:
        try:
            return requests.get(f"http://127.0.0.1:{port}/readyz").status_code
        except requests.ConnectionError:
            assert time.monotonic() < ends
            time.sleep(0.1)


def test_the_services_start_what_the_readme_starts() -> None:
    started = []
    for service in ("lms-bridge", "lms-bridge-worker"):
        unit = configparser.ConfigParser(interpolation=None, strict=False)
        unit.read(DOCS / "samples" / f"{service}.service")
        started.append(unit["Service"]["ExecStart"].removeprefix("/opt/lms_bridge/.venv/bin/"))

    assert started == production_start()[6:8]


def test_the_first_screen_has_the_two_commands_and_what_it_is_for() -> None:
    first = (ROOT / "README.md").read_text("utf-8").splitlines()[:25]

    assert sum(line.startswith(("make demo ", "make test ")) for line in first) == 2
    assert any("competencies of civil servants" in line for line in first)
