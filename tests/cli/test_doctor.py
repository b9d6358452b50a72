"""The doctor names what was broken on purpose, and how to mend it."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from werkzeug.exceptions import NotFound
from werkzeug.serving import WSGIRequestHandler, make_server

from lms_bridge.app import create_app
from lms_bridge.models import DeliveryState, GradeState
from lms_bridge.testing.instance import close_app

PAST = "2020-01-01 00:00:00.000000"


@pytest.fixture
def report(command: Callable[..., Result]) -> Callable[[], dict[str, dict[str, str]]]:
    """Ask the doctor; returns its findings by check."""

    def ask_doctor() -> dict[str, dict[str, str]]:
        done = command("doctor", "--json")
        assert "Traceback" not in done.output
        findings = json.loads(done.stdout)
        assert done.exit_code == int(any(found["state"] == "fail" for found in findings))
        return {found["check"]: found for found in findings}

    return ask_doctor


@pytest.fixture
def add_platform(command: Callable[..., Result]) -> Callable[..., None]:
    """Register an LMS whose addresses all begin with this one."""

    def add(issuer: str) -> None:
        urls = [f"--{name}-url={issuer}/{name}" for name in ("authorization", "token", "jwks")]
        done = command(
            "platform", "add", "--agency=demo", f"--issuer={issuer}", "--client-id=c", "--deployment-id=1", *urls
        )
        assert done.exit_code == 0, done.output

    return add


@pytest.fixture
def grade(ask: Callable[[str], Any], add_platform: Callable[..., None]) -> Callable[..., None]:
    """Put one grade on its way to an LMS."""

    def put(state: GradeState, *, reason: str = "", due: str = PAST) -> None:
        add_platform("http://127.0.0.1:9")
        person = "(SELECT min(id) FROM core_person)"
        ask(
            "INSERT INTO core_platform_user (agency_id, issuer, sub, person_id) "
            f"VALUES (1, 'http://127.0.0.1:9', 'u', {person})"
        )
        ask("INSERT INTO core_line_item (agency_id, platform_id, url, scopes) VALUES (1, 1, 'http://lms/l', '[]')")
        ask(
            "INSERT INTO core_grade (agency_id, line_item_id, platform_user_id, state, wanted, maximum, in_progress, "
            "comment, version, attempts, next_try_at, reason) VALUES "
            f"(1, 1, 1, '{state.value}', 1, 100, false, '', 1, 1, '{due}', '{reason}')"
        )

    return put


@pytest.fixture
def event(ask: Callable[[str], Any]) -> Callable[[DeliveryState], None]:
    """Put one event on its way to a handler."""

    def put(state: DeliveryState) -> None:
        ask(
            "INSERT INTO core_outbox_event (agency_id, name, version, payload, happened_at) "
            f"VALUES (1, 'some.event', 1, '{{}}', '{PAST}')"
        )
        ask(
            "INSERT INTO core_outbox_delivery (agency_id, event_id, handler, state, attempts, next_try_at, error) "
            f"VALUES (1, 1, 'some.handler', '{state.value}', 5, '{PAST}', 'KeyError')"
        )

    return put


def test_missing_migration(report, ask):
    ask("DELETE FROM core_schema_ledger")

    found = report()

    assert (found["database"]["state"], found["database"]["fix"]) == ("fail", "Run: lms-bridge db upgrade")


@pytest.mark.parametrize(
    ("url", "check", "fix"),
    [
        ("postgresql://nobody@127.0.0.1:1/none", "database", "LMS_BRIDGE_DATABASE_URL"),
        ("postgresql://root@127.0.0.1:5432/no_such_database", "database", "LMS_BRIDGE_DATABASE_URL"),
        ("sqlite:////proc/none/x.sqlite", "settings", "Correct the setting"),
        ("garbage", "settings", "Correct the setting"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_wrong_or_unreachable_database_is_said_once(report, monkeypatch, url, check, fix):
    monkeypatch.setenv("LMS_BRIDGE_DATABASE_URL", url)

    failed = {name: found for name, found in report().items() if found["state"] == "fail"}

    assert list(failed) == [check]
    assert fix in failed[check]["fix"]


def test_another_secret_key(report, monkeypatch):
    monkeypatch.setenv("LMS_BRIDGE_SECRET_KEY", "another")

    found = report()["tool keys"]

    assert found["state"] == "fail"
    assert "lms-bridge keys rotate --now" in found["fix"]


def test_no_secret_key(report, monkeypatch, tmp_path):
    monkeypatch.delenv("LMS_BRIDGE_SECRET_KEY")
    (tmp_path / "instance" / "secret_key").unlink(missing_ok=True)

    found = report()["secret key"]

    assert found["state"] == "fail"
    assert "LMS_BRIDGE_SECRET_KEY_FILE" in found["fix"]


def test_quarantined_plugin_is_named_with_its_reason_but_the_world_sees_only_its_state(report, tmp_path):
    plugins = tmp_path / "instance" / "plugins"
    plugins.mkdir(exist_ok=True)
    (plugins / "broken.py").write_text("raise RuntimeError('private reason')")

    found = report()["plugin broken"]
    app = create_app()
    health = app.test_client().get("/healthz")
    close_app(app)

    assert (found["state"], found["seen"]) == ("fail", "quarantined: RuntimeError")
    assert found["fix"] == "see the log for the details"
    assert health.json["plugins"]["broken"] == "quarantined"
    assert "private reason" not in health.text


def test_private_address_names_the_setting_that_allows_it(report, add_platform):
    add_platform("https://127.0.0.1:9")

    found = report()["platform https://127.0.0.1:9"]

    assert found["state"] == "fail"
    assert "LMS_BRIDGE_ALLOW_PRIVATE_HOSTS" in found["fix"]


def test_unreachable_platform(report, add_platform, monkeypatch):
    monkeypatch.setenv("LMS_BRIDGE_ALLOW_PRIVATE_HOSTS", "127.0.0.1")
    add_platform("http://127.0.0.1:9")

    found = report()["platform http://127.0.0.1:9"]

    assert (found["state"], found["seen"]) == ("fail", "its keys cannot be fetched (unreachable)")


def test_https_platform_needs_an_https_base(command, add_platform):
    add_platform("https://127.0.0.1:9")

    done = command("doctor")

    assert done.exit_code == 1
    assert "an https LMS cannot show an http tool in its page" in done.output
    assert "set LMS_BRIDGE_BASE_URL to https" in done.output


@pytest.mark.parametrize(("late", "told"), [(300, True), (20, False)])
def test_clocks_that_differ(command, add_platform, monkeypatch, late, told):
    class LateServer(WSGIRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(time.time() - late)

    monkeypatch.setenv("LMS_BRIDGE_ALLOW_PRIVATE_HOSTS", "127.0.0.1")
    with make_server("127.0.0.1", 0, NotFound(), request_handler=LateServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        add_platform(f"http://127.0.0.1:{server.server_port}")
        seen = command("doctor").output
        server.shutdown()

    assert bool(re.search(r"differ by 30\d seconds", seen)) is told


def test_parked_grades_are_named_listed_and_sent_again(report, command, grade):
    grade(GradeState.PARKED, reason="status-403")

    found = report()["grades"]
    listed = command("grades", "parked").output
    again = command("grades", "requeue", "--all").output

    assert (found["state"], found["fix"]) == ("warn", "See: lms-bridge grades parked")
    assert "status-403" in listed
    assert "The LMS does not let this tool write into this column." in listed
    assert again == "1 grades will be sent again.\n"
    assert "No grade is parked." in command("grades", "parked").output


def test_events_that_could_not_be_handled_are_named_listed_and_handed_out_again(report, command, event):
    event(DeliveryState.DEAD)

    found = report()["events"]
    listed = command("events", "dead").output
    again = command("events", "requeue", "1").output

    assert (found["state"], found["fix"]) == ("warn", "See: lms-bridge events dead")
    assert listed == "1\tsome.event\tsome.handler\ttries 5\tKeyError\n"
    assert again == "1 events will be handled again.\n"
    assert "No event is set aside." in command("events", "dead").output


def test_a_worker_that_does_not_run_is_noticed_by_what_waits(report, grade, event):
    before = report()["worker"]

    grade(GradeState.DUE)
    event(DeliveryState.DUE)
    found = report()["worker"]

    assert before["state"] == "ok"
    assert (found["state"], found["fix"]) == ("warn", "Start it: lms-bridge worker")
    assert found["seen"].startswith("2 grades and events")


@pytest.mark.parametrize(("megabytes", "state"), [(10, "fail"), (100, "warn"), (1000, "ok")])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_disk_that_is_nearly_full(report, monkeypatch, megabytes, state):
    usage = shutil.disk_usage("/")._replace(free=megabytes * 1_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)

    assert report()["disk"]["state"] == state


def test_a_worker_with_another_secret_key_goes_on_and_its_grades_say_why_they_wait(command, grade, ask, monkeypatch):
    monkeypatch.setenv("LMS_BRIDGE_SECRET_KEY", "another")
    monkeypatch.setenv("LMS_BRIDGE_ALLOW_PRIVATE_HOSTS", "127.0.0.1,lms")
    grade(GradeState.DUE)

    done = command("worker", "--once")

    assert done.exit_code == 0, done.output
    assert ask("SELECT state, reason FROM core_grade") == [("due", "tool-key")]
