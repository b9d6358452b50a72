"""The demo's servers on this machine: the bridge, its worker and a practice LMS, started and stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click
import requests

from lms_bridge.practice.seed import PEOPLE
from lms_bridge.settings import PREFIX

BRIDGE = "http://127.0.0.1:8000"
LMS = "http://localhost:8001"
"""Another host name on purpose: for a browser these are two sites, so the frame is a foreign one, as with Moodle."""
PATIENCE = 60.0
"""Seconds that a server may take to answer."""
PERSONAS = {
    "learner": "Learner",
    "superior": "Her superior",
    "mentor": "Mentor",
    "analyst": "HR analyst",
    "head": "Head of unit",
    "admin": "LMS admin",
    "teacher": "Teacher",
}
START_OVER = "If it stays so, start over with: make demo-reset"


class DemoStopped(Exception):
    """The demo cannot go on; the text says why and what to do."""


def serve_demo(data: Path, profile: str) -> None:
    """Prepare what is missing in the folder, serve, and return after Ctrl-C.

    :raises DemoStopped: a port is in use, the folder cannot be used, or a server ended.
    """
    for url in (BRIDGE, LMS):
        _require_free(url)
    registered = data / "registered"
    known = registered.exists() and (data / "practice.sqlite").exists()
    environment = _environment(data)
    try:
        data.mkdir(parents=True, exist_ok=True)
        with _stopping_on_sigterm(), _servers(data, environment) as servers:
            _say("Preparing the database and the demo agency")
            servers.finish("init", "init", "--yes")
            servers.finish("seed", "demo", "seed")
            _say(f"Starting the bridge on {BRIDGE}")
            bind = BRIDGE.removeprefix("http://")
            serve = ["-m", "gunicorn", "-w", "2", "-k", "gthread", "--threads", "4", "-b", bind]
            servers.start("bridge", *serve, "lms_bridge.app:create_app()")
            servers.wait_for("bridge", f"{BRIDGE}/readyz")
            servers.start("worker", "-m", "lms_bridge", "worker")
            _say(f"Starting the practice LMS on {LMS} and registering the bridge with it")
            practice = ["--data", str(data / "practice.sqlite"), "--profile", profile]
            if not known:
                link = servers.finish("invite", "platform", "invite", "--agency", "demo", "--plain")
                practice += ["--register", link.strip()]
            servers.start("practice-lms", "-m", "lms_bridge", "practice-lms", *practice)
            servers.wait_for("practice-lms", f"{LMS}/")
            if not known:
                servers.wait_for_line("practice-lms", "Registered")
                registered.touch()
            _print_links(data)
            servers.watch()
    except KeyboardInterrupt:
        click.echo("\nThe demo stopped. What you did is kept: make demo goes on with it.")
    except OSError as error:
        raise DemoStopped(f"{error.filename or data} cannot be used: {error.strerror}. {START_OVER}") from error


class Servers:
    """The demo's processes; each writes to a log of its own."""

    def __init__(self, data: Path, environment: dict[str, str]) -> None:
        self.data = data
        self.environment = environment
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def finish(self, name: str, *arguments: str) -> str:
        """Run a command of ``lms-bridge`` to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "lms_bridge", *arguments], env=self.environment, capture_output=True, text=True
        )
        if done.returncode:
            (self.data / f"{name}.log").write_text(done.stdout + done.stderr, "utf-8")
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("Error: ")
            raise DemoStopped(f"lms-bridge {arguments[0]} failed: {reason}\n{START_OVER}")
        return done.stdout

    def start(self, name: str, *arguments: str) -> None:
        """Start a server, deaf to this terminal's Ctrl-C: it is stopped by us, in order."""
        with self.log(name).open("wb") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, *arguments], env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def log(self, name: str) -> Path:
        """Return the file that a server writes to."""
        return self.data / f"{name}.log"

    def wait_for(self, name: str, url: str) -> None:
        """Wait until a server answers."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            if self.running[name].poll() is not None:
                self._ended(name)
            try:
                if requests.get(url, timeout=5).ok:
                    return
            except requests.exceptions.RequestException:
                pass
            time.sleep(0.1)
        raise DemoStopped(f"The {name} does not answer at {url}. See {self.log(name)}. {START_OVER}")

    def wait_for_line(self, name: str, start: str) -> None:
        """Wait until a server has written a line that starts so."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            if self.running[name].poll() is not None:
                self._ended(name)
            if any(line.startswith(start) for line in self.log(name).read_text("utf-8", "replace").splitlines()):
                return
            time.sleep(0.1)
        raise DemoStopped(f"The {name} did not finish. See {self.log(name)}. {START_OVER}")

    def watch(self) -> NoReturn:
        """Wait until a server ends or somebody stops the demo."""
        while True:
            for name, process in self.running.items():
                if process.poll() is not None:
                    self._ended(name)
            time.sleep(0.5)

    def _ended(self, name: str) -> NoReturn:
        lines = self.log(name).read_text("utf-8", "replace").strip().splitlines()
        reason = lines[-1] if lines else "it said nothing"
        raise DemoStopped(f"The {name} ended: {reason}\nSee {self.log(name)}. {START_OVER}")

    def stop(self) -> None:
        """Stop all, the last started first; those that do not end in 10 seconds are killed."""
        for process in reversed(self.running.values()):
            if process.poll() is None:
                process.terminate()
        for process in self.running.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def _servers(data: Path, environment: dict[str, str]) -> Iterator[Servers]:
    servers = Servers(data, environment)
    try:
        yield servers
    finally:
        servers.stop()


@contextmanager
def _stopping_on_sigterm() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _environment(data: Path) -> dict[str, str]:
    """Return the servers' environment: the demo's own settings, whatever this machine's server uses."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    chosen = {"INSTANCE_PATH": str(data), "BASE_URL": BRIDGE, "ALLOW_PRIVATE_HOSTS": "localhost,127.0.0.1"}
    return kept | {f"{PREFIX}{name}": value for name, value in chosen.items()}


def _require_free(url: str) -> None:
    host, _colon, port = url.removeprefix("http://").partition(":")
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, int(port)))
        except OSError as error:
            raise DemoStopped(
                f"Port {port} is in use. Another demo may be running; stop what listens there and try again."
            ) from error


def _say(step: str) -> None:
    click.echo(f"{step} ...")


def _print_links(data: Path) -> None:
    people = {persona: (username, f"{given} {family}") for username, given, family, _nip, _role, persona in PEOPLE}
    click.echo("\nThe demo is ready. Open a link; each is a person of the practice LMS:\n")
    for persona, title in PERSONAS.items():
        username, name = people[persona]
        click.echo(f"  {title:<13} {name:<27} {LMS}/as/{username}")
    click.echo(f"\nCtrl-C stops everything. Logs: {data}")
