"""``make bench``: whole launches (login, launch, first page), beside the floor of the machine."""

from __future__ import annotations

import argparse
import http.client
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from bench.floor import Floor, measure_floor
from bench.platform import SigningPlatform
from bench.server import BRIDGE_PORT, LMS_PORT, Bridge, key_set_server, running_bridge
from lms_bridge.testing.postgres import copy_database, drop_database

SERVER = "postgresql+psycopg://root@127.0.0.1:5432/postgres"
USERS = 500


@dataclass(frozen=True, slots=True)
class Run:
    """What a storm of launches cost."""

    launches: int
    seconds: float
    cpu_seconds: float
    legs: list[float]
    wholes: list[float]
    failures: int
    calls: int
    peaks: list[float]
    shares: list[float]


def one_launch(platform: SigningPlatform, number: int) -> tuple[float, float]:
    """Launch in a fresh browser; return the seconds of the id_token leg and of the whole.

    As browsers do, it opens one connection and keeps it from the login to the page.
    """
    begun = time.perf_counter()
    query = urlencode(
        {
            "iss": platform.url,
            "client_id": platform.client_id,
            "login_hint": str(number),
            "target_link_uri": "http://x/",
        }
    )
    with closing(http.client.HTTPConnection("127.0.0.1", BRIDGE_PORT, timeout=30)) as bridge:
        status, headers, _ = _request(bridge, "GET", f"/lti/login?{query}")
        asked = {name: values[0] for name, values in parse_qs(urlsplit(headers["location"]).query).items()}
        cookie = headers["set-cookie"].split(";")[0]
        user = str(number % USERS)
        token = platform.id_token(nonce=asked["nonce"], user=user, name=f"Peserta {user}", module="benchmark.page")
        body = urlencode({"id_token": token, "state": asked["state"]})
        leg = time.perf_counter()
        status, headers, _ = _request(bridge, "POST", "/lti/launch", body, {"Cookie": cookie})
        leg = time.perf_counter() - leg
        if status != 303:
            raise RuntimeError(f"launch answered {status}")
        status, _, page = _request(bridge, "GET", urlsplit(headers["location"]).path, None, {"Cookie": cookie})
    if status != 200 or f"Peserta {user}".encode() not in page:
        raise RuntimeError(f"page answered {status}")
    return leg, time.perf_counter() - begun


def _request(
    bridge: http.client.HTTPConnection,
    method: str,
    path: str,
    body: str | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    given = {"User-Agent": "bench", **(headers or {})}
    if body:
        given["Content-Type"] = "application/x-www-form-urlencoded"
    bridge.request(method, path, body, given)
    answer = bridge.getresponse()
    page = answer.read()
    found: dict[str, str] = {}
    for name, value in answer.getheaders():
        found.setdefault(name.lower(), value)
    return answer.status, found, page


def storm(bridge: Bridge, platform: SigningPlatform, calls: list[str], *, launches: int, concurrent: int) -> Run:
    """Launch many times at once."""
    legs: list[float] = []
    wholes: list[float] = []
    failures = 0
    calls.clear()
    cpu, begun = bridge.cpu_seconds(), time.perf_counter()
    with ThreadPoolExecutor(concurrent) as pool:
        for future in [pool.submit(one_launch, platform, number) for number in range(launches)]:
            try:
                leg, whole = future.result()
            except (OSError, RuntimeError, KeyError) as error:
                failures += 1
                print("   ", error, file=sys.stderr)
            else:
                legs.append(leg)
                wholes.append(whole)
    seconds = time.perf_counter() - begun
    spent = bridge.cpu_seconds() - cpu
    memory = bridge.peak_megabytes(), bridge.own_megabytes()
    return Run(launches, seconds, spent, legs, wholes, failures, len(calls), *memory)


def report(title: str, run: Run, floor: Floor) -> None:
    """Print the figures of a storm, the ratio to the floor first."""
    each = run.cpu_seconds / run.launches * 1000
    ranks = statistics.quantiles(run.legs, n=100) if len(run.legs) > 1 else [0.0] * 99
    print(
        f"{title}: {each / floor.launch_ms:.1f} x floor ({each:.2f} ms CPU per launch, floor {floor.launch_ms:.2f} ms)"
    )
    print(f"    {run.launches / run.seconds:.0f} launches/s, failures {run.failures}, calls to the LMS {run.calls}")
    print(f"    id_token leg p50/p95/p99 {ranks[49] * 1000:.1f}/{ranks[94] * 1000:.1f}/{ranks[98] * 1000:.1f} ms")
    peaks, shares = (", ".join(f"{one:.0f} MB" for one in some) for some in (run.peaks, run.shares))
    print(f"    memory per worker: its share {shares}; peak with what the workers have in common {peaks}")


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--launches", type=int, default=1500)
    parser.add_argument("--concurrent", type=int, default=32)
    options = parser.parse_args()
    platform = SigningPlatform(url=f"http://127.0.0.1:{LMS_PORT}")
    server = os.environ.get("LMS_BRIDGE_TEST_DATABASE_URL") or SERVER
    name = f"lms_bridge_bench_{os.getpid()}"
    with key_set_server(platform) as calls:
        for title in ("PostgreSQL", "SQLite"):
            url = copy_database(server, name, template=None) if title == "PostgreSQL" else None
            floor = measure_floor(url)
            with running_bridge(platform, url) as bridge:
                storm(bridge, platform, calls, launches=USERS, concurrent=8)
                idle = storm(bridge, platform, calls, launches=100, concurrent=1)
                report(f"{title}, one at a time", idle, floor)
                full = storm(bridge, platform, calls, launches=options.launches, concurrent=options.concurrent)
                report(f"{title}, {options.concurrent} at once", full, floor)
            if url:
                drop_database(server, name)


if __name__ == "__main__":
    main()
