"""What processes cost, read from the operating system."""

from __future__ import annotations

import os
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
WRITERS = ("walwriter", "checkpointer", "background writer")


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the processor time, of the user and of the system, that processes have had so far."""
    return sum(_ticks(pid) for pid in pids) / TICKS


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


def postgres_pids(database_url: str | None) -> list[int]:
    """Return the processes of PostgreSQL that work for a database: its connections', and those that write for all."""
    if database_url is None:
        return []
    ours = (f" {database_url.rpartition('/')[2]} ", *WRITERS)
    return [pid for pid, title in _titles() if title.startswith("postgres:") and any(word in title for word in ours)]


def _titles() -> Iterable[tuple[int, str]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            yield int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue


def wait_for(url: str) -> None:
    """Wait until a server answers."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{url} did not become ready")
