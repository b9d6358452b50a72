"""What ``LMS_BRIDGE_TRACE_HOOKS`` writes down: who was asked what, for how long, and which kind of answer came."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

TALKATIVE = """
    from lms_bridge.api import Card, Plugin, hookimpl

    @hookimpl
    def plugin():
        return Plugin("talkative", "Talkative", "1")

    @hookimpl
    def home_cards(context):
        return [Card(context.person.name, "a secret"), Card("two", "a secret")]

    @hookimpl
    def tasks(context):
        raise RuntimeError(f"{context.person.name} and a secret")
"""


@pytest.fixture
def lines(drop_in: Callable[[str, str], None], start: Callable[..., Any]) -> Callable[..., list[dict[str, Any]]]:
    """Launch with a plugin that says too much; returns the lines of the trace."""
    drop_in("talkative", TALKATIVE)

    def launch(**settings: str) -> list[dict[str, Any]]:
        server = start(**settings)
        # The tests' servers log nothing.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
        with capture_logs() as logged:
            server.launch_home()
        return [line for line in logged if line["event"] == "hook asked" and line["plugin"] == "talkative"]

    return launch


def test_each_question_is_written_down_with_its_time_and_the_kind_of_its_answer(lines):
    traced = {line["hook"]: line for line in lines(TRACE_HOOKS="1")}

    assert traced["home_cards"]["result"] == "2 Card"
    assert traced["tasks"]["result"] == "raised RuntimeError"
    assert all(line["milliseconds"] >= 0 for line in traced.values())


def test_nothing_personal_is_in_it(lines):
    written = repr(lines(TRACE_HOOKS="1"))

    assert written != "[]"
    assert "secret" not in written and "Ani" not in written


def test_it_is_off_by_itself(lines):
    assert lines() == []
