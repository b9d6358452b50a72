"""Servers started, watched and stopped together. One that was left behind by force is found again and stopped."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import requests

PATIENCE = 60.0
"""Seconds that a server may take to answer."""
GRACE = 10.0
"""Seconds that a server may take to end."""


class Stopped(Exception):
    """The servers cannot go on; the text says why and what to do."""


class AlreadyRunning(Stopped):
    """The same servers run already, with the same folder."""


class Servers:
    """Processes of ``lms-bridge``, each with a log and a pid file of its own in one folder."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: dict[str, tuple[str, ...]] = {}

    def finish(self, name: str, *arguments: str) -> str:
        """Run a command of ``lms-bridge`` to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "lms_bridge", *arguments], env=self.environment, capture_output=True, text=True
        )
        if done.returncode:
            self.log(name).write_text(done.stdout + done.stderr, "utf-8")
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("Error: ")
            raise Stopped(f"lms-bridge {arguments[0]} failed: {reason}")
        return done.stdout

    def start(self, name: str, *arguments: str) -> None:
        """Start a server, deaf to this terminal's Ctrl-C: it is stopped by us, in order.

        It inherits the lock of its pid file, which therefore lasts exactly as long as the server or a child of it.
        """
        lock = take_lock(self._pid_file(name))
        if lock is None:
            raise AlreadyRunning(f"A {name} runs already with {self.folder}.")
        again = name in self._commands
        with self.log(name).open("ab" if again else "wb") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(lock,),
            )
        self.running[name], self._commands[name] = process, arguments
        os.write(lock, str(process.pid).encode())
        os.close(lock)

    def restart(self, *names: str) -> None:
        """Stop some servers in order and start them again as they were; their logs go on."""
        self._end([self.running[name] for name in names])
        for name in names:
            self.start(name, *self._commands[name])

    def log(self, name: str) -> Path:
        """Return the file that a server writes to."""
        return self.folder / f"{name}.log"

    def _pid_file(self, name: str) -> Path:
        return self.folder / f"{name}.pid"

    def wait_for(self, name: str, url: str) -> None:
        """Wait until a server answers."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            self._require_alive(name)
            try:
                if requests.get(url, timeout=5).ok:
                    return
            except requests.exceptions.RequestException:
                pass
            time.sleep(0.1)
        raise Stopped(f"The {name} does not answer at {url}. See {self.log(name)}.")

    def wait_for_line(self, name: str, start: str) -> None:
        """Wait until a server has written a line that starts so."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            if any(line.startswith(start) for line in self._lines(name)):
                return
            self._require_alive(name)
            time.sleep(0.1)
        raise Stopped(f"The {name} did not finish. See {self.log(name)}.")

    def watch(self, tend: Callable[[], None]) -> NoReturn:
        """Wait until a server ends or somebody stops this process; ``tend`` is called again and again meanwhile."""
        while True:
            tend()
            for name in self.running:
                self._require_alive(name)
            time.sleep(0.5)

    def _require_alive(self, name: str) -> None:
        code = self.running[name].poll()
        if code is None:
            return
        if code < 0:
            raise Stopped(f"The {name} was ended by {signal.Signals(-code).name}. See {self.log(name)}.")
        reason = (self._lines(name) or ["it wrote nothing"])[-1].removeprefix("Error: ")
        raise Stopped(f"The {name} ended: {reason}\nSee {self.log(name)}.")

    def _lines(self, name: str) -> list[str]:
        return self.log(name).read_text("utf-8", "replace").strip().splitlines()

    def stop(self) -> None:
        """Stop all, the last started first; those that do not end in time are killed."""
        self._end(list(reversed(self.running.values())))

    def _end(self, processes: list[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            if process.poll() is None:
                process.terminate()
        for process in processes:
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def stop_leftovers(self) -> list[str]:
        """Stop servers whose starter was killed; returns their names.

        A lock that is held says that the server, or a child of it, lives. Its process group is then still its own,
        so that nobody else's process can be met.
        """
        found = []
        for file in sorted(self.folder.glob("*.pid")):
            if _is_held(file) and (pid := file.read_text("ascii")).isdigit():
                found.append(file.stem)
                _end_group(int(pid), file)
        return found


def take_lock(file: Path) -> int | None:
    """Take the lock of an emptied file; returns its descriptor, or nothing when a living process holds it."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    os.ftruncate(descriptor, 0)
    return descriptor


def _is_held(file: Path) -> bool:
    with file.open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _end_group(group: int, file: Path) -> None:
    for sign, patience in ((signal.SIGTERM, GRACE), (signal.SIGKILL, GRACE)):
        try:
            os.killpg(group, sign)
        except ProcessLookupError:
            return
        ends = time.monotonic() + patience
        while time.monotonic() < ends:
            if not _is_held(file):
                return
            time.sleep(0.1)
    raise Stopped(f"Process {group} was left behind and does not end. Stop it with: kill -9 {group}")


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Let the signals that end a process, and a terminal that closes, do what Ctrl-C does; once, then they wait."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
