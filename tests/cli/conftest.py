"""What an operator starts: commands in this process, and servers as processes of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

from lms_bridge.cli import bridge
from lms_bridge.lti import keys, tokens

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def wait_until(told: Callable[[], Any], what: str, *, seconds: float = PATIENCE) -> Any:
    """Wait until something is so; returns what was told."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := told():
            return found
        time.sleep(0.1)
    pytest.fail(f"waited {seconds:.0f} s for {what}")


def answers(url: str) -> bool:
    """Return whether a server answers there with success."""
    try:
        return requests.get(url, timeout=5).ok
    except requests.exceptions.RequestException:
        return False


def clean_environment(**settings: str) -> dict[str, str]:
    """Return this environment with no setting of the bridge but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LMS_BRIDGE_")}
    return {**kept, **{f"LMS_BRIDGE_{name}": value for name, value in settings.items()}}


class Program:
    """A running program, and what it has printed so far."""

    def __init__(self, command: list[str], log: Path, **options: Any) -> None:
        self.log = log
        with log.open("wb") as opened:
            self.process = subprocess.Popen(command, stdout=opened, stderr=opened, **options)

    @property
    def printed(self) -> str:
        """All that it printed, on both streams."""
        return self.log.read_text("utf-8")

    def wait_for(self, text: str) -> None:
        """Wait until it has printed this; it must not end before."""

        def told() -> bool:
            assert text in self.printed or self.process.poll() is None, self.printed
            return text in self.printed

        wait_until(told, f"{text!r} in {self.log}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Start programs that are killed when the test is over: ``program(*command, environment)``."""
    started: list[Program] = []

    def start(*command: str, environment: dict[str, str], name: str = "program", **options: Any) -> Program:
        log = tmp_path / f"{name}-{len(started)}.out"
        started.append(Program(list(command), log, env=environment, cwd=ROOT, **options))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.terminate()
    for one in started:
        try:
            one.process.wait(15)
        except subprocess.TimeoutExpired:
            one.process.kill()


def lms_bridge(
    *arguments: str, environment: dict[str, str], check: bool = True, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a command of ``lms-bridge`` as a process to its end."""
    command = [sys.executable, "-m", "lms_bridge", *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, **options)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture
def command(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command of ``lms-bridge`` on the test's database."""
    for name in [name for name in os.environ if name.startswith("LMS_BRIDGE_")]:
        monkeypatch.delenv(name)
    settings = {"INSTANCE_PATH": str(tmp_path / "instance"), "DATABASE_URL": database, "SECRET_KEY": "test secret"}
    for name, value in {**settings, "LOG_LEVEL": "CRITICAL"}.items():
        monkeypatch.setenv(f"LMS_BRIDGE_{name}", value)

    def run(*arguments: str) -> Result:
        # A command is a process of its own: it knows no key or token of the one before.
        keys._parsed.clear()
        tokens._tokens.clear()
        return CliRunner().invoke(bridge, list(arguments))

    return run


@pytest.fixture
def ask(database: str) -> Callable[[str], list[tuple]]:
    """Run a statement on the test's database."""

    def run(statement: str) -> list[tuple]:
        engine = create_engine(database)
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            rows = [tuple(row) for row in result] if result.returns_rows else []
        engine.dispose()
        return rows

    return run
