"""Hostile launches of every kind: never a 5xx, never a session, always a readable page. Kin of the listed cases."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from lms_bridge.db import db
from lms_bridge.lti.login import LIFETIME
from lms_bridge.models import Launch, Session
from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.practice.vocabulary import AGS_CLAIM, CLAIM, DL, NRPS_CLAIM
from lms_bridge.testing.browser import Browser
from tests.lti.forge import asked, b64, good_claims, key_id, sign_header, sign_text, token_for

DEEP = "[" * 20_000 + "]" * 20_000


def count(app: Any, model: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model.__table__)) or 0


def assert_refused(app: Any, page: Any) -> None:
    """A refusal: 4xx, readable, with a reference, not cached, shown in any frame, leaving nothing behind."""
    assert 400 <= page.status_code < 500, page.status_code
    assert "NR-" in page.text
    assert "Traceback" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors *" in page.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in page.headers
    assert count(app, Session) == count(app, Launch) == 0


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


RAW: dict[str, tuple[str, bytes]] = {
    "bytes that are no UTF-8": ("application/x-www-form-urlencoded", b"id_token=\xff\xfe&state=\xff"),
    "broken percent encoding": ("application/x-www-form-urlencoded", b"id_token=%zz&state=%"),
    "NUL": ("application/x-www-form-urlencoded", b"id_token=a%00b&state=%00"),
    "UTF-16 declared": ("application/x-www-form-urlencoded; charset=utf-16", "id_token=a&state=b".encode("utf-16")),
    "unknown charset": ("application/x-www-form-urlencoded; charset=klingon", b"id_token=a&state=b"),
    "JSON": ("application/json", b'{"id_token": "a.b.c", "state": "x"}'),
    "text": ("text/plain", b"id_token=a.b.c&state=x"),
    "no type": ("", b"id_token=a.b.c&state=x"),
    "multipart without boundary": ("multipart/form-data", b"--x\r\n\r\n"),
    "multipart cut short": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="state"\r\n\r\nabc',
    ),
    "multipart file as token": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="id_token"; filename="a"\r\n\r\na.b.c\r\n--x--\r\n',
    ),
    "multipart with a thousand parts": (
        "multipart/form-data; boundary=x",
        b"".join(b'--x\r\nContent-Disposition: form-data; name="p%d"\r\n\r\nv\r\n' % n for n in range(1500))
        + b"--x--\r\n",
    ),
    "ten thousand fields": ("application/x-www-form-urlencoded", b"&".join(b"p%d=v" % n for n in range(10_000))),
    "empty": ("application/x-www-form-urlencoded", b""),
    "2 MB": ("application/x-www-form-urlencoded", b"id_token=" + b"x" * 2_000_000),
    "2 MB multipart": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="id_token"\r\n\r\n' + b"x" * 2_000_000 + b"\r\n--x--\r\n",
    ),
}


@pytest.mark.parametrize("path", ["/lti/launch", "/lti/login"])
@pytest.mark.parametrize("case", RAW)
def test_odd_body_is_a_readable_refusal(bridge_app: Any, browser: Browser, case: str, path: str) -> None:
    kind, body = RAW[case]
    page = browser.client.post(path, data=body, headers={"Content-Type": kind})

    assert_refused(bridge_app, page)


QUERIES = [
    "iss=\xff\xfe&login_hint=1",
    "iss=%ff%fe&login_hint=%ed%a0%80",
    "iss=a%00&login_hint=1",
    "%00=1",
    "iss=a&iss=b",
    "&&=;",
]


@pytest.mark.parametrize("path", ["/lti/launch", "/lti/login", "/lti/register/x"])
@pytest.mark.parametrize("query", QUERIES, ids=ascii)
def test_odd_query_is_a_readable_refusal(bridge_app: Any, browser: Browser, path: str, query: str) -> None:
    page = browser.client.get(path, environ_overrides={"QUERY_STRING": query})

    assert_refused(bridge_app, page)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/lti/launch", "/lti/login"])
def test_other_methods_are_refused(bridge_app: Any, browser: Browser, path: str, method: str) -> None:
    page = browser.client.open(path, method=method, headers={"X-HTTP-Method-Override": "POST"})

    assert page.status_code == 405
    assert_refused(bridge_app, page)


def test_launch_by_get_is_refused_and_does_not_burn_the_login(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver
) -> None:
    """S-44: a message in a query would stay in logs and histories."""
    form = token_for(browser, practice_platform)

    assert_refused(bridge_app, browser.client.get(f"/lti/launch?{urlencode(form)}"))
    assert browser.post_launch(**form).status_code == 303


SPOOFED: dict[str, dict[str, str]] = {
    "Host": {"Host": "evil.example"},
    "broken Host": {"Host": "evil example:99999"},
    "X-Forwarded-Host": {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "127.0.0.1",
    },
    "X-Forwarded-Prefix": {"X-Forwarded-Prefix": "/evil"},
    "Forwarded": {"Forwarded": "host=evil.example;proto=https"},
    "X-Original-URL": {"X-Original-URL": "/metrics", "X-Rewrite-URL": "/metrics"},
}


@pytest.mark.parametrize("case", SPOOFED)
def test_redirect_address_never_comes_from_the_request(
    browser: Browser, practice_platform: PracticeDriver, case: str
) -> None:
    """OIDC-08 and its kin: neither headers nor the target decide where the message goes."""
    page = browser.login(
        practice_platform.begin_launch("ani"), headers=SPOOFED[case], target_link_uri="https://evil.example/steal"
    )

    assert page.status_code in {200, 302, 400}
    assert "evil" not in page.headers.get("Location", "")
    if page.status_code == 302:
        assert "redirect_uri=http%3A%2F%2Fbridge.test%2Flti%2Flaunch" in page.headers["Location"]


@pytest.mark.parametrize(
    "cookie",
    [
        "; ".join(f"c{n}=v" for n in range(40)),
        "lmsb=" + "x" * 8192,
        "lmsb=\xff\xfe",
        "lmsb; =; ;;;",
        "lmsb=" + "é" * 30,
        "__Host-lmsb=" + "a" * 43,
    ],
    ids=["forty", "8 kB", "no UTF-8", "broken", "not ASCII", "of https"],
)
def test_odd_cookies_neither_break_nor_open_anything(
    bridge_app: Any, practice_platform: PracticeDriver, cookie: str
) -> None:
    browser, stranger = Browser(bridge_app), Browser(bridge_app)
    form = token_for(browser, practice_platform)
    stranger.headers["Cookie"] = cookie

    assert stranger.login(practice_platform.begin_launch("ani")).status_code == 302
    assert_refused(bridge_app, stranger.client.post("/lti/launch", data=form, headers=stranger.headers))
    assert browser.post_launch(**form).status_code == 303


@pytest.mark.parametrize(("language", "words"), [("en-GB,en;q=0.9", "What you can do"), ("id", "Yang dapat")])
def test_refusal_speaks_the_language_of_the_browser(browser: Browser, language: str, words: str) -> None:
    page = browser.client.post("/lti/launch", headers={"Accept-Language": language})

    assert page.status_code == 400
    assert words in page.text


def test_refusal_is_logged_with_its_reason_and_reference_but_no_person(
    browser: Browser, practice_platform: PracticeDriver
) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(20))
    with structlog.testing.capture_logs() as entries:
        page = browser.post_launch(**token_for(browser, practice_platform, azp="other"))

    entry = next(entry for entry in entries if entry["event"] == "refused")
    assert entry["reason"] == "azp of another client"
    assert entry["reference"] in page.text
    assert "Ani" not in str(entries) and "199203142015032004" not in str(entries)


def test_program_that_asks_for_json_gets_a_problem_document(browser: Browser) -> None:
    page = browser.client.post("/lti/launch", headers={"Accept": "application/json"})

    assert page.mimetype == "application/problem+json"
    assert page.json["status"] == page.status_code == 400


def test_of_eight_simultaneous_posts_of_one_response_exactly_one_wins(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver
) -> None:
    """S-48, X-03."""
    Browser(bridge_app).launch(practice_platform, claim_custom={})
    before = count(bridge_app, Session)
    form = token_for(browser, practice_platform)
    cookie = "; ".join(f"{c.key}={c.value}" for c in browser.client._cookies.values())
    barrier, answers = threading.Barrier(8), []

    def post() -> None:
        client = bridge_app.test_client(use_cookies=False)
        barrier.wait(10)
        headers = {**browser.headers, "Cookie": cookie}
        answers.append(
            client.post("/lti/launch", data=form, headers=headers, base_url="http://bridge.test").status_code
        )

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(answers) == [303] + [409] * 7
    assert count(bridge_app, Session) == before + 1


def test_eight_people_arriving_at_once_in_a_new_course_all_get_in(
    bridge_app: Any, practice_platform: PracticeDriver
) -> None:
    barrier, answers = threading.Barrier(8), []
    browsers = [Browser(bridge_app) for _ in range(8)]
    forms = []
    for number, one in enumerate(browsers):
        lis = {"person_sourcedid": f"19920314201503200{number // 2}"}
        forms.append(token_for(one, practice_platform, sub=str(100 + number // 2), claim_lis=lis))

    def post(number: int) -> None:
        barrier.wait(10)
        answers.append(browsers[number].post_launch(**forms[number]).status_code)

    threads = [threading.Thread(target=post, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert answers == [303] * 8


def test_launch_is_refused_five_minutes_after_its_login(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LIFETIME == 300
    monkeypatch.setattr("lms_bridge.lti.login.LIFETIME", -1)
    form = token_for(browser, practice_platform)

    assert_refused(bridge_app, browser.post_launch(**form))
