"""The demo on this machine: the bridge, its worker and a practice LMS, registered with each other."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import requests

from lms_bridge.cli.plugin_files import changed_files, stamp_plugins
from lms_bridge.cli.processes import PATIENCE, Servers, Stopped, interrupted_by_signals, take_lock
from lms_bridge.practice.seed import PEOPLE
from lms_bridge.settings import FILE_NAME, PREFIX

PERSONAS = {
    "learner": "Learner",
    "superior": "Her superior",
    "mentor": "Mentor",
    "analyst": "HR analyst",
    "head": "Head of unit",
    "admin": "LMS admin",
    "teacher": "Teacher",
}


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the demo keeps its data, and the ports on which it serves."""

    data: Path
    bridge_port: int
    lms_port: int
    profile: str

    @property
    def bridge(self) -> str:
        """The address of the bridge."""
        return f"http://127.0.0.1:{self.bridge_port}"

    @property
    def lms(self) -> str:
        """The address of the LMS.

        Another host name on purpose: for a browser these are two sites, so the frame is a foreign one, as with Moodle.
        """
        return f"http://localhost:{self.lms_port}"

    @property
    def registered(self) -> Path:
        """The file that says that both are registered with each other, and at which addresses."""
        return self.data / "registered"

    @property
    def addresses(self) -> str:
        """Both addresses, as they are registered."""
        return f"{self.bridge} {self.lms}\n"

    @property
    def start_over(self) -> str:
        """What helps when nothing else does."""
        return f"If it stays so, start over with: make demo-reset (it removes {self.data})"


def serve_demo(demo: Demo) -> None:
    """Prepare what is missing in the folder, serve, and return after Ctrl-C.

    :raises Stopped: the demo runs already, a port is in use, the folder cannot be used, or a server ended.
    """
    if demo.data.exists() and not demo.data.is_dir():
        raise Stopped(f"{demo.data} is no folder, and the demo needs one there.\n{demo.start_over}")
    # The demo's own settings, whatever this machine's server uses.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    servers = Servers(demo.data, {**kept, f"{PREFIX}INSTANCE_PATH": str(demo.data)})
    try:
        demo.data.mkdir(parents=True, exist_ok=True)
        with interrupted_by_signals(), _alone(demo):
            if left := servers.stop_leftovers():
                _say(f"Stopping what an earlier demo left behind: {', '.join(left)}")
            for port in (demo.bridge_port, demo.lms_port):
                _require_free(port)
            known = _is_registered(demo)
            # What changes while the bridge starts has changed for it.
            plugins = _PluginWatch(demo, servers)
            with _stopped_at_the_end(demo, servers):
                _start_bridge(demo, servers)
                _start_lms(demo, servers, known=known)
                _print_links(demo)
                servers.watch(plugins.tend)
    except KeyboardInterrupt:
        click.echo("\nThe demo stopped. What you did is kept: make demo goes on with it.")
    except OSError as error:
        reason = f"{error.filename or demo.data} cannot be used: {error.strerror}."
        raise Stopped(f"{reason}\n{demo.start_over}") from error


def _is_registered(demo: Demo) -> bool:
    """Return whether an earlier run registered both, after making sure that its data is whole and fits."""
    if not demo.registered.exists():
        return False
    for file in ("lms_bridge.sqlite", "practice.sqlite"):
        if not (demo.data / file).exists():
            raise Stopped(f"{demo.data / file} is missing, so the demo cannot go on where it was.\n{demo.start_over}")
    before = demo.registered.read_text("utf-8")
    if before != demo.addresses:
        raise Stopped(
            f"This demo was made at {before.strip().replace(' ', ' and ')}, and its LMS knows the bridge there.\n"
            "Use the same ports again, or start over with: make demo-reset"
        )
    return True


def _start_bridge(demo: Demo, servers: Servers) -> None:
    _say("Preparing the database and the demo agency")
    # In the folder and not in the environment, so that other commands find the demo as its servers do.
    settings = f'BASE_URL = "{demo.bridge}"\nALLOW_PRIVATE_HOSTS = "localhost,127.0.0.1"\n'
    (demo.data / FILE_NAME).write_text(settings, "utf-8")
    servers.finish("init", "init", "--yes")
    servers.finish("seed", "demo", "seed")
    _say(f"Starting the bridge on {demo.bridge}")
    bind = demo.bridge.removeprefix("http://")
    serve = ["-m", "gunicorn", "-w", "2", "-k", "gthread", "--threads", "4", "-b", bind]
    servers.start("bridge", *serve, "lms_bridge.app:create_app()")
    servers.wait_for("bridge", f"{demo.bridge}/readyz")
    servers.start("worker", "-m", "lms_bridge", "worker")


def _start_lms(demo: Demo, servers: Servers, *, known: bool) -> None:
    _say(f"Starting the practice LMS on {demo.lms}{'' if known else ' and registering the bridge with it'}")
    practice = ["--port", str(demo.lms_port), "--data", str(demo.data / "practice.sqlite"), "--profile", demo.profile]
    if not known:
        link = servers.finish("invite", "platform", "invite", "--agency", "demo", "--plain")
        practice += ["--register", link.strip()]
    servers.start("practice-lms", "-m", "lms_bridge", "practice-lms", *practice)
    servers.wait_for("practice-lms", f"{demo.lms}/")
    if not known:
        servers.wait_for_line("practice-lms", "Registered")
        # Now that there is an LMS, the programme that has a course is tied to it.
        servers.finish("seed", "demo", "seed")
        demo.registered.write_text(demo.addresses, "utf-8")


class _PluginWatch:
    """Starts bridge and worker again when somebody has changed a plugin."""

    def __init__(self, demo: Demo, servers: Servers) -> None:
        self.demo, self.servers = demo, servers
        self.known = stamp_plugins(demo.data)

    def tend(self) -> None:
        """Look once."""
        found = stamp_plugins(self.demo.data)
        if changed := changed_files(self.known, found):
            self.known = found
            _say(f"{', '.join(changed[:3])} changed: starting the bridge again")
            # The tables of one that is new, as at the start.
            self.servers.finish("init", "init", "--yes")
            self.servers.restart("bridge", "worker")
            self.servers.wait_for("bridge", f"{self.demo.bridge}/readyz")
            states = requests.get(f"{self.demo.bridge}/healthz", timeout=PATIENCE).json()["plugins"]
            aside = sorted(name for name, state in states.items() if state != "loaded")
            click.echo(f"Set aside, lms-bridge doctor says why: {', '.join(aside)}" if aside else "All plugins work.")


@contextmanager
def _alone(demo: Demo) -> Iterator[None]:
    """Keep a second demo away from the folder."""
    file = demo.data / "demo.lock"
    lock = take_lock(file)
    if lock is None:
        raise Stopped(f"This demo runs already, as process {file.read_text('ascii')}. Stop it with Ctrl-C there.")
    os.write(lock, str(os.getpid()).encode())
    try:
        yield
    finally:
        os.close(lock)


@contextmanager
def _stopped_at_the_end(demo: Demo, servers: Servers) -> Iterator[None]:
    try:
        yield
    except Stopped as error:
        raise Stopped(f"{error}\n{demo.start_over}") from error
    finally:
        servers.stop()


def _require_free(port: int) -> None:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError as error:
            raise Stopped(
                f"Port {port} is in use. Stop what listens there, or use others: "
                "make demo BRIDGE_PORT=8010 LMS_PORT=8011"
            ) from error


def _say(step: str) -> None:
    click.echo(f"{step} ...")


def _print_links(demo: Demo) -> None:
    people = {persona: (username, f"{given} {family}") for username, given, family, _nip, _role, persona in PEOPLE}
    click.echo("\nThe demo is ready. Open a link; each is a person of the practice LMS:\n")
    for persona, title in PERSONAS.items():
        username, name = people[persona]
        click.echo(f"  {title:<13} {name:<27} {demo.lms}/as/{username}")
    command = os.path.relpath(Path(sys.executable).with_name("lms-bridge"))
    click.echo(f"\nLogs: {demo.data}. Look inside: {PREFIX}INSTANCE_PATH={demo.data} {command} doctor")
    click.echo(f"A plugin's file in {demo.data / 'plugins'} works at once, and so does a change to it.")
    click.echo("Ctrl-C stops everything.")
