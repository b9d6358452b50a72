"""Tokens with odd headers, other algorithms, or that are none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.testing.browser import Browser
from tests.lti.forge import asked, b64, good_claims, key_id, sign_header, token_for
from tests.lti.hostile.refusals import assert_refused

HEADERS: dict[str, dict[str, Any]] = {
    "kid of 10,000 characters": {"kid": "k" * 10_000},
    "empty kid": {"kid": ""},
    "kid with NUL": {"kid": "a\x00"},
    "kid is half a surrogate": {"kid": "\ud800"},
    "b64 false": {"b64": False},
    "crit": {"crit": ["b64"], "b64": True},
    "crit empty": {"crit": []},
    "jwk set": {"jwk": {"kty": "oct", "k": "AA"}, "kid": "none"},
    "x5c": {"x5c": ["AAAA"], "kid": "none"},
}


@pytest.mark.parametrize("case", HEADERS)
def test_odd_header_is_refused_without_asking_anybody_else(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, case: str
) -> None:
    claims, state = good_claims(browser, practice_platform)
    header = {"typ": "JWT", "alg": "RS256", "kid": key_id(practice_platform), **HEADERS[case]}
    token = sign_header(practice_platform, header, json.dumps(claims).encode())

    assert_refused(bridge_app, browser.post_launch(id_token=token, state=state))


@pytest.mark.parametrize(
    "alg", ["HS384", "HS512", "RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256", "RS256 ", "", None, 1]
)
def test_any_other_algorithm_is_refused(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, alg: Any
) -> None:
    form = token_for(browser, practice_platform)
    _header, payload, signature = form["id_token"].split(".")
    header = b64(json.dumps({"alg": alg, "kid": key_id(practice_platform)}).encode())

    assert_refused(bridge_app, browser.post_launch(**{**form, "id_token": f"{header}.{payload}.{signature}"}))


@pytest.mark.parametrize(
    "token",
    ["..", "a.b", "a.b.c.d", ".eyJ9.", "é.è.ê", "=.=.=", "%2e%2e", "e30.e30.", " ", "\n", "null", "[]"],
    ids=ascii,
)
def test_what_is_no_token_is_refused(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, token: str
) -> None:
    state = asked(browser, practice_platform)["state"]

    assert_refused(bridge_app, browser.post_launch(id_token=token, state=state))
