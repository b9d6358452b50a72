"""Safe mode starts without plugins and says so to those who can end it."""

from __future__ import annotations

from lms_bridge.cli.doctor import examine

BAD = """
    from lms_bridge.api import Card, Plugin, hookimpl

    raise SystemExit("loaded although nothing should be")
"""


def test_no_plugin_is_loaded_and_launches_go_on(drop_in, neighbour, start):
    drop_in("bad", BAD)

    server = start(SAFE_MODE="1")

    assert server.app.extensions["lms_bridge.plugins"].states == {}
    assert server.launch_home().status_code == 200
    assert server.browser(module="neighbour.page").page.status_code == 404


def test_an_administrator_is_told_and_a_learner_is_not(neighbour, start):
    server = start(SAFE_MODE="1")

    assert "modus aman" in server.browser(user="admin").page.text
    assert "modus aman" not in server.browser(user="ani").page.text


def test_without_it_nobody_is_told(neighbour, start):
    assert "modus aman" not in start().browser(user="admin").page.text


def test_the_doctor_says_how_to_end_it(neighbour, start):
    findings = {found.check: found for found in examine(start(SAFE_MODE="1").app)}

    assert findings["safe mode"].state == "warn"
    assert "LMS_BRIDGE_SAFE_MODE" in findings["safe mode"].fix
