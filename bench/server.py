"""Starting the bridge as the README says, with one registered platform, and reading what its processes cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench.platform import SigningPlatform
from bench.processes import cpu_seconds, postgres_pids, wait_for

BRIDGE_PORT, LMS_PORT = 8155, 8156
MODULE = '''
from flask import Blueprint
from lms_bridge.api import (Module, Plugin, current, db, hookimpl, now, record_evidence, render_template, writes_on_get)
from decimal import Decimal

bp = Blueprint("benchmark", __name__)

@bp.get("/page")
@writes_on_get
def page():
    """Store one evidence, as a module does that counts being there."""
    record_evidence(person=current.person, competency="bench:x", value=Decimal(1), source="benchmark", seen_at=now())
    db.session.commit()
    return render_template("bridge/home.html", name=current.person.name, placement=None, tasks=[], cards=[], modules=[])

@hookimpl
def plugin():
    """Declare the benchmark."""
    module = Module("page", "Page", "", "benchmark.page")
    return Plugin("benchmark", "Benchmark", "1", blueprints=(bp,), modules=(module,))
'''


@dataclass(frozen=True, slots=True)
class Bridge:
    """A running bridge."""

    pid: int
    url: str
    database_url: str | None

    def workers(self) -> list[int]:
        """Return the process ids of the web workers."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(child) for child in children]

    def cpu_seconds(self) -> float:
        """Return the processor time of the bridge and of the database server so far."""
        return cpu_seconds([self.pid, *self.workers(), *postgres_pids(self.database_url)])

    def peak_megabytes(self) -> list[float]:
        """Return the peak memory of each worker."""
        peaks = []
        for pid in self.workers():
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            peaks.append(next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")))
        return peaks

    def own_megabytes(self) -> list[float]:
        """Return what each worker costs the machine now: pages that it shares with others are divided among them."""
        costs = []
        for pid in self.workers():
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            costs.append(next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")))
        return costs


@contextmanager
def key_set_server(platform: SigningPlatform) -> Iterator[list[str]]:
    """Serve the platform's key set; yields the paths that were asked for."""
    calls: list[str] = []
    body = json.dumps(platform.key_set).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", LMS_PORT), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield calls
    finally:
        server.shutdown()


@contextmanager
def running_bridge(platform: SigningPlatform, database_url: str | None) -> Iterator[Bridge]:
    """Initialise and start the bridge: two gthread workers of four threads."""
    url = f"http://127.0.0.1:{BRIDGE_PORT}"
    with tempfile.TemporaryDirectory() as folder:
        environ = {
            **os.environ,
            "LMS_BRIDGE_INSTANCE_PATH": folder,
            "LMS_BRIDGE_BASE_URL": url,
            "LMS_BRIDGE_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
            "LMS_BRIDGE_LOAD_PLUGINS": "benchmark",
            "LMS_BRIDGE_LOG_LEVEL": "WARNING",
        }
        if database_url:
            environ["LMS_BRIDGE_DATABASE_URL"] = database_url
        Path(folder, "plugins").mkdir()
        Path(folder, "plugins", "benchmark.py").write_text(MODULE)
        _command(environ, "init", "--yes")
        _command(environ, "agency", "create", "demo", "--name", "Benchmark")
        urls = {name: f"{platform.url}/{name}" for name in ("authorization", "token", "jwks")}
        options = [part for name, value in urls.items() for part in (f"--{name}-url", value)]
        _command(
            environ,
            "platform",
            "add",
            "--agency",
            "demo",
            "--issuer",
            platform.url,
            "--client-id",
            platform.client_id,
            "--deployment-id",
            platform.deployment_id,
            *options,
        )
        gunicorn = Path(sys.executable).with_name("gunicorn")
        command = [
            str(gunicorn),
            "-w",
            "2",
            "-k",
            "gthread",
            "--threads",
            "4",
            "-b",
            f"127.0.0.1:{BRIDGE_PORT}",
            "wsgi:app",
        ]
        process = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)
        try:
            wait_for(f"{url}/readyz")
            yield Bridge(process.pid, url, database_url)
        finally:
            process.terminate()
            process.wait(20)


def _command(environ: dict[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "lms_bridge", *arguments], env=environ, check=True, capture_output=True)
