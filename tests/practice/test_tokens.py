"""Access tokens: who may have one, and what it is good for."""

from __future__ import annotations

import time

import pytest

from lms_bridge.practice.vocabulary import (
    AGS_CLAIM,
    LINE_ITEMS_TYPE,
    RESULT_SCOPE,
    ROSTER_SCOPE,
    SCORE_SCOPE,
    SCORE_TYPE,
)
from lms_bridge.testing.instance import add_tool

from .conftest import HandMadeTool, tail

RATING = "competency.self-rating"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "other"},
        {"sub": "other"},
        {"aud": "http://elsewhere.test/token"},
        {"exp": 11111},
        {"exp": 2**33},
        {"jti": None},
        {"exp": None},
        {"headers": {"kid": None}},
        {"headers": {"kid": "unknown"}},
    ],
    ids=str,
)
def test_an_assertion_that_is_not_right_in_everything_gets_no_token(tool, changes):
    answer = tool.ask_token(SCORE_SCOPE, client_assertion=tool.signed(**changes))

    assert answer.status_code == 400
    assert "access_token" not in answer.text


def test_an_assertion_serves_once(tool):
    assertion = tool.signed(exp=int(time.time()) + 200)

    assert tool.ask_token(SCORE_SCOPE, client_assertion=assertion).status_code == 200
    assert tool.ask_token(SCORE_SCOPE, client_assertion=assertion).status_code == 400


def test_a_token_of_one_scope_is_no_good_for_another_route(tool, profile):
    column = tool.claims("ani", module=RATING)[AGS_CLAIM]["lineitem"]
    token = tool.token(RESULT_SCOPE)

    posted = tool.call("POST", tail(column, "scores"), token, body={}, content_type=SCORE_TYPE)
    removed = tool.call("DELETE", column, token)

    assert {posted.status_code, removed.status_code} == {401 if profile == "moodle" else 403}


def test_a_token_of_one_tool_does_not_open_another_s_column(tool, practice_platform):
    column = tool.claims("ani", module=RATING)[AGS_CLAIM]["lineitem"]
    add_tool(practice_platform, client_id="client-2")
    token = HandMadeTool(practice_platform, "client-2").token(RESULT_SCOPE)

    assert tool.call("GET", tail(column, "results"), token).status_code == 404


def test_a_token_is_opaque_and_its_type_is_as_the_platform_sends_it(tool, profile):
    answer = tool.ask_token(SCORE_SCOPE, ROSTER_SCOPE)

    assert "." not in tool.token(SCORE_SCOPE)
    assert answer.mimetype == ("text/html" if profile == "moodle" else "application/json")


def test_the_list_of_columns_insists_on_its_type_where_the_platform_does(tool, profile):
    service = tool.claims("ani", module=RATING)[AGS_CLAIM]
    token = tool.token(*service["scope"])

    assert tool.call("GET", service["lineitems"], token, accept=LINE_ITEMS_TYPE).status_code == 200
    assert tool.call("GET", service["lineitems"], token).status_code == (400 if profile == "moodle" else 200)
