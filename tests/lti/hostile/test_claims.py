"""Claims of every wrong kind under a good signature: no 5xx, and a session only where the claim does not matter."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.practice.vocabulary import AGS_CLAIM, CLAIM, DL, NRPS_CLAIM
from lms_bridge.testing.browser import Browser
from tests.lti.forge import sign_text, token_for
from tests.lti.hostile.refusals import assert_refused

DEEP = "[" * 20_000 + "]" * 20_000


CHANGES: dict[str, Callable[[str], str]] = {
    "duplicated aud, foreign one last": lambda t: t[:-1] + ', "aud": "other"}',
    "duplicated nonce, foreign one last": lambda t: t[:-1] + ', "nonce": "other"}',
    "duplicated iss": lambda t: t[:-1] + ', "iss": "https://evil.example"}',
    "exp is 1e400": lambda t: t[:-1] + ', "exp": 1e400}',
    "exp is NaN": lambda t: t[:-1] + ', "exp": NaN}',
    "exp is minus infinity": lambda t: t[:-1] + ', "exp": -Infinity}',
    "iat is 400 digits": lambda t: t[:-1] + f', "iat": {"9" * 400}}}',
    "exp is minus 400 digits": lambda t: t[:-1] + f', "exp": -{"9" * 400}}}',
    "exp is 5000 digits": lambda t: t[:-1] + f', "exp": {"9" * 5000}}}',
    "nbf is 400 digits": lambda t: t[:-1] + f', "nbf": {"9" * 400}}}',
    "deep nesting in sub": lambda t: t[:-1] + f', "sub": {DEEP}}}',
    "cut short": lambda t: t[:-5],
    "more after the end": lambda t: t + "x",
    "two documents": lambda t: t + t,
    "a list": lambda t: f"[{t}]",
    "a string": lambda t: json.dumps(t),
    "null": lambda t: "null",
    "nothing": lambda t: "",
    "a half surrogate, raw": lambda t: re.sub('"sub": "[^"]+"', '"sub": "5\ud800"', t),
}


@pytest.mark.parametrize("case", CHANGES)
def test_twisted_document_under_a_good_signature_is_refused(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, case: str
) -> None:
    assert_refused(bridge_app, sign_text(practice_platform, browser, CHANGES[case]))


@pytest.mark.parametrize("claim", ["https://example.org/x", f"{CLAIM}custom"])
def test_deep_nesting_where_nobody_looks_is_no_fault(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, claim: str
) -> None:
    page = sign_text(
        practice_platform, browser, lambda t: t[:-1] + f', "{claim}": {{"x": {DEEP[:200]}{DEEP[-200:]}}}}}'
    )

    assert page.status_code == 303


WRONG: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**300,
    "",
    "text",
    "x" * 5000,
    "a\x00b",
    "\ud800",
    "$Variable",
    [],
    [None],
    [1, "a", {}],
    [["a"]],
    {},
    {"id": None},
    {"id": {"id": "x"}},
    {"id": "\ud800", "title": "\x00", "scope": "x", "lineitem": 5, "locale": "\ud800\x00", "data": 5},
    {"id": "x", "title": [], "scope": [5], "locale": {}, "module": "\ud800", "item": "\x00", "document_target": "\x00"},
]


CLAIMS = [
    *("iss", "aud", "azp", "sub", "exp", "iat", "nbf", "jti", "nonce", "name", "given_name", "family_name", "email"),
    *(f"{CLAIM}{name}" for name in ("message_type", "version", "deployment_id", "target_link_uri", "roles", "context")),
    *(f"{CLAIM}{name}" for name in ("resource_link", "launch_presentation", "lis", "custom", "tool_platform")),
    *(AGS_CLAIM, NRPS_CLAIM, f"{DL}deep_linking_settings"),
]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda name: name.rpartition("/")[2])
def test_claim_of_any_wrong_type_is_refused_or_ignored(
    bridge_app: Any, practice_platform: PracticeDriver, claim: str
) -> None:
    for value in WRONG:
        browser = Browser(bridge_app)
        changes = {claim: value} if value is not None else {}
        page = browser.post_launch(**token_for(browser, practice_platform, **changes))

        assert page.status_code == 303 or 400 <= page.status_code < 500, value
        if page.status_code == 303:
            assert browser.follow(page).status_code < 500, value


@pytest.mark.parametrize(
    "claim", ["name", "given_name", f"{CLAIM}lis", f"{CLAIM}launch_presentation", f"{CLAIM}custom"]
)
def test_null_is_as_good_as_absent(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, claim: str
) -> None:
    page = sign_text(practice_platform, browser, lambda t: t[:-1] + f', "{claim}": null}}')

    assert page.status_code == 303


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.characters(categories=["Cs"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


NESTED = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("id", "title", "label", "person_sourcedid", "locale", "document_target", "return_url", "scope", "lineitem"),
        JSON,
    )
    | {"module": JSON, "item": JSON, "nip": JSON},
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(changes=st.dictionaries(st.sampled_from(CLAIMS[3:]), JSON | NESTED, min_size=1, max_size=5))
def test_no_claims_whatever_break_the_server(
    bridge_app: Any, practice_platform: PracticeDriver, changes: dict[str, Any]
) -> None:
    browser = Browser(bridge_app)
    page = browser.post_launch(**token_for(browser, practice_platform, **changes))

    assert page.status_code == 303 or 400 <= page.status_code < 500
    if page.status_code == 303:
        assert browser.follow(page).status_code < 500


@pytest.mark.parametrize(
    "target",
    [
        "http://bridge.test/lti/launch?module=%00",
        "http://bridge.test/?module=%ED%A0%80",
        "http://bridge.test/?" + "a=b&" * 500,
    ],
    ids=["NUL", "half surrogate", "many parameters"],
)
def test_odd_target_address_opens_or_is_refused(
    browser: Browser, practice_platform: PracticeDriver, target: str
) -> None:
    page = browser.post_launch(**token_for(browser, practice_platform, claim_target_link_uri=target))

    assert page.status_code in {303, 400}


CONFUSABLES = ["http://lms.test/", "http://LMS.test", "http://lms.test:80", "http://lmѕ.test", "http://lms.test\u200b"]


@pytest.mark.parametrize("iss", CONFUSABLES, ids=ascii)
def test_issuer_that_only_looks_like_ours_is_refused(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, iss: str
) -> None:
    assert_refused(bridge_app, browser.post_launch(**token_for(browser, practice_platform, iss=iss)))
    assert browser.login(practice_platform.begin_launch("ani"), iss=iss).status_code == 403
