"""The floor of this machine: what a launch must cost whoever serves it."""

from __future__ import annotations

import http.client
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy import create_engine, text

from bench.processes import cpu_seconds, postgres_pids, wait_for
from lms_bridge.practice.site import make_key_pair

PORT = 8157
BARE = "from flask import Flask\napp = Flask('bare')\napp.add_url_rule('/readyz', view_func=lambda: 'ok')\n"


@dataclass(frozen=True, slots=True)
class Floor:
    """Milliseconds of processor time for each part."""

    verify_ms: float
    request_ms: float
    commit_ms: float

    @property
    def launch_ms(self) -> float:
        """Three bare requests, one verification, two commits."""
        return 3 * self.request_ms + self.verify_ms + 2 * self.commit_ms


def measure_floor(database_url: str | None) -> Floor:
    """Measure the parts, now, on this machine."""
    floor = Floor(_verify(), _bare_request(), _commit(database_url))
    print(
        f"floor: RS256 check {floor.verify_ms:.2f} ms, bare Flask request {floor.request_ms:.2f} ms, "
        f"commit {floor.commit_ms:.2f} ms"
    )
    return floor


def _each(act: Callable[[], object], times: int, pids: list[int] | None = None) -> float:
    before = time.process_time() + cpu_seconds(pids or [])
    for _ in range(times):
        act()
    return (time.process_time() + cpu_seconds(pids or []) - before) / times * 1000


def _verify() -> float:
    private, public = make_key_pair()
    token = jwt.encode({"aud": "x", "exp": time.time() + 600}, private, algorithm="RS256")
    key = load_pem_public_key(public.encode())
    return _each(lambda: jwt.decode(token, key, algorithms=["RS256"], audience="x"), 1000)  # type: ignore[arg-type]


def _bare_request() -> float:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "bare.py").write_text(BARE)
        gunicorn = str(Path(sys.executable).with_name("gunicorn"))
        command = [gunicorn, "-w", "2", "-k", "gthread", "--threads", "4", "-b", f"127.0.0.1:{PORT}", "--chdir", folder]
        process = subprocess.Popen([*command, "bare:app"], stderr=subprocess.DEVNULL)
        try:
            wait_for(f"http://127.0.0.1:{PORT}/readyz")
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            pids = [int(child) for child in children]
            before = cpu_seconds(pids)
            for _ in range(1500):
                connection = http.client.HTTPConnection("127.0.0.1", PORT)
                connection.request("GET", "/readyz")
                connection.getresponse().read()
                connection.close()
            return (cpu_seconds(pids) - before) / 1500 * 1000
        finally:
            process.terminate()
            process.wait(20)


def _commit(database_url: str | None) -> float:
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(database_url or f"sqlite:///{folder}/floor.sqlite")
        with engine.connect() as connection:
            if not database_url:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                connection.exec_driver_sql("PRAGMA synchronous=FULL")
            connection.execute(text("CREATE TABLE floor (id INTEGER)"))
            connection.commit()
            raw = connection.connection.cursor()

            def insert() -> None:
                raw.execute("INSERT INTO floor VALUES (1)")
                connection.connection.commit()

            each = _each(insert, 1000, postgres_pids(database_url))
            connection.execute(text("DROP TABLE floor"))
            connection.commit()
        engine.dispose()
    return each
