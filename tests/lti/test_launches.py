"""Launches that must work and launches that must be refused (ids as in the design's list)."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from lti1p3platform.registration import Registration
from sqlalchemy import func, select

from lms_bridge.db import db
from lms_bridge.models import Launch, Person, PlatformUser, Session
from lms_bridge.practice.driver import PracticeDriver, read_message
from lms_bridge.practice.site import make_key_pair
from lms_bridge.practice.vocabulary import MEMBERSHIP
from lms_bridge.testing.browser import Browser

NAMELESS: dict[str, Any] = {"name": None, "given_name": None, "family_name": None}
ATTACKER = make_key_pair()[0]


def ahead(seconds: int) -> Callable[[], int]:
    """A moment some seconds ahead of the launch, or before it."""
    return lambda: int(time.time()) + seconds


def given(case: dict[str, Any]) -> dict[str, Any]:
    return {name: value() if callable(value) else value for name, value in case.items()}


def sessions(app: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Session.__table__)) or 0


GOOD: dict[str, dict[str, Any]] = {
    "L-01 instructor": {"role": "instructor"},
    "L-02 learner": {},
    "L-03 only email": NAMELESS,
    "L-05 no personal data": {**NAMELESS, "email": None},
    "L-06 no context": {"claim_context": None},
    "L-07 several roles": {"claim_roles": [f"{MEMBERSHIP}Learner", f"{MEMBERSHIP}Instructor"]},
    "L-08 short role": {"claim_roles": ["Instructor"]},
    "L-09 unknown role": {"claim_roles": ["http://example.org/role#Gardener"]},
    "L-10 empty string among roles": {"claim_roles": [f"{MEMBERSHIP}Learner", ""]},
    "L-19 empty role list": {"claim_roles": []},
    "L-21 custom parameters": {"claim_custom": {"a": "b", "n": 3, "deep": {"x": 1}}},
    "L-22 unknown claims": {"claim_future": {"x": [1]}, "https://example.org/x": 1},
    "L-23 aud list": {"aud": ["client-1"]},
    "L-24 aud list with azp": {"aud": ["client-1", "other"], "azp": "client-1"},
    "L-25 client id not first": {"aud": ["other", "client-1"], "azp": "client-1"},
    "L-26 azp beside single aud": {"azp": "client-1"},
    "L-27 clock ahead": {"iat": ahead(3)},
    "L-28 non-Latin": {"name": "ᮃᮔᮤ 安妮", "claim_context": {"id": "2", "title": "ᮕᮨᮜᮒᮤᮂᮔ᮪"}},
    "L-29 at the limit": {"name": "a" * 255, "sub": "s" * 255},
    "L-30 sub-role": {
        "claim_roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"]
    },
    "L-32 null optional values": {"claim_lis": {"person_sourcedid": ""}, "claim_context": {"id": "2", "title": None}},
    "NUL in a name": {"name": "A\x00ni"},
    "literal variable": {"claim_lis": {"person_sourcedid": "$Person.sourcedId"}},
}


@pytest.mark.parametrize("case", GOOD)
def test_launch_is_accepted(browser: Browser, practice_platform: PracticeDriver, case: str) -> None:
    page = browser.launch(practice_platform, **given(GOOD[case]))

    assert page.status_code == 200
    assert "lb-nav" in page.text


BAD: dict[str, dict[str, Any]] = {
    "B-03 wrong version": {"claim_version": "1.1"},
    "B-04 no version": {"claim_version": None},
    "B-07 ancient timestamps": {"exp": 22222, "iat": 11111},
    "B-08 no message type": {"claim_message_type": None},
    "B-09 no roles": {"claim_roles": None},
    "B-10 no deployment": {"claim_deployment_id": None},
    "B-11 no resource link": {"claim_resource_link": None},
    "B-12 empty sub": {"sub": ""},
    "B-13 unknown message type": {"claim_message_type": "LtiSomething"},
    "B-14 resource link without id": {"claim_resource_link": {"title": "x"}},
    "B-15 no target": {"claim_target_link_uri": None},
    "B-17 no exp": {"exp": None},
    "B-18 no iat": {"iat": None},
    "B-19 no aud": {"aud": None},
    "B-20 no iss": {"iss": None},
    "S-18 foreign iss": {"iss": "https://evil.example"},
    "S-19 foreign aud": {"aud": "other"},
    "S-20 aud list without us": {"aud": ["a", "b"]},
    "S-21 several aud without azp": {"aud": ["client-1", "b"]},
    "S-22 foreign azp": {"aud": ["client-1", "b"], "azp": "b"},
    "S-23 foreign azp beside single aud": {"azp": "b"},
    "S-24 expired": {"exp": ahead(-600)},
    "S-25 iat ahead": {"iat": ahead(3600)},
    "S-26 nbf ahead": {"nbf": ahead(3600)},
    "S-28 unknown deployment": {"claim_deployment_id": "99"},
    "anonymous": {"sub": None},
    "sub is a number": {"sub": 5},
    "roles is text": {"claim_roles": "Learner"},
    "roles holds numbers": {"claim_roles": [1]},
    "context is a list": {"claim_context": [1]},
    "custom is a list": {"claim_custom": [1]},
    "resource link is text": {"claim_resource_link": "5"},
    "name is an object": {"name": {"a": 1}},
    "exp is text": {"exp": "soon"},
    "exp is true": {"exp": True},
    "iat is text": {"iat": "1e400"},
    "deployment is a number": {"claim_deployment_id": 1},
    "lone surrogate in an id": {"sub": "a\ud800"},
    "NUL in an id": {"sub": "a\x00"},
    "target is javascript": {"claim_target_link_uri": "javascript:alert(1)"},
    "id too long": {"sub": "s" * 256},
}


@pytest.mark.parametrize("case", BAD)
def test_bad_claims_are_refused_without_a_session(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, case: str
) -> None:
    page = browser.launch(practice_platform, **given(BAD[case]))

    assert 400 <= page.status_code < 500
    assert "NR-" in page.text
    assert sessions(bridge_app) == 0


def _b64(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _forged(token: str, platform: PracticeDriver, **headers: Any) -> str:
    return platform.sign(read_message(token), headers=headers, private_key=ATTACKER)


FORGERIES: dict[str, Callable[[str, PracticeDriver], str]] = {
    "B-01 no kid": lambda t, p: p.sign(read_message(t), headers={"kid": None}),
    "B-02 unknown kid": lambda t, p: _forged(t, p, kid="unknown"),
    "B-05 no LTI message": lambda t, p: p.sign({"hello": 1}),
    "S-01 alg none": lambda t, p: f"{_b64({'alg': 'none', 'kid': 'x'})}.{t.split('.')[1]}.",
    "S-04 HS256 with the public key": lambda t, p: (
        f"{_b64({'alg': 'HS256', 'kid': jwt.get_unverified_header(t)['kid']})}.{t.split('.')[1]}.{t.split('.')[2]}"
    ),
    "S-07 empty signature": lambda t, p: t.rpartition(".")[0] + ".",
    "S-08 flipped bit": lambda t, p: t[:-20] + ("A" if t[-20] != "A" else "B") + t[-19:],
    "S-09 another key": lambda t, p: _forged(t, p),
    "S-10 embedded jwk": lambda t, p: _forged(t, p, jwk=Registration.get_jwk(ATTACKER)),
    "S-11 jku": lambda t, p: _forged(t, p, jku="http://evil.test/jwks"),
    "S-13 kid with a path": lambda t, p: _forged(t, p, kid="../../etc/passwd"),
    "S-14 kid with SQL": lambda t, p: _forged(t, p, kid="' OR 1=1 --"),
    "S-15 kid is an object": lambda t, p: f"{_b64({'alg': 'RS256', 'kid': {'a': 1}})}.{t.split('.', 1)[1]}",
    "S-16 alg is a list": lambda t, p: f"{_b64({'alg': ['RS256'], 'kid': 'x'})}.{t.split('.', 1)[1]}",
    "S-17 crit": lambda t, p: f"{_b64({'alg': 'RS256', 'kid': 'x', 'crit': ['y']})}.{t.split('.', 1)[1]}",
    "S-36 garbage": lambda t, p: "garbage",
    "S-37 five parts": lambda t, p: "a.b.c.d.e",
    "S-41 not UTF-8": lambda t, p: f"{t.split('.')[0]}.{_b64(bytes([255, 254]))}.{t.split('.')[2]}",
    "S-43 header is a list": lambda t, p: f"{_b64([1])}.{t.split('.', 1)[1]}",
}


@pytest.mark.parametrize("case", FORGERIES)
def test_forgery_is_refused_and_does_not_burn_the_login(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver, case: str
) -> None:
    honest = browser.begin(practice_platform).fields
    forged = {**honest, "id_token": FORGERIES[case](honest["id_token"], practice_platform)}

    refused = browser.post_launch(**forged)

    assert 400 <= refused.status_code < 500
    assert "NR-" in refused.text
    assert sessions(bridge_app) == 0
    assert browser.post_launch(**honest).status_code == 303


def test_replay_is_refused_in_this_and_in_another_browser(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver
) -> None:
    form = browser.begin(practice_platform).fields
    other = Browser(bridge_app)

    assert other.post_launch(**form).status_code == 403
    assert browser.post_launch(**form).status_code == 303
    assert browser.post_launch(**form).status_code == 409
    assert other.post_launch(**form).status_code == 403
    assert sessions(bridge_app) == 1


def test_nonce_of_another_login_is_refused(browser: Browser, practice_platform: PracticeDriver) -> None:
    first, second = browser.begin(practice_platform).fields, browser.begin(practice_platform).fields

    assert browser.post_launch(id_token=first["id_token"], state=second["state"]).status_code == 400


def test_two_tabs_answered_in_reverse_order_both_open(browser: Browser, practice_platform: PracticeDriver) -> None:
    first, second = browser.begin(practice_platform), browser.begin(practice_platform)

    assert browser.finish(second).status_code == 200
    assert browser.finish(first).status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"state": "x"},
        {"id_token": "x.y.z"},
        {"state": "", "id_token": "x.y.z"},
        {"state": "unknown", "id_token": "x.y.z"},
        {"state": "x", "error": "access_denied"},
        {"oauth_consumer_key": "k", "lti_version": "LTI-1p0"},
        {"state": ["a", "b"], "id_token": "x.y.z"},
        {"state": "a", "id_token": ["x.y.z", "x.y.z"]},
        {"state": "x", "id_token": "x" * 2_000_000},
    ],
    ids=lambda form: ",".join(form)[:30] or "empty",
)
def test_incomplete_launch_is_a_readable_page(browser: Browser, form: dict[str, Any]) -> None:
    page = browser.post_launch(**form)

    assert 400 <= page.status_code < 500
    assert "NR-" in page.text


def test_error_page_never_carries_claims_and_may_be_framed(browser: Browser, practice_platform: PracticeDriver) -> None:
    page = browser.launch(practice_platform, aud="other")

    assert "Ani" not in page.text and "199203142015032004" not in page.text
    assert "frame-ancestors *" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"


def test_clock_difference_is_named(browser: Browser, practice_platform: PracticeDriver) -> None:
    page = browser.launch(practice_platform, iat=int(time.time()) + 900, exp=int(time.time()) + 960)

    # A slow machine spends some of the seconds before the token is read.
    assert re.search(r"\b(900|8[89]\d)\b", page.text)


def test_warm_launch_makes_no_call_to_the_platform(browser: Browser, practice_platform: PracticeDriver) -> None:
    browser.launch(practice_platform)
    before = practice_platform.calls()

    assert browser.launch(practice_platform).status_code == 200
    assert before == ["keys"]
    assert practice_platform.calls() == before


def test_rotated_platform_key_passes_and_a_flood_of_unknown_keys_is_bounded(
    browser: Browser, practice_platform: PracticeDriver
) -> None:
    browser.launch(practice_platform)
    practice_platform.rotate_key()
    assert browser.launch(practice_platform).status_code == 200

    for _ in range(10):
        form = browser.begin(practice_platform).fields
        browser.post_launch(**{**form, "id_token": _forged(form["id_token"], practice_platform, kid="flood")})

    assert practice_platform.calls().count("keys") <= 2 + 3


def test_launch_stores_person_once_and_keeps_the_nip(
    bridge_app: Any, browser: Browser, practice_platform: PracticeDriver
) -> None:
    browser.launch(practice_platform)
    browser.launch(practice_platform)

    with bridge_app.app_context():
        nips = db.session.scalars(
            select(Person.nip).join(PlatformUser, PlatformUser.person_id == Person.id),
            execution_options={"all_agencies": True},
        ).all()
        launches = db.session.scalar(select(func.count()).select_from(Launch.__table__))
    assert nips == ["199203142015032004"]
    assert launches == 2


def test_unknown_module_is_named_and_says_what_to_do(browser: Browser, practice_platform: PracticeDriver) -> None:
    page = browser.launch(practice_platform, module="nowhere.nothing")

    assert page.status_code == 404
    assert "nowhere.nothing" in page.text


def test_bare_get_of_the_launch_url_is_harmless(browser: Browser) -> None:
    assert browser.client.get("/lti/launch").status_code == 200
    assert browser.client.get("/lti/launch?id_token=x&state=y").status_code == 400
