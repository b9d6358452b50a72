"""Requests that no LMS sends: bodies, queries, methods, headers, cookies."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from lms_bridge.practice.driver import PracticeDriver
from lms_bridge.testing.browser import Browser
from tests.lti.forge import token_for
from tests.lti.hostile.refusals import assert_refused

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
